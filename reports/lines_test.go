package reports

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"
)

func TestLineChart(t *testing.T) {
	c := LineChart{Title: "Speed", Subtitle: "2 threads", XName: "Tokens", YName: "Tokens per second"}
	for i, name := range []string{"one", "two <&>", "three"} {
		s := Line{Name: name}
		for _, x := range []float64{1, 2, 16, 512, 2048} {
			y := x * float64(i+1)
			s.Points = append(s.Points, LinePoint{X: x, Y: y, Low: y * 0.9, High: y * 1.2})
		}
		c.Series = append(c.Series, s)
	}
	svg, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Speed", "2 threads", "one", "two &lt;&amp;&gt;", "three", "Tokens per second", ">1000<"} {
		if !bytes.Contains(svg, []byte(want)) && !bytes.Contains(svg, []byte(strings.Replace(want, "1000", "1,000", 1))) {
			t.Errorf("%q is not in the plot", want)
		}
	}
	for i := range c.Series {
		if n := strings.Count(string(svg), "stroke:"+svgColor(seriesColor[i])+";stroke-width:1.4"); n != 1 {
			t.Errorf("series %d has %d lines, want 1", i, n)
		}
	}
	data, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	again, err := c.SVG()
	if err != nil || !bytes.Equal(svg, again) {
		t.Error("the same chart is drawn differently a second time")
	}
}

func TestLineChartErrors(t *testing.T) {
	for _, p := range []LinePoint{{0, 1, 1, 1}, {1, math.NaN(), 1, 1}, {1, 1, -1, 1}, {1, 1, 1, math.Inf(1)}} {
		_, err := LineChart{Title: "T", Series: []Line{{Name: "S", Points: []LinePoint{p}}}}.SVG()
		if err == nil || !strings.Contains(err.Error(), `series "S"`) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if _, err := (LineChart{Title: "T"}).PNG(); err == nil || !strings.Contains(err.Error(), "no points") {
		t.Errorf("no points: %v", err)
	}
}
