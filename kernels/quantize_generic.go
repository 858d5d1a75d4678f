package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) { t.quantizePanel = quantizePanelGeneric })

func quantizePanelGeneric(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	for b := range Blocks(cols) {
		panel := dst[b*n*PanelTokenBlockBytes:][:n*PanelTokenBlockBytes]
		for t := range n {
			first := b * BlockCols
			quantizeGroup(panel, x[t*ldx+first:t*ldx+min(first+BlockCols, cols)], t, n, zero)
		}
	}
}

// quantizeGroup quantizes one token's group x (up to 32 columns) into token t's places of one block of a panel of n tokens.
func quantizeGroup(panel []byte, x []float32, t, n int, zero int32) {
	codes := panel[t*BlockCols:][:BlockCols]
	clear(codes)
	// The bits of absolute values compare like the values, with infinity and NaN on top.
	var top uint32
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31))
	}
	var sum int32
	scale := float32(0)
	switch m := math.Float32frombits(top); {
	case top >= 255<<23:
		scale = math.Float32frombits(0x7fc00000)
	case m >= TinyGroup:
		scale = m / 127
		inverse := 127 / m
		for c, v := range x {
			q := int32(math.RoundToEven(float64(v * inverse))) // |q| <= 127: see TestQuantizePanelRange
			codes[c] = uint8(q)
			sum += q
		}
	}
	binary.LittleEndian.PutUint32(panel[n*BlockCols+4*t:], math.Float32bits(scale))
	binary.LittleEndian.PutUint32(panel[n*(BlockCols+4)+4*t:], uint32(-zero*sum))
}
