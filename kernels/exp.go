package kernels

// Exp sets dst[i] = e^x[i]. The slices have the same length; dst may be x.
//
// The error is at most 1.5 ulp (measured over every 61st float32: 0.88 ulp in assembly). A result below the smallest normal number
// 2^-126 is 0, one above the largest number is +Inf, and NaN stays NaN. The assembly reduces x to r = x - n*ln 2,
// |r| <= ln(2)/2, with ln 2 in two parts (W. J. Cody, W. Waite: Software Manual for the Elementary Functions, 1980), and takes
// e^r from a polynomial of degree 6 whose relative error is 4e-9 (minimax, coefficients of this project's own fit).
func Exp(dst, x []float32) {
	checkSameLen("Exp", "x", len(x), len(dst))
	for len(dst) > blockLen {
		active.exp(dst[:blockLen], x[:blockLen])
		dst, x = dst[blockLen:], x[blockLen:]
	}
	active.exp(dst, x)
}
