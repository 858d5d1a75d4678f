//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.decodeInt8 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt8AVX512, dst, w, blocks) }
	t.decodeInt4 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt4AVX512, dst, w, blocks) }
})

var _ = register("avx2", func(t *table) {
	t.decodeInt8 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt8AVX2, dst, w, blocks) }
	t.decodeInt4 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt4AVX2, dst, w, blocks) }
})

//go:noescape
func decodeBlocksInt8AVX512(dst *float32, w *byte, blocks int)

//go:noescape
func decodeBlocksInt4AVX512(dst *float32, w *byte, blocks int)

//go:noescape
func decodeBlocksInt8AVX2(dst *float32, w *byte, blocks int)

//go:noescape
func decodeBlocksInt4AVX2(dst *float32, w *byte, blocks int)

func decodeShape(decode func(dst *float32, w *byte, blocks int), dst []float32, w []byte, blocks int) {
	if blocks > 0 {
		decode(&dst[0], &w[0], blocks)
	}
}
