package reports

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// chart is one plot, independent of its size on paper.
type chart struct {
	title, subtitle string
	xName, yName    string
	points          []chartPoint
	series          []string // names of the series where there are several
	logX, logY      float64  // ratio of the extremes from which an axis is logarithmic
	xBigger         bool     // a larger x is the better one
	lines           bool     // the points of a series are joined, and have no labels
}

// chartPoint is a labelled point with its error bars; lo == hi draws no bar.
type chartPoint struct {
	label    string
	x, y     float64
	xlo, xhi float64
	ylo, yhi float64
	series   int
	base     bool
	below    bool // y lies below the axis: the point is an arrow at its lower end
}

// Sizes of what is drawn, in points.
const (
	markRadius = 4.0
	capLength  = 3.0
	labelSize  = 12.0
	tickSize   = 11.0
)

// layout is how a chart is drawn at one size.
type layout struct {
	width, height float64
	titled        bool // with title and subtitle, for a file that stands alone
}

// drawn tells what the drawing could not show.
type drawn struct{ leftOut int }

// draw draws the chart on the whole canvas.
func (ch *chart) draw(c draw.Canvas, l layout) drawn {
	c.SetColor(colorCard)
	c.Fill(c.Rectangle.Path())
	if l.titled {
		c = draw.Crop(c, 12, -14, 10, -12)
	} else {
		c = draw.Crop(c, 1, -1, 2, -4)
	}
	c = ch.drawHead(c, l)

	x, y := ch.axes(l.width)
	p := plot.New()
	p.BackgroundColor = nil
	ch.styleAxis(&p.X, x, int(l.width/75))
	ch.styleAxis(&p.Y, y, int(max(l.height/60, 4)))
	p.X.Label.Text = ch.xName
	p.X.Label.Padding = 4
	body := &chartBody{chart: ch, x: x, y: y}
	p.Add(body)
	p.Draw(c)
	return drawn{leftOut: body.leftOut}
}

// drawHead draws what stands above the frame and returns the canvas below it.
func (ch *chart) drawHead(c draw.Canvas, l layout) draw.Canvas {
	line := func(sty draw.TextStyle, txt string, after float64) {
		txt = fit(sty, txt, float64(c.Max.X-c.Min.X))
		ext := sty.FontExtents()
		c.Max.Y -= ext.Ascent
		c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y}, txt)
		c.Max.Y -= ext.Descent + vg.Length(after)
	}
	if l.titled {
		line(textStyle(15, colorInk, true), ch.title, 3)
		line(textStyle(labelSize, colorMuted, false), ch.subtitle, 10)
	}
	if len(ch.series) > 1 {
		c = ch.drawLegend(c)
	}
	line(textStyle(labelSize, colorMuted, false), ch.yName, 7)
	return c
}

// drawLegend draws the series' names in as many lines as they need.
func (ch *chart) drawLegend(c draw.Canvas) draw.Canvas {
	sty := textStyle(labelSize, colorInk, false)
	height := sty.FontExtents().Ascent + sty.FontExtents().Descent
	x := c.Min.X
	for i, name := range ch.series {
		name = fit(sty, name, float64(c.Max.X-c.Min.X)-16)
		w := 12 + sty.Width(name)
		if x > c.Min.X && x+w > c.Max.X {
			x = c.Min.X
			c.Max.Y -= height + 4
		}
		c.DrawGlyph(ch.glyph(chartPoint{series: i}), vg.Point{X: x + 4, Y: c.Max.Y - height/2})
		c.FillText(sty, vg.Point{X: x + 12, Y: c.Max.Y - sty.FontExtents().Ascent}, name)
		x += w + 16
	}
	c.Max.Y -= height + 8
	return c
}

