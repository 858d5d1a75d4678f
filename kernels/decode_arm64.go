//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.decodeInt8 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt8NEON, dst, w, blocks) }
	t.decodeInt4 = func(dst []float32, w []byte, blocks int) { decodeShape(decodeBlocksInt4NEON, dst, w, blocks) }
})

//go:noescape
func decodeBlocksInt8NEON(dst *float32, w *byte, blocks int)

//go:noescape
func decodeBlocksInt4NEON(dst *float32, w *byte, blocks int)

func decodeShape(decode func(dst *float32, w *byte, blocks int), dst []float32, w []byte, blocks int) {
	if blocks > 0 {
		decode(&dst[0], &w[0], blocks)
	}
}
