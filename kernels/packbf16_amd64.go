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

func packBF16Blocks(pack func(dst *byte, x *float32, blocks int), dst []byte, x []float32) {
	full := len(x) / BlockCols
	if full > 0 {
		pack(&dst[0], &x[0], full)
	}
	packBF16Generic(dst[full*2*BlockCols:], x[full*BlockCols:])
}
