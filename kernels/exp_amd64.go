//go:build !purego

package kernels

//go:noescape
func expAVX512(dst, x []float32)

//go:noescape
func expAVX2(dst, x []float32)

var (
	_ = register("avx2", func(t *table) { t.exp = expAVX2 })
	_ = register("avx512", func(t *table) { t.exp = expAVX512 })
)
