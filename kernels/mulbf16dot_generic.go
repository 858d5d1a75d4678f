package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) {
	t.mulBF16Dot, t.hasBF16Dot = mulBF16DotGeneric, false
	t.packBF16 = packBF16Generic
})

func mulBF16DotGeneric(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, a []byte, n int) {
	for t := range n {
		row := a[t*bf16RowBytes(cols):]
		for tile := range tiles {
			weights := w[tile*tileStride:]
			out := dst[t*ldd+tile*TileRows:][:TileRows]
			clear(out)
			var sum [TileRows]float32
			for c := 0; c < cols; c += 2 {
				pair := weights[c*2*TileRows:]
				a0, a1 := bf16At(row, c), bf16At(row, c+1)
				for r := range sum {
					sum[r] = fmaFlushed(bf16At(pair, 2*r+1), a1, sum[r])
					sum[r] = fmaFlushed(bf16At(pair, 2*r), a0, sum[r])
				}
				if (c+2)%SumColumns == 0 || c+2 >= cols {
					for r := range out {
						if c < SumColumns {
							out[r] = sum[r]
						} else {
							out[r] += sum[r]
						}
					}
					clear(sum[:])
				}
			}
		}
	}
}

// fmaFlushed returns a*b+c rounded once to float32, for bfloat16 a and b. Subnormal inputs count as zeros, and so does a result
// that is below the normal numbers when it is rounded to 24 bits (as if exponents had no end).
func fmaFlushed(a, b, c float32) float32 {
	a, b, c = flush(a), flush(b), flush(c)
	s := sumToOdd(float64(a)*float64(b), float64(c)) // the product is exact
	const smallest = 0x1p-126
	switch {
	case s >= smallest || s <= -smallest || s != s:
		return float32(s)
	case s >= smallest-0x1p-151: // half of the last place below; a tie goes up, to the even number
		return smallest
	case s <= -smallest+0x1p-151:
		return -smallest
	}
	return float32(math.Copysign(0, s))
}

// flush makes subnormal numbers zeros.
func flush(x float32) float32 {
	if b := math.Float32bits(x); b&0x7f800000 == 0 {
		return math.Float32frombits(b & 0x80000000)
	}
	return x
}

func packBF16Generic(dst []byte, x []float32) {
	for i, v := range x {
		binary.LittleEndian.PutUint16(dst[2*i:], bf16Bits(v))
	}
	clear(dst[2*len(x):])
}

// bf16Bits rounds to bfloat16, to nearest even; a NaN stays one.
func bf16Bits(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // its only set bits may have been the lower ones
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
