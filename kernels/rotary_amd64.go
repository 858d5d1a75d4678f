//go:build !purego

package kernels

// heads >= 1 and len(cos) >= 1.
//
//go:noescape
func rotateAVX512(x []float32, heads, stride int, cos, sin []float32)

//go:noescape
func rotateAVX2(x []float32, heads, stride int, cos, sin []float32)

var (
	_ = register("avx2", func(t *table) { t.rotate = rotateAVX2 })
	_ = register("avx512", func(t *table) { t.rotate = rotateAVX512 })
)
