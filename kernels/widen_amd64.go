//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.widenF16 = func(dst []float32, src []byte) {
		full := len(dst) &^ 15
		if full > 0 {
			widenF16AVX512(&dst[0], &src[0], full)
		}
		widenF16Generic(dst[full:], src[2*full:])
	}
	t.widenBF16 = func(dst []float32, src []byte) {
		full := len(dst) &^ 15
		if full > 0 {
			widenBF16AVX512(&dst[0], &src[0], full)
		}
		widenBF16Generic(dst[full:], src[2*full:])
	}
	t.maxMagnitude = func(x []float32) uint32 {
		full, top := len(x)&^15, uint32(0)
		if full > 0 {
			top = maxMagnitudeAVX512(&x[0], full)
		}
		return max(top, maxMagnitudeGeneric(x[full:]))
	}
	t.errorSums = func(s *errorSums, x, y []float32) { errorSumsAVX512(s, &x[0], &y[0], len(x)) }
})

// n is a multiple of 16, and not 0, in all of these.
//
//go:noescape
func widenF16AVX512(dst *float32, src *byte, n int)

//go:noescape
func widenBF16AVX512(dst *float32, src *byte, n int)

//go:noescape
func maxMagnitudeAVX512(x *float32, n int) uint32

//go:noescape
func errorSumsAVX512(s *errorSums, x, y *float32, n int)
