package kernels

import "math"

// maxGeneric returns the largest scale*x[i], -Inf for no elements, NaN if there is a NaN.
func maxGeneric(x []float32, scale float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		m = max(m, v*scale)
	}
	return m
}

// expSumGeneric sets dst[i] = e^(scale*x[i] - largest) and returns their sum. largest is at least every scale*x[i].
func expSumGeneric(dst, x []float32, scale, largest float32) float64 {
	x = x[:len(dst)]
	var sum float64
	for i, v := range x {
		e := exp32(float32(v*scale) - largest)
		dst[i] = e
		sum += float64(e)
	}
	return sum
}

// sumExpGeneric returns the sum of e^(x[i] - largest).
func sumExpGeneric(x []float32, largest float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(exp32(v - largest))
	}
	return sum
}

var _ = register("generic", func(t *table) { t.max, t.expSum, t.sumExp = maxGeneric, expSumGeneric, sumExpGeneric })
