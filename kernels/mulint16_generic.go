package kernels

import "math"

var _ = register("generic", func(t *table) { t.mulInt16, t.quantizeInt16 = mulInt16Generic, quantizeInt16Generic })

func mulInt16Generic(dst []float32, ldd int, w []uint32, tiles, cols int, a []uint32, lda, n int) {
	pairs := int16Pairs(cols)
	for tile := range tiles {
		words := w[tile*Int16Tile(cols):][:Int16Tile(cols)]
		for t := range n {
			row := a[t*lda:][:pairs+1]
			var sum [TileRows]float32
			for first := 0; first < pairs; first += SumColumns / 2 {
				var isum [TileRows]int32
				for i := first; i < min(first+SumColumns/2, pairs); i++ {
					a0, a1 := int32(int16(row[i])), int32(row[i])>>16
					for r, v := range words[TileRows*i:][:TileRows] {
						isum[r] += int32(int16(v))*a0 + int32(v)>>16*a1
					}
				}
				for r, v := range isum {
					sum[r] += float32(v)
				}
			}
			scale := math.Float32frombits(row[pairs])
			out := dst[t*ldd+tile*TileRows:][:TileRows]
			for r, v := range words[TileRows*pairs:] {
				// The conversions keep each product rounded.
				out[r] = float32(float32(sum[r]*math.Float32frombits(v)) * scale)
			}
		}
	}
}

func quantizeInt16Generic(dst []uint32, x []float32, ldx, n, cols int) {
	for t := range n {
		quantizeInt16Row(dst[t*Int16Row(cols):][:Int16Row(cols)], x[t*ldx:][:cols])
	}
}

func quantizeInt16Row(dst []uint32, x []float32) {
	clear(dst)
	// The bits of absolute values compare like the values, with infinity and NaN on top.
	var top uint32
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31))
	}
	scale := float32(0)
	switch m := math.Float32frombits(top); {
	case top >= 255<<23:
		scale = math.Float32frombits(0x7fc00000)
	case m >= TinyRow:
		scale = m / Int16Max
		inverse := Int16Max / m
		for c, v := range x {
			q := int16(math.RoundToEven(float64(v * inverse))) // |q| <= Int16Max: see TestQuantizeInt16Range
			dst[c/2] |= uint32(uint16(q)) << (c % 2 * 16)
		}
	}
	dst[len(dst)-1] = math.Float32bits(scale)
}
