//go:build !purego

package kernels

//go:noescape
func maxAVX512(x []float32, scale float32) float32

//go:noescape
func maxAVX2(x []float32, scale float32) float32

//go:noescape
func expSumAVX512(dst, x []float32, scale, largest float32) float64

//go:noescape
func expSumAVX2(dst, x []float32, scale, largest float32) float64

//go:noescape
func sumExpAVX512(x []float32, largest float32) float64

//go:noescape
func sumExpAVX2(x []float32, largest float32) float64

var (
	_ = register("avx2", func(t *table) { t.max, t.expSum, t.sumExp = maxAVX2, expSumAVX2, sumExpAVX2 })
	_ = register("avx512", func(t *table) { t.max, t.expSum, t.sumExp = maxAVX512, expSumAVX512, sumExpAVX512 })
)
