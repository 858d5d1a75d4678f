package kernels

import "math"

// WidenF16 converts little-endian half floats to float32, exactly: dst[i] = half i of src for i < len(dst). A NaN stays one. It
// panics if src is shorter than that.
func WidenF16(dst []float32, src []byte) {
	checkLen("WidenF16", "src", len(src), 2*len(dst))
	active.widenF16(dst, src)
}

// WidenBF16 is WidenF16 for bfloat16, the upper halves of float32.
func WidenBF16(dst []float32, src []byte) {
	checkLen("WidenBF16", "src", len(src), 2*len(dst))
	active.widenBF16(dst, src)
}

// CopyF32 is WidenF16 for float32, which stay as they are.
func CopyF32(dst []float32, src []byte) {
	checkLen("CopyF32", "src", len(src), 4*len(dst))
	copyF32(dst, src)
}

// MaxMagnitude returns the largest bits of x without signs, 0 for none. Magnitudes of float32 are ordered like their bits, an
// infinity above all numbers and NaN above infinities.
func MaxMagnitude(x []float32) uint32 { return active.maxMagnitude(x) }

// Finite reports whether x holds neither NaN nor an infinity.
func Finite(x []float32) bool { return MaxMagnitude(x) < 0x7f800000 }

// errorLanes is the number of partial sums of ErrorSums.
const errorLanes = 16

// ErrorSums returns the sums of x[i]^2 and of (x[i]-y[i])^2 and the largest |x[i]-y[i]|, in float64, for finite x and y of the same
// length. Element i goes to partial sum i%16, each of which is added in order without fused operations; then partial sum i is
// increased by number i+8, then i+4, i+2 and i+1. So the result does not depend on the CPU, not in its last bit. It panics if y is
// shorter than x.
func ErrorSums(x, y []float32) (signal, square, largest float64) {
	checkLen("ErrorSums", "y", len(y), len(x))
	return ErrorSumsRows(x, y, len(x), 1, len(x))
}

// ErrorSumsRows is ErrorSums for rows of cols values that lie ld apart in x and in y, taken one after the other. Where they lie apart, cols
// must be a multiple of 16. It panics if it is not, or a slice is too short.
func ErrorSumsRows(x, y []float32, ld, rows, cols int) (signal, square, largest float64) {
	if ld == cols {
		rows, cols, ld = 1, rows*cols, rows*cols
	}
	if rows > 0 {
		checkLen("ErrorSumsRows", "x", len(x), (rows-1)*ld+cols)
		checkLen("ErrorSumsRows", "y", len(y), (rows-1)*ld+cols)
	}
	if ld < cols || rows > 1 && cols%errorLanes != 0 {
		panicf("ErrorSumsRows: %d rows of %d columns, %d apart", rows, cols, ld)
	}
	var s errorSums
	full := cols &^ (errorLanes - 1)
	for r := range rows {
		x, y := x[r*ld:][:cols], y[r*ld:][:cols]
		if full > 0 {
			active.errorSums(&s, x[:full], y[:full])
		}
		errorSumsGeneric(&s, x[full:], y[full:])
	}
	return s.total()
}

// errorSums are the partial sums. The assembly knows its layout.
type errorSums struct{ signal, square, largest [errorLanes]float64 }

func (s *errorSums) total() (signal, square, largest float64) {
	for n := errorLanes / 2; n > 0; n /= 2 {
		for i := range n {
			s.signal[i] += s.signal[i+n]
			s.square[i] += s.square[i+n]
			s.largest[i] = math.Max(s.largest[i], s.largest[i+n])
		}
	}
	return s.signal[0], s.square[0], s.largest[0]
}
