//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.packBF16 = func(dst []byte, x []float32) { packBF16Blocks(packBF16AVX512, dst, x) }
})

var _ = register("avx2", func(t *table) {
	t.packBF16 = func(dst []byte, x []float32) { packBF16Blocks(packBF16AVX2, dst, x) }
})

// blocks of 32 values, at least one.
//
//go:noescape
func packBF16AVX512(dst *byte, x *float32, blocks int)

//go:noescape
func packBF16AVX2(dst *byte, x *float32, blocks int)
