//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.widenF16 = func(dst []float32, src []byte) {
		full := len(dst) &^ 15
		if full > 0 {
			widenF16NEON(&dst[0], &src[0], full)
		}
		widenF16Generic(dst[full:], src[2*full:])
	}
	t.widenBF16 = func(dst []float32, src []byte) {
		full := len(dst) &^ 15
		if full > 0 {
			widenBF16NEON(&dst[0], &src[0], full)
		}
		widenBF16Generic(dst[full:], src[2*full:])
	}
	t.maxMagnitude = func(x []float32) uint32 {
		full, top := len(x)&^15, uint32(0)
		if full > 0 {
			top = maxMagnitudeNEON(&x[0], full)
		}
		return max(top, maxMagnitudeGeneric(x[full:]))
	}
	t.errorSums = func(s *errorSums, x, y []float32) { errorSumsNEON(s, &x[0], &y[0], len(x)) }
})

// n is a multiple of 16, and not 0, in all of these.
//
//go:noescape
func widenF16NEON(dst *float32, src *byte, n int)

//go:noescape
func widenBF16NEON(dst *float32, src *byte, n int)

//go:noescape
func maxMagnitudeNEON(x *float32, n int) uint32

//go:noescape
func errorSumsNEON(s *errorSums, x, y *float32, n int)
