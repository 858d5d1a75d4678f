//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.encodeErrorsInt8 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		encodeErrorsInSteps(dst, src, ld, blocks, Int8BlockBytes, e, t.encodeInt8, t.decodeRowsInt8, blockErrorsShapeNEON)
	}
	t.encodeErrorsInt4 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		encodeErrorsInSteps(dst, src, ld, blocks, Int4BlockBytes, e, t.encodeInt4, t.decodeRowsInt4, blockErrorsShapeNEON)
	}
})

func blockErrorsShapeNEON(e *BlockErrors, src []float32, ld int) { blockErrorsNEON(e, &src[0], ld) }

//go:noescape
func blockErrorsNEON(e *BlockErrors, src *float32, ld int)
