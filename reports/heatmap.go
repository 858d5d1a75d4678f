package reports

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// HeatMap shows a quantity by row and column, the darker the larger, on a logarithmic scale that all panels share.
type HeatMap struct {
	Title, Subtitle string
	Quantity        string // what the colours mean
	XName           string // what the columns are
	Panels          []HeatPanel
}

// HeatPanel is one grid of a [HeatMap]. Rows and columns stand in the order in which cells name them.
type HeatPanel struct {
	Name  string
	Cells []HeatCell
}

// HeatCell is a value of 0 or more. A cell without a column takes the whole row. Where there is room the value is written in it.
type HeatCell struct {
	Row, Column string
	Value       float64
}

// Lengths of a heat map in points.
const (
	heatMargin    = 16
	heatHeader    = 50 // title and subtitle
	heatRow       = 20
	heatGap       = 1.5 // between cells
	heatPanelHead = 24
	heatAxis      = 18
	heatPanelFoot = 10
	heatLegend    = 58
	heatBar       = 240 // the legend's length
	heatWidest    = 26  // a column, but where few of them fill the legend's length
	heatArea      = 900 // all columns, about
	heatNarrowest = 2
)

// maxHeatCells bounds a picture: 1,024 layers of 16 kinds.
const maxHeatCells = 1 << 14

// heatColors are the ends and the middle of the scale: lightness falls all the way, so that the order survives printing in grey.
var heatColors = [3]color.NRGBA{{0xff, 0xf4, 0xcf, 0xff}, {0xe3, 0x7a, 0x1e, 0xff}, {0x5c, 0x0b, 0x22, 0xff}}

// SVG draws the heat map. One without cells, with a value that is not a finite number of 0 or more, or with two cells in one place, is
// an error.
func (h HeatMap) SVG() ([]byte, error) {
	l, err := h.layout()
	if err != nil {
		return nil, err
	}
	c := vgsvg.New(vg.Length(l.width), vg.Length(l.height))
	l.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("draw %q as SVG: %w", h.Title, err)
	}
	return []byte(svgFonts.Replace(buf.String())), nil
}

// PNG draws the heat map; errors are those of SVG.
func (h HeatMap) PNG() ([]byte, error) {
	l, err := h.layout()
	if err != nil {
		return nil, err
	}
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(l.width), vg.Length(l.height)), vgimg.UseDPI(pngDPI))
	l.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("draw %q as PNG: %w", h.Title, err)
	}
	return buf.Bytes(), nil
}

// heatLayout is a heat map with its measures.
type heatLayout struct {
	HeatMap
	columns       []string
	rows          [][]string // of each panel
	lo, hi        float64    // smallest value above 0, and largest; both 0 where there is none
	left, column  float64    // where columns begin, and how wide they are
	width, height float64
}

func (h HeatMap) layout() (heatLayout, error) {
	l := heatLayout{HeatMap: h, lo: math.Inf(1)}
	cells := 0
	for _, p := range h.Panels {
		cells += len(p.Cells)
	}
	if cells == 0 || cells > maxHeatCells {
		return l, fmt.Errorf("draw %q: %d values, want 1 to %d", h.Title, cells, maxHeatCells)
	}
	for _, p := range h.Panels {
		var rows []string
		seen := map[[2]string]bool{}
		for _, c := range p.Cells {
			if !(c.Value >= 0) || math.IsInf(c.Value, 0) {
				return l, fmt.Errorf("draw %q: %s %s column %q is %g: want a finite number of 0 or more", h.Title, p.Name, c.Row, c.Column, c.Value)
			}
			at := [2]string{c.Row, c.Column}
			if seen[at] {
				return l, fmt.Errorf("draw %q: %s has two values for %s column %q", h.Title, p.Name, c.Row, c.Column)
			}
			seen[at] = true
			if !slices.Contains(rows, c.Row) {
				rows = append(rows, c.Row)
			}
			if c.Column != "" && !slices.Contains(l.columns, c.Column) {
				l.columns = append(l.columns, c.Column)
			}
			if c.Value > 0 {
				l.lo, l.hi = min(l.lo, c.Value), max(l.hi, c.Value)
			}
		}
		l.rows = append(l.rows, rows)
	}
	if l.hi == 0 {
		l.lo = 0
	}
	l.measure()
	return l, nil
}

