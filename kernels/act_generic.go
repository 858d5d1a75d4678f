package kernels

import "math"

// geluTanhScale is sqrt(2/pi), geluTanhCubic the coefficient of x^3 in GELU's approximation by tanh.
const (
	geluTanhScale = 0.797884560802865355879892119868763737
	geluTanhCubic = 0.044715
)

// The activations are computed in float64 and rounded once: they are the specification of the assembly.

// sigmoidTimes returns x*sigmoid(w).
func sigmoidTimes(x, w float64) float32 { return float32(x / (1 + math.Exp(-w))) }

func silu32(x float32) float32 { return sigmoidTimes(float64(x), float64(x)) }

func geluTanh32(x float32) float32 {
	v := float64(x)
	return sigmoidTimes(v, 2*geluTanhScale*(v+geluTanhCubic*v*v*v))
}

func gelu32(x float32) float32 {
	v := float64(x)
	return float32(v * (0.5 * math.Erfc(v*(-1/math.Sqrt2))))
}

func siluGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = silu32(v)
	}
}

func siluMulGeneric(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	for i, v := range gate {
		dst[i] = silu32(v) * up[i]
	}
}

func geluTanhGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = geluTanh32(v)
	}
}

func geluTanhMulGeneric(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	for i, v := range gate {
		dst[i] = geluTanh32(v) * up[i]
	}
}

func geluGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = gelu32(v)
	}
}

func geluMulGeneric(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	for i, v := range gate {
		dst[i] = gelu32(v) * up[i]
	}
}

func reluGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		if v < 0 {
			v = 0
		}
		dst[i] = v
	}
}

var _ = register("generic", func(t *table) {
	t.silu, t.siluMul = siluGeneric, siluMulGeneric
	t.geluTanh, t.geluTanhMul = geluTanhGeneric, geluTanhMulGeneric
	t.gelu, t.geluMul = geluGeneric, geluMulGeneric
	t.relu = reluGeneric
})
