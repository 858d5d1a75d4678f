package reports

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"strings"
	"testing"
)

// layersByKind is a map like those of a model: every layer has every kind, and one cell belongs to no layer.
func layersByKind(layers int) HeatMap {
	h := HeatMap{Title: "One at a time <&>", Subtitle: "int8 activations", Quantity: "Divergence", XName: "layer"}
	for i, name := range []string{"int4-g32", "int8-g32"} {
		p := HeatPanel{Name: name, Cells: []HeatCell{{Row: "embed.tokens", Value: 0.25 / math.Pow(10, float64(i))}}}
		for l := range layers {
			for k, kind := range []string{"attn.qkv", "mlp.down"} {
				p.Cells = append(p.Cells, HeatCell{kind, fmt.Sprint(l), math.Pow(10, float64(-1-i-k)) / float64(l+1)})
			}
		}
		h.Panels = append(h.Panels, p)
	}
	return h
}

func TestHeatMap(t *testing.T) {
	for _, layers := range []int{1, 3, 30, 600} {
		h := layersByKind(layers)
		svg, err := h.SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"One at a time &lt;&amp;&gt;", "int8 activations", "Divergence", ">layer<", "int4-g32", "int8-g32", ">attn.qkv<", ">mlp.down<", ">embed.tokens<", ">0.25<", ">0<"} {
			if !bytes.Contains(svg, []byte(want)) {
				t.Errorf("%d layers: %q is not in the picture", layers, want)
			}
		}
		// The background, the cells and the legend's steps are all the polygons there are.
		if n, want := strings.Count(string(svg), "<path d"), 1+2*(1+2*layers)+60; n < want || n > want+12 {
			t.Errorf("%d layers: %d shapes, want %d and the legend's ticks", layers, n, want)
		}
		again, err := h.SVG()
		if err != nil || !bytes.Equal(svg, again) {
			t.Errorf("%d layers: drawn differently a second time", layers)
		}
		data, err := h.PNG()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Error(err)
		}
	}
}

// TestHeatScale: the colours order the values, the ends of the scale are the smallest and the largest, and a step of the same factor is
// the same step of the scale.
func TestHeatScale(t *testing.T) {
	l, err := layersByKind(10).layout()
	if err != nil {
		t.Fatal(err)
	}
	// Smallest: int8, mlp.down, layer 9: 1e-3/10. Largest: int4, embed.tokens: 0.25.
	if math.Abs(l.lo-1e-4) > 1e-15 || l.hi != 0.25 {
		t.Fatalf("from %g to %g, want 1e-4 to 0.25", l.lo, l.hi)
	}
	at := func(v float64) float64 {
		x, ok := l.share(v)
		if !ok {
			t.Fatalf("%g has no colour", v)
		}
		return x
	}
	if at(l.lo) != 0 || at(l.hi) != 1 || math.Abs((at(1e-3)-at(1e-4))-(at(1e-1)-at(1e-2))) > 1e-12 {
		t.Errorf("places %g, %g, %g, %g, %g", at(l.lo), at(1e-3), at(1e-2), at(1e-1), at(l.hi))
	}
	if _, ok := l.share(0); ok {
		t.Error("0 has a place on a logarithmic scale")
	}
	luminance := func(share float64) float64 { // Rec. 709, without gamma: enough for an order
		c := heatColor(share)
		return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
	}
	for i := range 100 {
		if a, b := luminance(float64(i)/100), luminance(float64(i+1)/100); a <= b {
			t.Errorf("the colour at %d %% is not lighter than the next (%g, %g)", i, a, b)
		}
	}
	one := HeatMap{Panels: []HeatPanel{{Cells: []HeatCell{{"a", "0", 0.5}, {"a", "1", 0.5}, {"a", "2", 0}}}}}
	if l, err = one.layout(); err != nil || at(0.5) != 0.5 {
		t.Errorf("equal values: %v", err)
	}
	zero := HeatMap{Panels: []HeatPanel{{Cells: []HeatCell{{"a", "0", 0}}}}}
	svg, err := zero.SVG()
	if err != nil || !bytes.Contains(svg, []byte("all are 0")) {
		t.Errorf("only 0: %v", err)
	}
}

func TestHeatTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{{1.5e-4, 0.3, "0.001 0.01 0.1"}, {0.015, 0.3, "0.02 0.05 0.1 0.2"}, {0.3, 0.4, ""}, {1, 100, "1 10 100"}} {
		var got []string
		for _, v := range heatTicks(c.lo, c.hi) {
			got = append(got, heatNumber(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%g to %g: %v, want %s", c.lo, c.hi, got, c.want)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.01474: "0.0147", 1.153e-6: "1.15e-6", 1e-5: "1e-5", 2.5: "2.5"} {
		if got := heatNumber(v); got != want {
			t.Errorf("%g is written %s, want %s", v, got, want)
		}
	}
}

func TestHeatMapErrors(t *testing.T) {
	for want, cells := range map[string][]HeatCell{
		`a column "0" is NaN`:        {{"a", "0", math.NaN()}},
		`a column "0" is -1`:         {{"a", "0", -1}},
		`a column "0" is +Inf`:       {{"a", "0", math.Inf(1)}},
		`two values for a column ""`: {{"a", "", 1}, {"a", "", 2}},
		`0 values`:                   nil,
		`16385 values`:               make([]HeatCell, maxHeatCells+1),
	} {
		_, err := HeatMap{Title: "T", Panels: []HeatPanel{{Name: "P", Cells: cells}}}.SVG()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `draw "T"`) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