// measure computes the lengths.
func (l *heatLayout) measure() {
	label := textStyle(10, colorInk, false)
	l.height = heatHeader + heatLegend + heatMargin
	longest := 0.0
	for _, rows := range l.rows {
		for _, r := range rows {
			longest = max(longest, float64(label.Width(r)))
		}
		l.height += heatPanelHead + heatRow*float64(len(rows)) + heatAxis + heatPanelFoot
	}
	l.left = heatMargin + longest + 8
	n := float64(max(1, len(l.columns)))
	l.column = max(heatBar/n, min(heatWidest, max(heatNarrowest, heatArea/n)))
	title, subtitle := textStyle(14, colorInk, true), textStyle(10, colorMuted, false)
	l.width = heatMargin + max(l.left+l.gridWidth()-heatMargin, float64(title.Width(l.Title)), float64(subtitle.Width(l.Subtitle)), heatBar+80) + heatMargin
}

// gridWidth is the width of a panel's cells.
func (l *heatLayout) gridWidth() float64 { return max(heatBar, l.column*float64(len(l.columns))) }

// share is where a value stands on the scale: 0 for the smallest above 0, 1 for the largest, half where there is only one. ok is
// false for 0, which has no place on it.
func (l *heatLayout) share(v float64) (share float64, ok bool) {
	switch {
	case v <= 0:
		return 0, false
	case l.hi == l.lo:
		return 0.5, true
	}
	return (math.Log(v) - math.Log(l.lo)) / (math.Log(l.hi) - math.Log(l.lo)), true
}

// heatColor is the colour at a place of the scale.
func heatColor(share float64) color.NRGBA {
	from, to, f := heatColors[0], heatColors[1], 2*share
	if share > 0.5 {
		from, to, f = heatColors[1], heatColors[2], 2*share-1
	}
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + f*(float64(b)-float64(a)))) }
	return color.NRGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 0xff}
}

// draw draws from the top down; y is the distance from the top.
func (l *heatLayout) draw(c draw.Canvas) {
	fillRect(c, l.flip(0, 0, l.width, l.height), colorCard)
	l.text(c, heatMargin, 24, l.Title, 14, colorInk, true, draw.XLeft)
	l.text(c, heatMargin, 40, l.Subtitle, 10, colorMuted, false, draw.XLeft)
	y := float64(heatHeader)
	for i, p := range l.Panels {
		l.text(c, heatMargin, y+16, p.Name, 11, colorInk, true, draw.XLeft)
		y += heatPanelHead
		for r, row := range l.rows[i] {
			l.text(c, l.left-8, y+heatRow*float64(r)+14, row, 10, colorInk, false, draw.XRight)
		}
		for _, cell := range p.Cells {
			l.drawCell(c, cell, y+heatRow*float64(slices.Index(l.rows[i], cell.Row)))
		}
		y += heatRow * float64(len(l.rows[i]))
		l.drawColumns(c, y+12)
		y += heatAxis + heatPanelFoot
	}
	l.drawLegend(c, y)
}

func (l *heatLayout) drawCell(c draw.Canvas, cell HeatCell, y float64) {
	x, width := l.left, l.gridWidth()
	if cell.Column != "" {
		x, width = l.left+l.column*float64(slices.Index(l.columns, cell.Column)), l.column
	}
	gap := min(heatGap, width/4)
	share, ok := l.share(cell.Value)
	fill, ink := heatColor(share), colorInk
	if !ok {
		fill = colorGrid
	} else if share > 0.6 {
		ink = colorCard
	}
	fillRect(c, l.flip(x, y, x+width-gap, y+heatRow-heatGap), fill)
	number := heatNumber(cell.Value)
	if cell.Column == "" {
		l.text(c, x+6, y+13.5, number, 9, ink, false, draw.XLeft)
	} else if float64(textStyle(9, ink, false).Width(number))+8 <= width {
		l.text(c, x+(width-gap)/2, y+13.5, number, 9, ink, false, draw.XCenter)
	}
}

