package kernels

// BlockErrors adds up the errors of encoded blocks: how far what they decode to is from the weights. The zero value has seen none. It is
// for one goroutine at a time.
//
// The sums are defined so that they do not depend on the CPU, not in their last bit, and cost little beside encoding:
//
//   - a difference is that of two float32, rounded to float32. It is exact in nearly all cases: weights and what their codes mean differ by
//     less than a factor of two (Sterbenz), or the code is zero;
//   - squares of weights and of differences are float32, too, and added in float32 over a block, for each of 16 lanes apart, from +0:
//     columns c and 16+c of a block are lane c, and the terms come in the order of the rows, all 16 of column c before those of
//     column 16+c. No fused operations;
//   - a lane's sum over a block is added, in float64, to that over the blocks before.
//
// A lane's sum over a block has a relative error of less than 35 * 2^-24 (a difference's rounding counts twice in its square, that of the
// square once, and there are 31 sums) where no square is below the normal numbers of float32; each that is adds at most 2^-150.
type BlockErrors struct {
	// The assembly knows these fields' places.
	signal, square [errorLanes]float64
	largest        [errorLanes]float32

	decoded [TileRows * BlockCols]float32 // a block, for kernels that decode in a step of its own
}

// Reset forgets all blocks.
func (e *BlockErrors) Reset() { *e = BlockErrors{decoded: e.decoded} }

// Sums returns the sums of squares of weights and of differences and the largest magnitude of a difference. Lane i is increased by
// lane i+8, then i+4, i+2 and i+1. They mean nothing if a weight was not finite or outside the codec's range; then signal is NaN, or at least
// about the square of that weight.
func (e *BlockErrors) Sums() (signal, square, largest float64) {
	s := errorSums{signal: e.signal, square: e.square}
	for i, d := range e.largest {
		s.largest[i] = float64(d)
	}
	return s.total()
}

// EncodeErrorsInt8 is EncodeInt8 that adds the errors to e.
func EncodeErrorsInt8(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
	checkTile("EncodeErrorsInt8", "dst", len(dst), "src", len(src), ld, blocks, Int8BlockBytes)
	active.encodeErrorsInt8(dst, src, ld, blocks, e)
}

// EncodeErrorsInt4 is EncodeInt4 that adds the errors to e.
func EncodeErrorsInt4(dst []byte, src []float32, ld, blocks int, e *BlockErrors) {
	checkTile("EncodeErrorsInt4", "dst", len(dst), "src", len(src), ld, blocks, Int4BlockBytes)
	active.encodeErrorsInt4(dst, src, ld, blocks, e)
}
