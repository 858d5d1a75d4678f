//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.encodeF32 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeF32AVX512, dst, src, ld, blocks) }
	t.encodeF16 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeF16AVX512, dst, src, ld, blocks) }
	t.encodeBF16 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeBF16AVX512, dst, src, ld, blocks) }
	t.encodeInt8 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeInt8AVX512, dst, src, ld, blocks) }
	t.encodeInt4 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeInt4AVX512, dst, src, ld, blocks) }
	t.decodeRowsF32 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsF32AVX512, dst, ld, w, blocks)
	}
	t.decodeRowsF16 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsF16AVX512, dst, ld, w, blocks)
	}
	t.decodeRowsBF16 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsBF16AVX512, dst, ld, w, blocks)
	}
	t.decodeRowsInt8 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsInt8AVX512, dst, ld, w, blocks)
	}
	t.decodeRowsInt4 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsInt4AVX512, dst, ld, w, blocks)
	}
})
