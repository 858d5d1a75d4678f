package reports

import (
	"bytes"
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// fileLayout is the layout of the plot files.
func (ch *chart) fileLayout() layout {
	if len(ch.points) >= crowded {
		return layout{width: 960, height: 600, titled: true}
	}
	return layout{width: 720, height: 480, titled: true}
}

// crowded is the number of points from which a plot needs more room.
const crowded = 10

// pngDPI doubles the pixels of a screen.
const pngDPI = 144

// sizeChart plots perplexity against size.
func (g group) sizeChart() *chart {
	ch := g.chart("size", "Size (MB)")
	for _, r := range g.records {
		ch.points = append(ch.points, g.chartPoint(r, float64(r.Bytes)/1e6, float64(r.Bytes)/1e6, float64(r.Bytes)/1e6))
	}
	return ch
}

// speedChart plots perplexity against the speed of generation. It is nil where
// no record has one; missing lists the records that have none.
func (g group) speedChart() (ch *chart, missing []string) {
	ch = g.chart("speed", "Generation (tokens per second)")
	ch.xBigger = true
	for _, r := range g.records {
		if !r.Generation.Measured() {
			missing = append(missing, g.label(r))
			continue
		}
		lo, hi := r.Generation.spread()
		ch.points = append(ch.points, g.chartPoint(r, r.Generation.TokensPerSecond, lo, hi))
	}
	if len(ch.points) == 0 {
		return nil, missing
	}
	return ch, missing
}

func (g group) chart(against, xName string) *chart {
	return &chart{
		title:    fmt.Sprintf("%s: perplexity against %s", g.model, against),
		subtitle: g.records[0].conditions() + "; bars: 95 % interval" + map[string]string{"speed": " and slowest to fastest run"}[against],
		xName:    xName,
		yName:    "Perplexity (lower is better)",
		logX:     logSizeFrom,
	}
}

func (g group) chartPoint(r Record, x, xlo, xhi float64) chartPoint {
	i := r.interval()
	return chartPoint{
		label: g.label(r), base: g.isBase(r) && len(g.records) > 1,
		x: x, xlo: min(xlo, x), xhi: max(xhi, x), y: r.Perplexity, ylo: i.Low, yhi: i.High,
	}
}

// overview plots several models together. All must have been scored under the
// same conditions.
func overview(gs []group, chartOf func(group) *chart, against string) *chart {
	var all *chart
	for _, g := range gs {
		ch := chartOf(g)
		if ch == nil {
			continue
		}
		if all == nil {
			all = &chart{xName: ch.xName, yName: ch.yName, subtitle: ch.subtitle, logX: ch.logX, xBigger: ch.xBigger, title: "Perplexity against " + against}
		}
		for _, p := range ch.points {
			p.series = len(all.series)
			all.points = append(all.points, p)
		}
		all.series = append(all.series, g.model)
	}
	return all
}

// conditions says in a few words what was scored.
func (r Record) conditions() string {
	var parts []string
	if r.Text != "" {
		parts = append(parts, r.Text)
	}
	parts = append(parts, groupedInt(int64(r.TokensScored))+" tokens scored", fmt.Sprintf("%s, ctx %d, stride %d", r.Protocol, r.Ctx, r.Stride))
	return strings.Join(parts, ", ")
}

// svgFonts replaces the one family that the SVG writer names by a list: the
// others have the same widths, so that labels stay where they were placed.
var svgFonts = strings.NewReplacer("font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;")

// svg draws the chart as an SVG file.
func (ch *chart) svg(l layout) ([]byte, drawn, error) {
	c := vgsvg.New(vg.Length(l.width), vg.Length(l.height))
	d := ch.draw(draw.New(c), l)
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, d, fmt.Errorf("draw %q as SVG: %w", ch.title, err)
	}
	return []byte(svgFonts.Replace(buf.String())), d, nil
}

// inlineSVG draws the chart for the page: without the XML prolog, scaled by CSS,
// with colours that follow the page's.
func (ch *chart) inlineSVG(l layout) (string, drawn, error) {
	data, d, err := ch.svg(l)
	if err != nil {
		return "", d, err
	}
	s := string(data)
	head := strings.Index(s, "<svg")
	end := head + strings.Index(s[head:], ">") + 1
	s = fmt.Sprintf(`<svg viewBox="0 0 %g %g" aria-hidden="true" focusable="false">`, l.width, l.height) + s[end:]
	return strings.TrimSpace(themed().Replace(s)), d, nil
}

// png draws the chart as a PNG file.
func (ch *chart) png(l layout) ([]byte, error) {
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(l.width), vg.Length(l.height)), vgimg.UseDPI(pngDPI))
	ch.draw(draw.New(c), l)
	var buf bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("draw %q as PNG: %w", ch.title, err)
	}
	return buf.Bytes(), nil
}
