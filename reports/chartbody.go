package reports

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// chartBody draws the inside of the frame. It is a plotter of its own because
// labels can be placed only when the frame's size is known.
type chartBody struct {
	*chart
	x, y    axis
	leftOut int // labels for which there was no room
}

// Plot implements [plot.Plotter].
func (b *chartBody) Plot(c draw.Canvas, p *plot.Plot) {
	b.grid(c, p)
	if b.lines {
		b.drawLines(c)
		return
	}
	at := make([]vg.Point, len(b.points))
	for i, q := range b.points {
		at[i] = b.position(c, q.x, q.y)
	}
	soft := b.drawFrontier(c)
	sty := textStyle(labelSize, colorInk, false)
	ext := sty.FontExtents()
	marks := make([]mark, len(b.points))
	texts := make([]string, len(b.points))
	for i, q := range b.points {
		texts[i] = fit(sty, q.label, 0.45*float64(c.Max.X-c.Min.X))
		marks[i] = mark{
			at: point{float64(at[i].X), float64(at[i].Y)}, radius: markRadius * 1.3,
			bars: b.bars(c, q), w: float64(sty.Width(texts[i])), h: float64(ext.Ascent + ext.Descent),
		}
	}
	frame := rect{float64(c.Min.X), float64(c.Min.Y), float64(c.Max.X), float64(c.Max.Y)}
	places := placeLabels(frame, marks, soft)
	for i, q := range b.points {
		b.drawBars(c, q)
		if l := places[i].line; places[i].leader {
			c.StrokeLine2(draw.LineStyle{Color: colorBar, Width: 0.7}, vg.Length(l.a.x), vg.Length(l.a.y), vg.Length(l.b.x), vg.Length(l.b.y))
		}
	}
	for i, q := range b.points {
		halo := b.glyph(q)
		halo.Color, halo.Radius = colorCard, halo.Radius+1.2
		c.DrawGlyph(halo, at[i])
		c.DrawGlyph(b.glyph(q), at[i])
	}
	for i := range b.points {
		if !places[i].placed {
			b.leftOut++
			continue
		}
		// A line behind the letters would strike them through.
		blank := places[i].box.grown(1)
		c.FillPolygon(colorCard, []vg.Point{
			{X: vg.Length(blank.x0), Y: vg.Length(blank.y0)}, {X: vg.Length(blank.x1), Y: vg.Length(blank.y0)},
			{X: vg.Length(blank.x1), Y: vg.Length(blank.y1)}, {X: vg.Length(blank.x0), Y: vg.Length(blank.y1)},
		})
		c.FillText(sty, vg.Point{X: vg.Length(places[i].box.x0), Y: vg.Length(places[i].box.y0) + ext.Descent}, texts[i])
	}
}

func (b *chartBody) position(c draw.Canvas, x, y float64) vg.Point {
	return vg.Point{X: c.X(b.x.norm(x)), Y: c.Y(b.y.norm(y))}
}

// grid draws a line at each tick and closes the frame.
func (b *chartBody) grid(c draw.Canvas, p *plot.Plot) {
	sty := draw.LineStyle{Color: colorGrid, Width: 0.7}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		x := c.X(b.x.norm(t.Value))
		c.StrokeLine2(sty, x, c.Min.Y, x, c.Max.Y)
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		y := c.Y(b.y.norm(t.Value))
		c.StrokeLine2(sty, c.Min.X, y, c.Max.X, y)
	}
	edge := draw.LineStyle{Color: colorLine, Width: 0.8}
	c.StrokeLines(edge, []vg.Point{
		{X: c.Min.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Max.Y}, {X: c.Min.X, Y: c.Max.Y}, {X: c.Min.X, Y: c.Min.Y},
	})
}

// drawFrontier joins the points that no other beats and returns the line's
// parts, which labels avoid where they can.
func (b *chartBody) drawFrontier(c draw.Canvas) []segment {
	f := b.frontier()
	if len(f) < 2 {
		return nil
	}
	line := make([]vg.Point, len(f))
	for i, q := range f {
		line[i] = b.position(c, q.x, q.y)
	}
	c.StrokeLines(draw.LineStyle{Color: colorLine, Width: 1, Dashes: []vg.Length{4, 3}}, line)
	soft := make([]segment, len(f)-1)
	for i := range soft {
		p, q := line[i], line[i+1]
		soft[i] = segment{point{float64(p.X), float64(p.Y)}, point{float64(q.X), float64(q.Y)}}
	}
	return soft
}

// bars returns the boxes that a point's error bars and their caps take up.
func (b *chartBody) bars(c draw.Canvas, q chartPoint) []rect {
	var out []rect
	const half = 0.6
	p := b.position(c, q.x, q.y)
	px, py := float64(p.X), float64(p.Y)
	if q.ylo < q.yhi {
		lo, hi := float64(b.position(c, q.x, q.ylo).Y), float64(b.position(c, q.x, q.yhi).Y)
		out = append(out, rect{px - half, lo, px + half, hi},
			rect{px - capLength, lo - half, px + capLength, lo + half}, rect{px - capLength, hi - half, px + capLength, hi + half})
	}
	if q.xlo < q.xhi {
		lo, hi := float64(b.position(c, q.xlo, q.y).X), float64(b.position(c, q.xhi, q.y).X)
		out = append(out, rect{lo, py - half, hi, py + half},
			rect{lo - half, py - capLength, lo + half, py + capLength}, rect{hi - half, py - capLength, hi + half, py + capLength})
	}
	return out
}

func (b *chartBody) drawBars(c draw.Canvas, q chartPoint) {
	for _, r := range b.bars(c, q) {
		sty := draw.LineStyle{Color: colorBar, Width: 1.2}
		if r.width() < r.height() {
			x := vg.Length((r.x0 + r.x1) / 2)
			c.StrokeLine2(sty, x, vg.Length(r.y0), x, vg.Length(r.y1))
			continue
		}
		y := vg.Length((r.y0 + r.y1) / 2)
		c.StrokeLine2(sty, vg.Length(r.x0), y, vg.Length(r.x1), y)
	}
}
