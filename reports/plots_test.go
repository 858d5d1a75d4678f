package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// shapes are studies that have gone wrong in one plot or another.
func shapes() map[string]Study {
	long := smol[1]
	long.name = strings.Repeat("very-long-variant-name-", 12)
	identical := make([]variant, 6)
	for i := range identical {
		identical[i] = smol[1]
		identical[i].name = fmt.Sprintf("same-%d", i)
	}
	tiny := []variant{{name: "f32", mb: 0.000001, ppl: 1.0000001}, {name: "f16", mb: 0.000002, ppl: 1.0000002}}
	flat := []variant{{name: "a", mb: 10, ppl: 19}, {name: "b", mb: 20, ppl: 19}}
	return map[string]Study{
		"1": study("m", smol[0]), "3": study("m", smol...), "8": study("m", crowd[:8]...), "20": study("m", crowd...),
		"identical": study("m", identical...), "long": study("m", smol[0], long), "tiny": study("m", tiny...), "flat": study("m", flat...),
		"no error bars":   study("m", variant{name: "a", mb: 10, ppl: 19}),
		"zero divergence": study("m", smol[0], variant{name: "f32", mb: 540, ppl: 18.9935, se: .0168, gen: 60, kl: -1}, smol[1]),
		"tiny divergence": study("m", smol[0], variant{name: "bf16", mb: 270, ppl: 18.9936, se: .0168, gen: 90, kl: 3e-7, sameTop: 1}, smol[1], smol[2]),
		"only tiny":       study("m", smol[0], variant{name: "bf16", mb: 270, ppl: 18.9936, se: .0168, gen: 90, kl: 3e-7, sameTop: 1}),
		"wide error":      study("m", variant{name: "a", mb: 10, ppl: 19, se: 2}, variant{name: "b", mb: 1000, ppl: 1e6, se: 0.1}),
		"huge":            study("m", variant{name: "a", mb: 1e9, ppl: 1e300}, variant{name: "b", mb: 1, ppl: 1.5}),
	}
}

// charts draws every measure against size and, where it was measured, speed.
func (g group) charts() (out []*chart) {
	for _, m := range g.measures() {
		out = append(out, g.sizeChart(m))
		if speed, _ := g.speedChart(m); speed != nil {
			out = append(out, speed)
		}
	}
	return out
}

func TestPlotsOfAllShapes(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			g := groups(s.Records)[0]
			charts := g.charts()
			for _, ch := range charts {
				for _, l := range []layout{ch.fileLayout(), pairLayout, wideLayout, narrowLayout, tallLayout} {
					data, lost, err := ch.svg(l)
					if err != nil {
						t.Fatal(err)
					}
					wellFormed(t, data)
					if bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Inf")) {
						t.Errorf("%s at %v: a coordinate is not a number", ch.title, l)
					}
					if lost.leftOut > 0 && (l == ch.fileLayout() || len(ch.points) < crowded) {
						t.Errorf("%s at %v: %d labels left out", ch.title, l, lost.leftOut)
					}
				}
			}
		})
	}
}

