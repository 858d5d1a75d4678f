package reports

import (
	"bytes"
	"fmt"
	"math"
	"slices"
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

// measure is what a plot shows against size or speed.
type measure struct {
	file    string // part of a file's name
	name    string // as it begins a heading
	axis    string
	logFrom float64
	bars    string // what the vertical bars are
	has     func(group, Record) bool
	// at gives a record's value with its interval.
	at     func(group, Record) Interval
	format func(float64) string
}

var perplexityMeasure = measure{
	file: "ppl", name: "Perplexity", axis: "Perplexity (lower is better)", logFrom: logPerplexityFrom, bars: "95 % interval of the perplexity",
	has: func(group, Record) bool { return true },
	at:  func(_ group, r Record) Interval { return r.interval() }, format: formatPerplexity,
}

// klMeasure is logarithmic: types differ by factors. The base is shown for its size
// and speed.
var klMeasure = measure{
	file: "kl", name: "KL divergence", axis: "Mean KL divergence from the base (nats, lower is better)", logFrom: 1, bars: "95 % interval of the mean",
	has: func(g group, r Record) bool { return r.KL != nil || g.isBase(r) },
	at: func(_ group, r Record) Interval {
		if r.KL == nil {
			return Interval{}
		}
		i := Interval{Value: r.KL.Mean, Low: r.KL.Mean, High: r.KL.Mean}
		if r.KL.Interval != nil {
			i.Low, i.High = min(i.Low, r.KL.Interval.Low), max(i.High, r.KL.Interval.High)
		}
		return i
	},
	format: formatKL,
}

// leastKL is what a plot and a table tell from 0: the arithmetic of a divergence has
// an error of this size.
const leastKL = 1e-6

// measures are what the records of a group can be plotted by, the main one first.
func (g group) measures() []measure {
	if g.has(func(r Record) bool { return r.KL != nil && r.KL.Mean >= leastKL }) {
		return []measure{klMeasure, perplexityMeasure}
	}
	return []measure{perplexityMeasure}
}

// sizeChart plots a measure against size.
func (g group) sizeChart(m measure) *chart {
	ch := g.chart(m, "size", "Size (MB)")
	for _, r := range g.records {
		if m.has(g, r) {
			mb := float64(r.Bytes) / 1e6
			ch.points = append(ch.points, g.chartPoint(m, r, mb, mb, mb))
		}
	}
	ch.settleBelow()
	return ch
}

// speedChart plots a measure against the speed of generation. It is nil where no
// record has one; missing lists the records that have none.
func (g group) speedChart(m measure) (ch *chart, missing []string) {
	ch = g.chart(m, "speed", "Generation (tokens per second)")
	ch.xBigger = true
	for _, r := range g.records {
		switch {
		case !m.has(g, r):
		case !r.Generation.Measured():
			missing = append(missing, g.label(r))
		default:
			lo, hi := r.Generation.spread()
			ch.points = append(ch.points, g.chartPoint(m, r, r.Generation.TokensPerSecond, lo, hi))
		}
	}
	ch.settleBelow()
	if len(ch.points) == 0 || ch.allBelow() {
		return nil, missing
	}
	return ch, missing
}

func (g group) chart(m measure, against, xName string) *chart {
	return &chart{
		title:    fmt.Sprintf("%s: %s against %s", g.model, lowerFirst(m.name), against),
		subtitle: g.records[0].conditions() + "; bars: 95 % interval" + map[string]string{"speed": " and slowest to fastest run"}[against],
		xName:    xName,
		yName:    m.axis,
		logX:     logSizeFrom,
		logY:     m.logFrom,
	}
}

// lowerFirst puts a measure's name into a sentence.
func lowerFirst(s string) string {
	if s == klMeasure.name {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func (g group) chartPoint(m measure, r Record, x, xlo, xhi float64) chartPoint {
	i := m.at(g, r)
	below := m.file == klMeasure.file && i.Value < leastKL
	if m.file == klMeasure.file {
		i.Low = max(i.Low, leastKL/10) // an interval may reach 0, which the axis cannot show
	}
	return chartPoint{
		label: g.label(r), base: g.isBase(r) && len(g.records) > 1,
		x: x, xlo: min(xlo, x), xhi: max(xhi, x), y: i.Value, ylo: i.Low, yhi: i.High,
		below: below,
	}
}

// settleBelow puts the points whose value a logarithmic axis cannot show, 0 above
// all, below the others: at a power of ten, at least a factor of two below.
func (ch *chart) settleBelow() {
	least := math.Inf(1)
	for i := range ch.points {
		if p := &ch.points[i]; !p.below {
			least = min(least, p.ylo)
		}
	}
	at := math.Pow(10, math.Ceil(math.Log10(least/2))-1)
	for i := range ch.points {
		if p := &ch.points[i]; p.below {
			p.y, p.ylo, p.yhi = at, at, at
		}
	}
}

// allBelow reports whether there is nothing to show on the axis.
func (ch *chart) allBelow() bool {
	return !slices.ContainsFunc(ch.points, func(p chartPoint) bool { return !p.below })
}

// overview plots several models together. All must have been scored under the
// same conditions.
func overview(gs []group, m measure, against string) *chart {
	var all *chart
	for _, g := range gs {
		var ch *chart
		if against == "size" {
			ch = g.sizeChart(m)
		} else {
			ch, _ = g.speedChart(m)
		}
		if ch == nil || ch.allBelow() {
			continue
		}
		if all == nil {
			all = &chart{xName: ch.xName, yName: ch.yName, subtitle: ch.subtitle, logX: ch.logX, logY: ch.logY, xBigger: ch.xBigger, title: m.name + " against " + against}
		}
		for _, p := range ch.points {
			p.series = len(all.series)
			all.points = append(all.points, p)
		}
		all.series = append(all.series, g.model)
	}
	if all != nil {
		all.settleBelow()
	}
	return all
}

// conditions says in a few words what was scored.
func (r Record) conditions() string {
	var parts []string
	if r.Text != "" {
		parts = append(parts, r.Text)
	}
	parts = append(parts, groupedInt(int64(r.TokensScored))+" tokens scored", r.protocol())
	return strings.Join(parts, ", ")
}

// protocol says how the text was cut; a protocol without a stride has 0.
func (r Record) protocol() string {
	out := fmt.Sprintf("%s, ctx %d", r.Protocol, r.Ctx)
	if r.Stride > 0 {
		out += fmt.Sprintf(", stride %d", r.Stride)
	}
	return out
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