// drawColumns names as many columns as there is room for.
func (l *heatLayout) drawColumns(c draw.Canvas, y float64) {
	widest := 0.0
	style := textStyle(9, colorMuted, false)
	for _, name := range l.columns {
		widest = max(widest, float64(style.Width(name)))
	}
	every := 1
	for _, every = range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000} {
		if float64(every)*l.column >= widest+4 {
			break
		}
	}
	for i := 0; i < len(l.columns); i += every {
		l.text(c, l.left+l.column*(float64(i)+0.5)-heatGap/2, y, l.columns[i], 9, colorMuted, false, draw.XCenter)
	}
	if len(l.columns) > 0 && l.XName != "" {
		l.text(c, l.left-8, y, l.XName, 9, colorMuted, false, draw.XRight)
	}
}

// drawLegend draws the scale with its ends and round numbers between.
func (l *heatLayout) drawLegend(c draw.Canvas, y float64) {
	l.text(c, l.left, y+12, l.Quantity, 10, colorInk, false, draw.XLeft)
	if l.hi == 0 {
		l.text(c, l.left, y+30, "all are 0", 9, colorMuted, false, draw.XLeft)
		return
	}
	const steps = 60
	for i := range steps {
		x := l.left + heatBar*float64(i)/steps
		// Half a point more, so that no seam shows between neighbours.
		fillRect(c, l.flip(x, y+20, min(x+heatBar/steps+0.5, l.left+heatBar), y+32), heatColor((float64(i)+0.5)/steps))
	}
	used := []rect{}
	put := func(v float64) {
		share, _ := l.share(v)
		style := textStyle(9, colorMuted, false)
		name := heatNumber(v)
		half := float64(style.Width(name))/2 + 3
		x := l.left + heatBar*share
		at := rect{x - half, 0, x + half, 1}
		if slices.ContainsFunc(used, at.overlaps) {
			return
		}
		used = append(used, at)
		c.StrokeLine2(draw.LineStyle{Color: colorMuted, Width: 0.6}, vg.Length(x), vg.Length(l.height-y-32), vg.Length(x), vg.Length(l.height-y-35))
		l.text(c, x, y+46, name, 9, colorMuted, false, draw.XCenter)
	}
	put(l.lo)
	put(l.hi)
	for _, v := range heatTicks(l.lo, l.hi) {
		put(v)
	}
}

// heatTicks are the powers of ten between two numbers above 0, or where there are fewer than two their doubles and fives too.
func heatTicks(lo, hi float64) []float64 {
	var tens, all []float64
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, e)
			if v < lo || v > hi {
				continue
			}
			all = append(all, v)
			if m == 1 {
				tens = append(tens, v)
			}
		}
	}
	if len(tens) < 2 {
		return all
	}
	return tens
}

// heatNumber writes a value in at most three figures.
func heatNumber(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'g', 3, 64), "e-0", "e-", 1)
}

// flip turns a rectangle measured from the top into one of the canvas.
func (l *heatLayout) flip(x0, y0, x1, y1 float64) rect {
	return rect{x0, l.height - y1, x1, l.height - y0}
}

func (l *heatLayout) text(c draw.Canvas, x, y float64, s string, size float64, ink color.NRGBA, bold bool, align draw.XAlignment) {
	style := textStyle(size, ink, bold)
	style.XAlign = align
	c.FillText(style, vg.Point{X: vg.Length(x), Y: vg.Length(l.height - y)}, s)
}

func fillRect(c draw.Canvas, r rect, ink color.NRGBA) {
	c.FillPolygon(ink, []vg.Point{
		{X: vg.Length(r.x0), Y: vg.Length(r.y0)}, {X: vg.Length(r.x1), Y: vg.Length(r.y0)},
		{X: vg.Length(r.x1), Y: vg.Length(r.y1)}, {X: vg.Length(r.x0), Y: vg.Length(r.y1)},
	})
}
