//go:build !purego

package kernels

//go:noescape
func maxNEON(x []float32, scale float32) float32

//go:noescape
func expSumNEON(dst, x []float32, scale, largest float32) float64

//go:noescape
func sumExpNEON(x []float32, largest float32) float64

var _ = register("neon", func(t *table) { t.max, t.expSum, t.sumExp = maxNEON, expSumNEON, sumExpNEON })
