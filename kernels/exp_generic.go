package kernels

import "math"

func expGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = exp32(v)
	}
}

// exp32 is e^x rounded once to float32, except that results below the smallest normal number are 0.
func exp32(x float32) float32 {
	y := math.Exp(float64(x))
	if y < 0x1p-126 {
		return 0
	}
	return float32(y)
}

var _ = register("generic", func(t *table) { t.exp = expGeneric })
