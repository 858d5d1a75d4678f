package quant

import "nibble/kernels"

// Errors is how far what a matrix decodes to is from what it was.
type Errors struct {
	Signal, Square float64 // sums of squares: of the weights, of the differences
	Largest        float64 // magnitude of a difference; 0 if all are
}

// ErrorMeter encodes matrices and measures the errors; the zero value is ready for use. It keeps memory for that, so it is for one goroutine
// at a time.
type ErrorMeter struct {
	blocks  kernels.BlockErrors
	decoded []float32
}

// leastSquares is the least sum of squares that is taken from [kernels.BlockErrors]. A square of 2^-126 or less has an error of up to 2^-150
// there: together, those of 2^24 weights are at most 2^-26 of this.
const leastSquares = 0x1p-100

// EncodeRows is [Codec.EncodeRows], and returns the errors, the same for every CPU: of integer codecs by [kernels.BlockErrors], from
// the codes as they are made, or else, where that cannot tell because sums are tiny, and of the other codecs, from the decoded rows, by
// [kernels.ErrorSumsRows]. Rows that lie apart must have a multiple of 16 columns.
//
// Values that are not finite or not within [Codec.MaxAbs] are allowed here: then Signal is NaN, or at least about the square of that value,
// and the codes and the other errors mean nothing.
func (m *ErrorMeter) EncodeRows(c Codec, dst []byte, src []float32, ld, rows, cols int) (e Errors) {
	if c.encodeErrors == nil {
		c.EncodeRows(dst, src, ld, rows, cols)
		return m.compare(c, dst, src, ld, rows, cols)
	}
	c.check("EncodeRows", len(dst), len(src), ld, rows, cols)
	m.blocks.Reset()
	encodeTiles(c, func(dst []byte, src []float32, ld, blocks int) { c.encodeErrors(dst, src, ld, blocks, &m.blocks) }, dst, src, ld, rows, cols)
	e.Signal, e.Square, e.Largest = m.blocks.Sums()
	if e.Signal < leastSquares || e.Largest != 0 && e.Square < leastSquares {
		return m.compare(c, dst, src, ld, rows, cols)
	}
	return e
}

// compare decodes.
func (m *ErrorMeter) compare(c Codec, encoded []byte, src []float32, ld, rows, cols int) (e Errors) {
	if n := (rows-1)*ld + cols; cap(m.decoded) < n {
		m.decoded = make([]float32, n)
	}
	m.decoded = m.decoded[:cap(m.decoded)]
	c.DecodeRows(m.decoded, ld, encoded, rows, cols)
	e.Signal, e.Square, e.Largest = kernels.ErrorSumsRows(src, m.decoded, ld, rows, cols)
	return e
}