func wellFormed(t *testing.T, data []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

// The labels of real plots obey the same rules as those of random points.
func TestPlotLabelsDoNotCollide(t *testing.T) {
	for name, s := range shapes() {
		g := groups(s.Records)[0]
		for _, ch := range g.charts() {
			for _, l := range []layout{ch.fileLayout(), pairLayout, narrowLayout} {
				t.Run(fmt.Sprintf("%s/%s/%gx%g", name, ch.title, l.width, l.height), func(t *testing.T) {
					x, y := ch.axes(l.width)
					body := &chartBody{chart: ch, x: x, y: y}
					c := draw.New(vgsvg.New(vg.Length(l.width), vg.Length(l.height)))
					frame := rect{float64(c.Min.X), float64(c.Min.Y), float64(c.Max.X), float64(c.Max.Y)}
					var marks []mark
					sty := textStyle(labelSize, colorInk, false)
					for _, q := range ch.points {
						p := body.position(c, q.x, q.y)
						if at := (point{float64(p.X), float64(p.Y)}); frame.grown(-markRadius).distance(at) > 0 {
							t.Errorf("point %v is cut by the frame", at)
						}
						for _, bar := range body.bars(c, q) {
							if !bar.inside(frame) {
								t.Errorf("error bar %v leaves the frame", bar)
							}
						}
						txt := fit(sty, q.label, 0.45*frame.width())
						if w := float64(sty.Width(txt)); w > 0.45*frame.width() {
							t.Errorf("label %q is %g wide", txt, w)
						}
						marks = append(marks, mark{point{float64(p.X), float64(p.Y)}, markRadius * 1.3, body.bars(c, q), float64(sty.Width(txt)), 13.8})
					}
					checkPlacements(t, frame, marks, placeLabels(frame, marks, nil))
				})
			}
		}
	}
}

func TestPNG(t *testing.T) {
	ch := groups(study("m", smol...).Records)[0].sizeChart(perplexityMeasure)
	data, err := ch.png(ch.fileLayout())
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 1440 || b.Dy() != 960 {
		t.Errorf("the picture has %d x %d pixels, want 1440 x 960", b.Dx(), b.Dy())
	}
	colours := make(map[uint32]bool)
	for x := range img.Bounds().Dx() {
		for y := range img.Bounds().Dy() {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[r>>8<<16|g>>8<<8|b>>8] = true
		}
	}
	for _, want := range []uint32{0xffffff, 0x0072b2, 0x1b2430} { // card, a variant, the base
		if !colours[want] {
			t.Errorf("no pixel has the colour %06x", want)
		}
	}
}

func TestAxes(t *testing.T) {
	for _, tc := range []struct {
		name    string
		lo, hi  float64
		logFrom float64
		log     bool
	}{
		{"near", 18, 23, logPerplexityFrom, false},
		{"outlier", 18, 360, logPerplexityFrom, true},
		{"sizes", 91, 270, logSizeFrom, false},
		{"sizes far apart", 10, 270, logSizeFrom, true},
		{"one value", 19, 19, logPerplexityFrom, false},
		{"zero", 0, 0, logSizeFrom, false},
		{"almost one value", 19, 19 + 1e-9, logPerplexityFrom, false},
		{"from zero", 0, 100, logSizeFrom, false},
		{"enormous", 1, 1e300, logPerplexityFrom, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAxis(tc.lo, tc.hi, tc.logFrom, 0.15)
			if a.log != tc.log {
				t.Errorf("logarithmic: %v, want %v", a.log, tc.log)
			}
			for _, v := range []float64{tc.lo, tc.hi} {
				if n := a.norm(v); !(n >= 0 && n <= 1) {
					t.Errorf("%g lies at %g of the axis %+v", v, n, a)
				}
			}
			for n := 3; n < 12; n++ {
				ticks := a.ticks(n)
				if len(ticks) < 2 || len(ticks) > n+2 {
					t.Errorf("%d ticks for at most %d: %v", len(ticks), n, ticks)
				}
				seen := make(map[string]bool)
				for _, k := range ticks {
					if k.Value < a.min || k.Value > a.max {
						t.Errorf("tick %g outside %g to %g", k.Value, a.min, a.max)
					}
					if seen[k.Label] {
						t.Errorf("two ticks are labelled %q", k.Label)
					}
					seen[k.Label] = true
				}
			}
		})
	}
	if got := newAxis(19, 345, 3, 0.14).logTicks(8); math.Abs(got[0].Value-15) > 1e-9 && math.Abs(got[0].Value-20) > 1e-9 {
		t.Errorf("ticks start at %v", got)
	}
}

func TestSpeedPlotLeavesOutWhatWasNotMeasured(t *testing.T) {
	s := study("m", smol...)
	s.Records[1].Generation = Speed{}
	p := buildPage(s)
	if n := len(p.Sections[0].Figures); n != 4 {
		t.Errorf("%d figures, want 4", n)
	}
	if notes := strings.Join(p.Sections[0].Notes, "\n"); !strings.Contains(notes, "leave out int8-g32") {
		t.Errorf("notes do not name the missing variant: %s", notes)
	}
	for i := range s.Records {
		s.Records[i].Generation = Speed{}
	}
	p = buildPage(s)
	if n := len(p.Sections[0].Figures); n != 2 {
		t.Errorf("%d figures, want 2", n)
	}
	if notes := strings.Join(p.Sections[0].Notes, "\n"); !strings.Contains(notes, "no plot against speed") {
		t.Errorf("notes do not say why: %s", notes)
	}
}
