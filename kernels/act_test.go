package kernels

import (
	"math"
	"testing"
)

// everyFloat calls f with blocks of float32 that together hold one in step of all bit patterns between lo and hi.
func everyFloat(step uint64, lo, hi float32, f func(x []float32)) {
	x := make([]float32, 0, 4096)
	for b := uint64(0); b < 1<<32; b += step {
		if v := math.Float32frombits(uint32(b)); v >= lo && v <= hi {
			if x = append(x, v); len(x) == cap(x) {
				f(x)
				x = x[:0]
			}
		}
	}
	f(x)
}

// TestActivationAccuracy compares with float64 over one in 9973 of all float32. The bounds are the doc comments', which derive
// them; 1e-30 allows for denormal results.
func TestActivationAccuracy(t *testing.T) {
	timesX := func(bound float64) func(x, want float64) float64 {
		return func(x, _ float64) float64 { return bound*math.Abs(x) + 1e-30 }
	}
	for _, c := range []struct {
		name   string
		run    func(dst, x []float32)
		exact  func(x float64) float64
		lo, hi float32
		bound  func(x, want float64) float64
	}{
		{"SiLU", SiLU, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, -87.3, 1e30, func(_, want float64) float64 { return 3.6e-7*math.Abs(want) + 1e-36 }},
		{"SiLU/low", SiLU, func(float64) float64 { return 0 }, -math.MaxFloat32, -87.3, func(_, _ float64) float64 { return 1.1e-36 }},
		{"GELUTanh", GELUTanh, func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, -math.MaxFloat32, 1e30, timesX(2.2e-7)},
		{"GELU", GELU, func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }, -math.MaxFloat32, 1e30, timesX(2.5e-7)},
		// The approximation of Phi decays as it should: no tail of noise. The exponent -x^2/2 is rounded once, 2^-24*x^2/2, and
		// G is small there: its fit is within 5e-7 of itself, s within 3*2^-24, where |s*G'/G| < 6.
		{"GELU/tail", GELU, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, -13, -1, func(x, want float64) float64 {
			return (x*x/2*0x1p-24 + 5e-7 + 6*3*0x1p-24 + 5e-7) * math.Abs(want)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachISA(t, func(t *testing.T) {
				y := make([]float32, 4096)
				everyFloat(9973, c.lo, c.hi, func(x []float32) {
					if t.Failed() {
						return
					}
					c.run(y[:len(x)], x)
					for i, v := range x {
						want := c.exact(float64(v))
						if d := math.Abs(float64(y[i]) - want); !(d <= c.bound(float64(v), want)) {
							t.Errorf("f(%v) = %v, want %v: the error %.3g is above %.3g", v, y[i], want, d, c.bound(float64(v), want))
							return
						}
					}
				})
			})
		})
	}
}

var activationLengths = []int{576, 8192, 1 << 20}

func BenchmarkSiLU(b *testing.B) {
	benchElementwise(b, 8, activationLengths, func(v [4][]float32) { SiLU(v[0], v[1]) })
}

func BenchmarkSiLUMul(b *testing.B) {
	benchElementwise(b, 12, activationLengths, func(v [4][]float32) { SiLUMul(v[0], v[1], v[2]) })
}

func BenchmarkGELUTanh(b *testing.B) {
	benchElementwise(b, 8, activationLengths, func(v [4][]float32) { GELUTanh(v[0], v[1]) })
}

func BenchmarkGELUTanhMul(b *testing.B) {
	benchElementwise(b, 12, activationLengths, func(v [4][]float32) { GELUTanhMul(v[0], v[1], v[2]) })
}

func BenchmarkGELU(b *testing.B) {
	benchElementwise(b, 8, activationLengths, func(v [4][]float32) { GELU(v[0], v[1]) })
}

func BenchmarkGELUMul(b *testing.B) {
	benchElementwise(b, 12, activationLengths, func(v [4][]float32) { GELUMul(v[0], v[1], v[2]) })
}

func BenchmarkReLU(b *testing.B) {
	benchElementwise(b, 8, activationLengths, func(v [4][]float32) { ReLU(v[0], v[1]) })
}

func BenchmarkAdd(b *testing.B) {
	benchElementwise(b, 12, activationLengths, func(v [4][]float32) { Add(v[0], v[1]) })
}
