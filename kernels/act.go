package kernels

// The gated activations multiply by a second input: f(gate)*up, the inner step of a gated feed-forward layer (N. Shazeer: GLU
// Variants Improve Transformer, 2020). Slices have the same length; dst may be x, gate or up.
//
// The assembly computes all of them from one exponential with an argument that is never positive, so nothing overflows on
// the way: sigmoid(w) = (w < 0 ? e : 1)/(1 + e) with e = e^-|w|. Where |w| > 87.3 that e counts as 0.
//
// Infinities: +Inf gives +Inf; -Inf gives NaN (-Inf*0), except ReLU's 0, as in PyTorch. NaN stays NaN.

// SiLU sets dst[i] = x[i]*sigmoid(x[i]) = x[i]/(1+e^-x[i]), also called swish. The relative error is at most 3.6e-7 for
// x >= -87.3: 1.5 ulp = 1.8e-7 of the exponential and three roundings of 2^-24 (measured: 2.3e-7). Below that it is -0, where
// the exact value is above -1.1e-36.
func SiLU(dst, x []float32) { unary("SiLU", active.silu, dst, x) }

// GELUTanh sets dst[i] = x[i]/2*(1+tanh(w/2)) = x[i]*sigmoid(w), w = 2*sqrt(2/pi)*(x[i]+0.044715*x[i]^3): the approximation
// of [GELU] that PyTorch calls "tanh" and checkpoints "gelu_new", "gelu_pytorch_tanh" or "gelu_fast". The error is at most
// 2.2e-7*|x| (measured: 1.2e-7*|x|): with S = sigmoid(w), S*(1-S)*|w|*4*2^-24 from the roundings of w, S*(1-S)*1.5 ulp from the
// exponential, and S*2*2^-24 (S*3*2^-24 for x < 0) from the roundings after it.
func GELUTanh(dst, x []float32) { unary("GELUTanh", active.geluTanh, dst, x) }

// GELU sets dst[i] = x[i]*Phi(x[i]) = x[i]/2*(1+erf(x[i]/sqrt 2)) (D. Hendrycks, K. Gimpel: Gaussian Error Linear Units,
// 2016). The assembly takes Phi(-|x|) = e^(-x^2/2)*G(s), s = p*|x|/(1+p*|x|), the idea of M. Abramowitz, I. Stegun: Handbook of
// Mathematical Functions, 7.1.26, in a variable that is 0 at x = 0, where G = 1/2 exactly. G is a polynomial of degree 8 of
// this project's own fit, within 8.4e-9 once multiplied by e^(-x^2/2), to |x| = 13.3, where that factor becomes 0. The error is
// at most 2.5e-7*|x| (measured: 1.2e-7*|x|, so Phi is within 1.2e-7): 2^-24*|x| from the last product, 2^-25 from 1-Phi(-|x|),
// and for Phi(-|x|) 1.5 ulp of the exponential, 8.4e-9 of the fit, and about four roundings of s and G.
func GELU(dst, x []float32) { unary("GELU", active.gelu, dst, x) }

// ReLU sets dst[i] = 0 where x[i] < 0, else x[i].
func ReLU(dst, x []float32) { unary("ReLU", active.relu, dst, x) }

// SiLUMul sets dst[i] = silu(gate[i])*up[i], see [SiLU].
func SiLUMul(dst, gate, up []float32) { gated("SiLUMul", active.siluMul, dst, gate, up) }

// GELUTanhMul sets dst[i] = geluTanh(gate[i])*up[i], see [GELUTanh].
func GELUTanhMul(dst, gate, up []float32) { gated("GELUTanhMul", active.geluTanhMul, dst, gate, up) }

// GELUMul sets dst[i] = gelu(gate[i])*up[i], see [GELU].
func GELUMul(dst, gate, up []float32) { gated("GELUMul", active.geluMul, dst, gate, up) }

// unary checks lengths and calls f on blocks of at most blockLen elements.
func unary(name string, f func(dst, x []float32), dst, x []float32) {
	checkSameLen(name, "x", len(x), len(dst))
	for len(dst) > blockLen {
		f(dst[:blockLen], x[:blockLen])
		dst, x = dst[blockLen:], x[blockLen:]
	}
	f(dst, x)
}

// gated is unary for two inputs.
func gated(name string, f func(dst, gate, up []float32), dst, gate, up []float32) {
	checkSameLen(name, "gate", len(gate), len(dst))
	checkSameLen(name, "up", len(up), len(dst))
	for len(dst) > blockLen {
		f(dst[:blockLen], gate[:blockLen], up[:blockLen])
		dst, gate, up = dst[blockLen:], gate[blockLen:], up[blockLen:]
	}
	f(dst, gate, up)
}
