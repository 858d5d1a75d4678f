package kernels

import (
	"math"
	"testing"
)

// TestExpAccuracy: at most 1.5 ulp where the result is a normal number, over one in 997 of all float32.
func TestExpAccuracy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		y := make([]float32, 4096)
		worst, at := 0.0, float32(0)
		everyFloat(997, -87.33654, 88.72283, func(x []float32) {
			Exp(y[:len(x)], x)
			for i, v := range x {
				want := math.Exp(float64(v))
				_, e := math.Frexp(want)
				if u := math.Abs(float64(y[i])-want) / math.Ldexp(1, e-24); !(u <= worst) {
					worst, at = u, v
				}
			}
		})
		if !(worst <= 1.5) {
			t.Errorf("e^%v is %.2f ulp off, want at most 1.5", at, worst)
		}
	})
}

// TestExpEdges: the first and last float32 with a normal result, and their neighbours.
func TestExpEdges(t *testing.T) {
	inf := float32(math.Inf(1))
	low, top := math.Float32frombits(0xc2aeac4f), math.Float32frombits(0x42b17217)
	for _, c := range []struct{ x, want float32 }{
		{0, 1}, {float32(math.Copysign(0, -1)), 1}, {math.SmallestNonzeroFloat32, 1},
		{low, float32(math.Exp(float64(low)))}, {math.Nextafter32(low, -inf), 0}, {-1000, 0}, {-math.MaxFloat32, 0}, {-inf, 0},
		{top, float32(math.Exp(float64(top)))}, {math.Nextafter32(top, inf), inf}, {1000, inf}, {math.MaxFloat32, inf}, {inf, inf},
		{float32(math.NaN()), float32(math.NaN())},
	} {
		eachISA(t, func(t *testing.T) {
			var got [1]float32
			Exp(got[:], []float32{c.x})
			if c.want == c.want && c.want != inf && c.want != 0 {
				if math.Abs(float64(got[0]-c.want)) > 2*0x1p-24*float64(c.want) {
					t.Errorf("e^%v = %v, want %v", c.x, got[0], c.want)
				}
				return
			}
			sameBits(t, "e^x", got[:], []float32{c.want})
		})
	}
}

func BenchmarkExp(b *testing.B) {
	benchElementwise(b, 8, activationLengths, func(v [4][]float32) { Exp(v[0], v[1]) })
}
