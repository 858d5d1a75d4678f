package kernels

import "math"

var _ = register("generic", func(t *table) {
	t.encodeErrorsInt8 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		encodeErrorsInSteps(dst, src, ld, blocks, Int8BlockBytes, e, encodeInt8Generic, decodeRowsInt8Generic, blockErrorsGeneric)
	}
	t.encodeErrorsInt4 = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
		encodeErrorsInSteps(dst, src, ld, blocks, Int4BlockBytes, e, encodeInt4Generic, decodeRowsInt4Generic, blockErrorsGeneric)
	}
})

// encodeErrorsInSteps encodes, decodes and compares, block by block. sum compares e.decoded with the weights.
func encodeErrorsInSteps(dst []byte, src []float32, ld, blocks, blockBytes int, e *BlockErrors,
	encode func(dst []byte, src []float32, ld, blocks int),
	decode func(dst []float32, ld int, w []byte, blocks int),
	sum func(e *BlockErrors, src []float32, ld int),
) {
	for b := range blocks {
		block, rows := dst[b*blockBytes:][:blockBytes], src[b*BlockCols:]
		encode(block, rows, ld, 1)
		decode(e.decoded[:], BlockCols, block, 1)
		sum(e, rows, ld)
	}
}

// blockErrorsGeneric adds to e what one block differs by from e.decoded. The conversions keep compilers from fusing products and sums.
func blockErrorsGeneric(e *BlockErrors, src []float32, ld int) {
	const half = BlockCols / 2
	for lane := range half {
		var signal, square, largest float32
		for c := lane; c < BlockCols; c += half {
			for r := range TileRows {
				w := src[r*ld+c]
				d := w - e.decoded[r*BlockCols+c]
				signal += float32(w * w)
				square += float32(d * d)
				largest = max(largest, float32(math.Abs(float64(d))))
			}
		}
		e.signal[lane] += float64(signal)
		e.square[lane] += float64(square)
		e.largest[lane] = max(e.largest[lane], largest)
	}
}
