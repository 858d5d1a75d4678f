//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.encodeErrorsInt8 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		if blocks > 0 {
			encodeErrorsInt8AVX512(&dst[0], &src[0], ld, blocks, e)
		}
	}
	t.encodeErrorsInt4 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		if blocks > 0 {
			encodeErrorsInt4AVX512(&dst[0], &src[0], ld, blocks, e)
		}
	}
})
