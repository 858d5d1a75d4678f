package reports

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// LineChart shows a quantity over another one, a line for each series. Axes that span much are logarithmic.
type LineChart struct {
	Title, Subtitle string
	XName, YName    string
	Series          []Line
}

// Line is one series of a [LineChart].
type Line struct {
	Name   string
	Points []LinePoint // from left to right, at least one
}

// LinePoint is a value with its spread: Low <= Y <= High; equal to Y for none.
type LinePoint struct{ X, Y, Low, High float64 }

// SVG draws the chart. A chart without points, or with one that is not a finite number above zero, is an error.
func (l LineChart) SVG() ([]byte, error) {
	ch, err := l.chart()
	if err != nil {
		return nil, err
	}
	data, _, err := ch.svg(ch.fileLayout())
	return data, err
}

// PNG draws the chart; errors are those of SVG.
func (l LineChart) PNG() ([]byte, error) {
	ch, err := l.chart()
	if err != nil {
		return nil, err
	}
	return ch.png(ch.fileLayout())
}

func (l LineChart) chart() (*chart, error) {
	ch := &chart{title: l.Title, subtitle: l.Subtitle, xName: l.XName, yName: l.YName, logX: logSizeFrom, logY: logPerplexityFrom, lines: true}
	for i, s := range l.Series {
		for _, p := range s.Points {
			for _, v := range []float64{p.X, p.Low, p.Y, p.High} {
				if !(v > 0) || math.IsInf(v, 0) {
					return nil, fmt.Errorf("draw %q: series %q has the point %v: want finite numbers above zero", l.Title, s.Name, p)
				}
			}
			ch.points = append(ch.points, chartPoint{x: p.X, y: p.Y, xlo: p.X, xhi: p.X, ylo: min(p.Low, p.Y), yhi: max(p.High, p.Y), series: i})
		}
		ch.series = append(ch.series, s.Name)
	}
	if len(ch.points) == 0 {
		return nil, fmt.Errorf("draw %q: no points", l.Title)
	}
	return ch, nil
}

// drawLines joins the points of each series.
func (b *chartBody) drawLines(c draw.Canvas) {
	for i := range b.series {
		color := b.glyph(chartPoint{series: i}).Color
		var line []vg.Point
		for _, q := range b.points {
			if q.series != i {
				continue
			}
			line = append(line, b.position(c, q.x, q.y))
			b.drawBars(c, q)
		}
		c.StrokeLines(draw.LineStyle{Color: color, Width: 1.4}, line)
	}
	for _, q := range b.points {
		g := b.glyph(q)
		g.Radius = 0.75 * markRadius
		c.DrawGlyph(g, b.position(c, q.x, q.y))
	}
}
