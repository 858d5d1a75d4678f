package kernels

import "math"

// The norms take their sums in float64 (32 lanes, see norm_generic.go), so the sums are exact to 1e-15 for any length and
// cannot overflow, and every instruction set gives the same bits.

// RMSNorm sets dst[i] = x[i] / sqrt(mean(x^2)+eps) * gain[i] (B. Zhang, R. Sennrich: Root Mean Square Layer Normalization,
// 2019). The slices have the same length; dst may be x. The relative error is at most 3*2^-24 = 1.8e-7: the factor
// 1/sqrt(...), the product with x and the product with gain are each rounded to float32. eps > 0, or x must not be so small
// (root mean square below 2^-127) that the factor overflows.
func RMSNorm(dst, x, gain []float32, eps float32) {
	checkSameLen("RMSNorm", "x", len(x), len(dst))
	checkSameLen("RMSNorm", "gain", len(gain), len(dst))
	active.rmsScale(dst, x, gain, rmsFactor(active.sumSquares(x), len(x), eps))
}

// AddRMSNorm sets x[i] += delta[i], rounded to float32, and then dst to [RMSNorm] of x. dst may be delta, but not x.
func AddRMSNorm(dst, x, delta, gain []float32, eps float32) {
	checkSameLen("AddRMSNorm", "x", len(x), len(dst))
	checkSameLen("AddRMSNorm", "delta", len(delta), len(dst))
	checkSameLen("AddRMSNorm", "gain", len(gain), len(dst))
	active.rmsScale(dst, x, gain, rmsFactor(active.addSumSquares(x, delta), len(x), eps))
}

func rmsFactor(sumSquares float64, n int, eps float32) float32 {
	return float32(1 / math.Sqrt(sumSquares/float64(n)+float64(eps)))
}

// LayerNorm sets dst[i] = (x[i]-mean(x)) / sqrt(variance(x)+eps) * gain[i] + bias[i], with the variance over len(x) (J. L. Ba
// et al.: Layer Normalization, 2016). The slices have the same length, bias may be nil (0); dst may be x. The quotient is
// computed in float64 and rounded to float32, so the error is at most 2^-23*|quotient*gain| + 2^-24*|result|, also where x[i]
// is close to the mean or the spread is small beside it (down to 1e-6 of it: the mean is a float64).
func LayerNorm(dst, x, gain, bias []float32, eps float32) {
	checkLayerNorm("LayerNorm", dst, x, gain, bias)
	layerNorm(dst, x, gain, bias, active.sum(x), eps)
}

// AddLayerNorm sets x[i] += delta[i], rounded to float32, and then dst to [LayerNorm] of x. dst may be delta, but not x.
func AddLayerNorm(dst, x, delta, gain, bias []float32, eps float32) {
	checkLayerNorm("AddLayerNorm", dst, x, gain, bias)
	checkSameLen("AddLayerNorm", "delta", len(delta), len(dst))
	layerNorm(dst, x, gain, bias, active.addSum(x, delta), eps)
}

func checkLayerNorm(name string, dst, x, gain, bias []float32) {
	checkSameLen(name, "x", len(x), len(dst))
	checkSameLen(name, "gain", len(gain), len(dst))
	if bias != nil {
		checkSameLen(name, "bias", len(bias), len(dst))
	}
}

func layerNorm(dst, x, gain, bias []float32, sum float64, eps float32) {
	n := float64(len(x))
	mean := sum / n
	variance := active.sumSquaredDeviations(x, mean) / n
	active.centerScale(dst, x, gain, bias, mean, 1/math.Sqrt(variance+float64(eps)))
}