// axes fits both axes to the points and their error bars. Beside the outermost
// points there is room for the longest label, as far as the width allows it.
func (ch *chart) axes(width float64) (x, y axis) {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	sty := textStyle(labelSize, colorInk, false)
	longest := 0.0
	for _, p := range ch.points {
		x0, x1 = min(x0, p.xlo), max(x1, p.xhi)
		y0, y1 = min(y0, p.ylo), max(y1, p.yhi)
		longest = max(longest, float64(sty.Width(p.label)))
	}
	inner := width - 60 // what the tick labels leave
	side := min(longest+20, 0.22*inner)
	return newAxis(x0, x1, ch.logX, max(side/(inner-2*side), 0.12)), newAxis(y0, y1, ch.logY, 0.14)
}

func (ch *chart) styleAxis(a *plot.Axis, scale axis, ticks int) {
	a.Min, a.Max, a.Scale = scale.min, scale.max, scale
	a.Padding = 0
	a.LineStyle.Width = 0 // the frame is drawn with the grid
	a.Tick.LineStyle = draw.LineStyle{Color: colorLine, Width: 0.8}
	a.Tick.Length = 4
	align := a.Tick.Label
	a.Tick.Label = textStyle(tickSize, colorMuted, false)
	a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
	a.Tick.Marker = plot.ConstantTicks(scale.ticks(max(ticks, 3)))
	a.Label.TextStyle = textStyle(labelSize, colorMuted, false)
	a.Label.TextStyle.XAlign = draw.XCenter
}

// glyph is the mark of a point: the base is a diamond in ink, the others a shape
// and a colour for each series.
func (ch *chart) glyph(p chartPoint) draw.GlyphStyle {
	g := draw.GlyphStyle{
		Color:  seriesColor[p.series%len(seriesColor)],
		Radius: markRadius,
		Shape:  glyphs[p.series%len(glyphs)],
	}
	if p.base {
		g.Shape = diamondGlyph{}
		if len(ch.series) < 2 {
			g.Color = colorInk
		}
	}
	if p.below {
		g.Shape = arrowGlyph{}
	}
	return g
}

// frontier returns the points that no other point beats in both directions, from
// left to right.
func (ch *chart) frontier() []chartPoint {
	better := func(a, b chartPoint) bool {
		ax, bx := a.x, b.x
		if ch.xBigger {
			ax, bx = -ax, -bx
		}
		return ax <= bx && a.y <= b.y && (ax < bx || a.y < b.y)
	}
	var out []chartPoint
	for _, p := range ch.points {
		if !slices.ContainsFunc(ch.points, func(q chartPoint) bool { return better(q, p) }) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b chartPoint) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	return out
}

// fit shortens text to a width with an ellipsis in its middle, since the ends of
// variant names tell them apart.
func fit(sty draw.TextStyle, txt string, width float64) string {
	if float64(sty.Width(txt)) <= width {
		return txt
	}
	runes := []rune(txt)
	for keep := len(runes) - 1; keep > 1; keep-- {
		head := (keep + 1) / 2
		s := string(runes[:head]) + "…" + string(runes[len(runes)-(keep-head):])
		if float64(sty.Width(s)) <= width {
			return s
		}
	}
	return "…"
}

// arrowGlyph points down, at a value below the axis.
type arrowGlyph struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (arrowGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 1.3
	var p vg.Path
	p.Move(vg.Point{X: pt.X - r, Y: pt.Y + 0.6*r})
	p.Line(vg.Point{X: pt.X + r, Y: pt.Y + 0.6*r})
	p.Line(vg.Point{X: pt.X, Y: pt.Y - r})
	p.Close()
	c.SetColor(sty.Color)
	c.Fill(p)
}

// diamondGlyph is a square on its corner.
type diamondGlyph struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (diamondGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 1.3
	var p vg.Path
	p.Move(vg.Point{X: pt.X, Y: pt.Y + r})
	p.Line(vg.Point{X: pt.X + r, Y: pt.Y})
	p.Line(vg.Point{X: pt.X, Y: pt.Y - r})
	p.Line(vg.Point{X: pt.X - r, Y: pt.Y})
	p.Close()
	c.SetColor(sty.Color)
	c.Fill(p)
}
