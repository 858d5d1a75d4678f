//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.encodeF32 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeF32NEON, dst, src, ld, blocks) }
	t.encodeF16 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeF16NEON, dst, src, ld, blocks) }
	t.encodeBF16 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeBF16NEON, dst, src, ld, blocks) }
	t.encodeInt8 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeInt8NEON, dst, src, ld, blocks) }
	t.encodeInt4 = func(dst []byte, src []float32, ld, blocks int) { encodeShape(encodeInt4NEON, dst, src, ld, blocks) }
	t.decodeRowsF32 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsF32NEON, dst, ld, w, blocks)
	}
	t.decodeRowsF16 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsF16NEON, dst, ld, w, blocks)
	}
	t.decodeRowsBF16 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsBF16NEON, dst, ld, w, blocks)
	}
	t.decodeRowsInt8 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsInt8NEON, dst, ld, w, blocks)
	}
	t.decodeRowsInt4 = func(dst []float32, ld int, w []byte, blocks int) {
		decodeRowsShape(decodeRowsInt4NEON, dst, ld, w, blocks)
	}
})

//go:noescape
func encodeF32NEON(dst *byte, src *float32, ld, blocks int)

//go:noescape
func encodeF16NEON(dst *byte, src *float32, ld, blocks int)

//go:noescape
func encodeBF16NEON(dst *byte, src *float32, ld, blocks int)

//go:noescape
func encodeInt8NEON(dst *byte, src *float32, ld, blocks int)

//go:noescape
func encodeInt4NEON(dst *byte, src *float32, ld, blocks int)

//go:noescape
func decodeRowsF32NEON(dst *float32, ld int, w *byte, blocks int)

//go:noescape
func decodeRowsF16NEON(dst *float32, ld int, w *byte, blocks int)

//go:noescape
func decodeRowsBF16NEON(dst *float32, ld int, w *byte, blocks int)

//go:noescape
func decodeRowsInt8NEON(dst *float32, ld int, w *byte, blocks int)

//go:noescape
func decodeRowsInt4NEON(dst *float32, ld int, w *byte, blocks int)
