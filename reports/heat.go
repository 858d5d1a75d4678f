package reports

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// heatCell is the tensor of one kind in one layer.
type heatCell struct {
	layer int
	kind  string
	t     TensorError
}

// splitName takes "layers.3.mlp.down" apart into 3 and "mlp.down".
func splitName(name string) (layer int, kind string, ok bool) {
	parts := strings.Split(name, ".")
	for i, p := range parts[:len(parts)-1] {
		if n, err := strconv.Atoi(p); err == nil && n >= 0 {
			return n, strings.Join(parts[i+1:], "."), true
		}
	}
	return 0, "", false
}

// maxHeatLayers bounds the strip; a deeper model is left to the table.
const maxHeatLayers = 512

// heatStrip draws the SQNR of every quantized layer tensor: kinds down, layers
// across, the worse the darker. It returns "" where there is nothing to compare.
func heatStrip(tensors []TensorError) template.HTML {
	var cells []heatCell
	var kinds []string
	lo, hi, layers := math.Inf(1), math.Inf(-1), 0
	for _, t := range tensors {
		layer, kind, ok := splitName(t.Name)
		if !ok || t.exact() || layer >= maxHeatLayers {
			continue
		}
		cells = append(cells, heatCell{layer, kind, t})
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		lo, hi, layers = min(lo, t.SQNRdB), max(hi, t.SQNRdB), max(layers, layer+1)
	}
	if len(cells) < 2 || layers < 2 {
		return ""
	}
	slices.Sort(kinds)
	slices.SortStableFunc(cells, func(a, b heatCell) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.layer, b.layer))
	})
	const side, gap, head, foot = 18, 2, 6, 20
	longest := 0
	for _, k := range kinds {
		longest = max(longest, len([]rune(k)))
	}
	left := 14 + 7*longest
	step := side + gap
	width, height := left+layers*step+8, head+len(kinds)*step+foot
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="heat" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, width, height,
		html.EscapeString(fmt.Sprintf("Signal-to-noise ratio of each tensor by layer, from %s to %s dB", formatDB(lo), formatDB(hi))))
	for i, k := range kinds {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-6, head+i*step+13, html.EscapeString(k))
	}
	for _, c := range cells {
		// From 0 for the best to 1 for the worst; never quite invisible.
		share := 0.5
		if hi > lo {
			share = (hi - c.t.SQNRdB) / (hi - lo)
		}
		row := slices.Index(kinds, c.kind)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="2" fill-opacity="%.2f"><title>%s</title></rect>`,
			left+c.layer*step, head+row*step, side, side, 0.1+0.9*share,
			html.EscapeString(fmt.Sprintf("%s: %s dB", c.t.Name, formatDB(c.t.SQNRdB))))
	}
	every := 1
	if layers > 12 {
		every = 5
	}
	for l := 0; l < layers; l += every {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%d</text>`, left+l*step+side/2, height-5, l)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// formatDB gives decibels with one decimal.
func formatDB(v float64) string { return significantPlaces(v, 1) }

// worstFirst returns the tensors with an error by rising SQNR, and how many were
// stored exactly.
func worstFirst(tensors []TensorError) (lossy []TensorError, exact int) {
	for _, t := range tensors {
		if t.exact() {
			exact++
			continue
		}
		lossy = append(lossy, t)
	}
	slices.SortStableFunc(lossy, func(a, b TensorError) int {
		return cmp.Or(cmp.Compare(a.SQNRdB, b.SQNRdB), cmp.Compare(a.Name, b.Name))
	})
	return lossy, exact
}

// formatError gives an absolute error in three figures.
func formatError(v float64) string {
	if v == 0 {
		return "0"
	}
	return strings.Replace(strconv.FormatFloat(v, 'e', 2, 64), "e-0", "e-", 1)
}
