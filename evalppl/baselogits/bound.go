package baselogits

import "math"

// KLBound bounds how far a mean divergence KL(base || other) from a saved base is from that of the model itself, where every
// log-probability of the base is off by at most e ([Reader.LogProbabilityError]).
//
// With p the base, p' the saved base and q the other, and a = exp(e) - 1, so that |p'/p - 1| <= a:
//
//	KL(p'||q) - KL(p||q) = sum (p'-p) ln(p/q) + KL(p'||p)
//	|sum (p'-p) ln(p/q)| <= a E|ln(p/q)| <= a (K + sqrt(2K))
//	KL(p'||p) <= chi^2(p',p) <= a^2
//
// The expectation of |ln(p/q)| is K plus twice that of its negative part, which is at most the total variation, at most sqrt(K/2)
// (Pinsker's inequality; Cover, Thomas, Elements of Information Theory, 2nd ed., lemma 11.6.1). K may be either divergence, for p and p'
// can change places. The square root is concave, so the mean K serves for the mean over tokens (Jensen's inequality). Rounding goes up as often
// as down, so that the true difference is far smaller.
//
// Not in the bound are the tokens below [Deepest], which p' leaves out: sum p ln(p/q) over them. Their p add up to at most Vocab e^-40, so for each
// nat that q lies below p there it is at most 2.1e-13 with a vocabulary of 49,152.
func KLBound(meanKL, e float64) float64 {
	a := math.Expm1(e)
	return a*(meanKL+math.Sqrt(2*max(0, meanKL))) + a*a
}
