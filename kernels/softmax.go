package kernels

import "math"

// Max returns the largest element of x, -Inf if x is empty and NaN if any element is NaN. Which zero it returns for a mix of
// +0 and -0 is not defined.
func Max(x []float32) float32 { return maxScaled(x, 1) }

// maxScaled returns the largest scale*x[i], with the product rounded to float32.
func maxScaled(x []float32, scale float32) float32 {
	m := float32(math.Inf(-1))
	for len(x) > blockLen {
		// The built-in max returns NaN if either is NaN.
		m = max(m, active.max(x[:blockLen], scale))
		x = x[blockLen:]
	}
	return max(m, active.max(x, scale))
}

// SumExp returns the sum of e^(x[i]-largest), where largest is at least every x[i], as [Max] returns it. So the logarithm of
// the softmax of x is x[i] - largest - log(SumExp(x, largest)), and its terms cannot overflow. Terms below 2^-126 count as 0;
// NaN stays NaN; a difference above 88, which breaks the rule, may give +Inf.
//
// The relative error is at most 1e-6 for up to 2^18 elements: 2^-23 from adding four exponentials in float32, which then go
// into float64; 1.5 ulp = 1.8e-7 from each exponential; and from the rounding of the difference d = largest - x[i], at most
// 2^-24*d, weighted with the share that terms e^-d have in a sum that holds e^0 too: (N e^-d / (1 + N e^-d)) * d * 2^-24,
// which is largest, 5.5e-7, near d = 10 for N = 2^18 equal terms.
func SumExp(x []float32, largest float32) float64 {
	var sum float64
	for len(x) > blockLen {
		sum += active.sumExp(x[:blockLen], largest)
		x = x[blockLen:]
	}
	return sum + active.sumExp(x, largest)
}

// Softmax replaces s by softmax(scale*s): s[i] = e^(scale*s[i]-m) / sum of e^(scale*s[j]-m), with m the largest scale*s[j].
// An element that is -Inf (a masked position; scale > 0) becomes 0. NaN or +Inf anywhere makes every element NaN, and so does
// a row of nothing but -Inf, which has no softmax: the caller must not make one.
//
// The relative error of an element, compared with exact arithmetic on scale*s rounded to float32, is at most
// 2*(1.5 ulp) + 2^-23 + 2^-24*(d+d') + 2^-23 <= 6e-7 + 2^-24*(d+d'), where d is the distance of the scaled element from m,
// and d' < ln(len(s)) + 1 that of the bulk of the sum.
func Softmax(s []float32, scale float32) {
	if len(s) == 0 {
		return
	}
	f := float32(1 / expSum(s, scale))
	for rest := s; len(rest) > 0; {
		b := rest[:min(len(rest), blockLen)]
		active.scale(b, f)
		rest = rest[len(b):]
	}
}

// expSum replaces s by e^(scale*s[i]-m), with m the largest scale*s[j], and returns the sum.
func expSum(s []float32, scale float32) float64 {
	m := maxScaled(s, scale)
	var sum float64
	for len(s) > 0 {
		b := s[:min(len(s), blockLen)]
		sum += active.expSum(b, b, scale, m)
		s = s[len(b):]
	}
	return sum
}
