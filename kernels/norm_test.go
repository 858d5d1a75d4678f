package kernels

import (
	"math"
	"slices"
	"testing"
)

// normInputs are values of very different sizes, values far from zero with a small spread (where a variance computed as
// mean(x^2)-mean(x)^2 in float32 would be noise), and squares that float32 cannot hold.
func normInputs(t *testing.T, n int) map[string][]float32 {
	r := newRand(t)
	in := map[string][]float32{}
	for name, f := range map[string]func() float32{
		"mixed": func() float32 { return float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(7)-3))) },
		"far":   func() float32 { return float32(10000 + r.NormFloat64()) },
		"large": func() float32 { return float32(1e25 * r.NormFloat64()) },
		"small": func() float32 { return float32(1e-25 * r.NormFloat64()) },
	} {
		x := make([]float32, n)
		for i := range x {
			x[i] = f()
		}
		in[name] = x
	}
	return in
}

// TestRMSNormAccuracy: 3 roundings of 2^-24 each, as RMSNorm's doc comment says, against float64.
func TestRMSNormAccuracy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{1, 3, 31, 32, 64, 100, 576, 2048, 5000} {
			for name, x := range normInputs(t, n) {
				const eps = float32(1e-6)
				gain, delta, dst := make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range gain {
					gain[i], delta[i] = 1+float32(i%7)/5, x[n-1-i]/3
				}
				check := func(what string) {
					t.Helper()
					var squares float64
					for _, v := range x {
						squares += float64(v) * float64(v)
					}
					f := 1 / math.Sqrt(squares/float64(n)+float64(eps))
					for i, v := range x {
						want := float64(v) * f * float64(gain[i])
						if e := math.Abs(float64(dst[i]) - want); !(e <= 3.001*0x1p-24*math.Abs(want)+0x1p-149) {
							t.Fatalf("%s of %s, n=%d: element %d is %v, want %v", what, name, n, i, dst[i], want)
						}
					}
				}
				RMSNorm(dst, x, gain, eps)
				check("RMSNorm")
				AddRMSNorm(dst, x, delta, gain, eps) // changes x
				check("AddRMSNorm")
			}
		}
	})
}

// TestLayerNormAccuracy: 2^-23*|quotient*gain| + 2^-24*|result|, as LayerNorm's doc comment says, against float64.
func TestLayerNormAccuracy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{1, 3, 31, 32, 64, 100, 768, 2048, 5000} {
			for name, x := range normInputs(t, n) {
				const eps = float32(1e-5)
				gain, bias, delta, dst := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range gain {
					gain[i], bias[i], delta[i] = 1+float32(i%7)/5, float32(i%11)-5, x[n-1-i]/3
				}
				check := func(what string, bias []float32) {
					t.Helper()
					var mean, correction, variance, largest float64
					for _, v := range x {
						mean += float64(v) / float64(n)
						largest = max(largest, math.Abs(float64(v)))
					}
					for _, v := range x {
						correction += (float64(v) - mean) / float64(n)
					}
					mean += correction
					for _, v := range x {
						variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
					}
					f := 1 / math.Sqrt(variance+float64(eps))
					for i, v := range x {
						q := (float64(v) - mean) * f * float64(gain[i])
						want := q
						if bias != nil {
							want += float64(bias[i])
						}
						// The float64 mean of the kernel has at most n/32 additions in a lane, 5 folds, 31 elements after the
						// groups and a division; this one's is corrected, which leaves a rounding.
						meanError := float64(n/32+5+31+2) * 0x1p-53 * largest * f * float64(gain[i])
						if e := math.Abs(float64(dst[i]) - want); !(e <= 2.001*0x1p-24*math.Abs(q)+0x1p-24*math.Abs(want)+meanError) {
							t.Fatalf("%s of %s, n=%d: element %d is %v, want %v", what, name, n, i, dst[i], want)
						}
					}
				}
				LayerNorm(dst, x, gain, bias, eps)
				check("LayerNorm", bias)
				LayerNorm(dst, x, gain, nil, eps)
				check("LayerNorm without bias", nil)
				AddLayerNorm(dst, x, delta, gain, bias, eps) // changes x
				check("AddLayerNorm", bias)
			}
		}
	})
}

// TestNormSums: the sums are the portable twin's bit for bit, with every lane in its place. (The norms themselves round them to
// float32, which would hide a different order.)
func TestNormSums(t *testing.T) {
	generic := buildTable("generic")
	eachISA(t, func(t *testing.T) {
		for n := range 300 {
			for name, x := range normInputs(t, n) {
				delta := make([]float32, n)
				for i := range delta {
					delta[i] = x[n-1-i] / 3
				}
				for kernel, pair := range map[string][2]float64{
					"sum":                  {active.sum(x), generic.sum(x)},
					"addSum":               {active.addSum(slices.Clone(x), delta), generic.addSum(slices.Clone(x), delta)},
					"sumSquares":           {active.sumSquares(x), generic.sumSquares(x)},
					"addSumSquares":        {active.addSumSquares(slices.Clone(x), delta), generic.addSumSquares(slices.Clone(x), delta)},
					"sumSquaredDeviations": {active.sumSquaredDeviations(x, 0.1), generic.sumSquaredDeviations(x, 0.1)},
				} {
					if pair[0] != pair[1] {
						t.Fatalf("%s of %s, n=%d: %v, want %v", kernel, name, n, pair[0], pair[1])
					}
				}
			}
		}
	})
}

// TestLayerNormConstant: a row without spread is its bias, however large the row.
func TestLayerNormConstant(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x, gain, bias, dst := make([]float32, 100), make([]float32, 100), make([]float32, 100), make([]float32, 100)
		for i := range x {
			x[i], gain[i], bias[i] = 3e7, 2, float32(i)
		}
		LayerNorm(dst, x, gain, bias, 1e-5)
		sameBits(t, "LayerNorm of a constant", dst, bias)
	})
}

// TestNormNonFinite: NaN and Inf reach every element or, for Inf in RMSNorm, their own.
func TestNormNonFinite(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, at := range []int{0, 33, 99} {
				x, gain, dst := make([]float32, 100), make([]float32, 100), make([]float32, 100)
				for i := range x {
					x[i], gain[i] = float32(i), 1
				}
				x[at] = float32(v)
				RMSNorm(dst, x, gain, 1e-5)
				if dst[at] == dst[at] || v != v && dst[50] == dst[50] {
					t.Errorf("RMSNorm hides %v at %d", v, at)
				}
				LayerNorm(dst, x, gain, nil, 1e-5)
				if dst[at] == dst[at] || dst[50] == dst[50] {
					t.Errorf("LayerNorm hides %v at %d", v, at)
				}
			}
		}
	})
}

var normLengths = []int{576, 2048, 8192}

func BenchmarkRMSNorm(b *testing.B) {
	benchElementwise(b, 12, normLengths, func(v [4][]float32) { RMSNorm(v[0], v[1], v[2], 1e-5) })
}

func BenchmarkAddRMSNorm(b *testing.B) {
	delta := make([]float32, 1<<14) // zeros, so that x stays what it is
	benchElementwise(b, 20, normLengths, func(v [4][]float32) { AddRMSNorm(v[0], v[1], delta[:len(v[0])], v[2], 1e-5) })
}

func BenchmarkLayerNorm(b *testing.B) {
	benchElementwise(b, 16, normLengths, func(v [4][]float32) { LayerNorm(v[0], v[1], v[2], v[3], 1e-5) })
}

func BenchmarkAddLayerNorm(b *testing.B) {
	delta := make([]float32, 1<<14)
	benchElementwise(b, 24, normLengths, func(v [4][]float32) { AddLayerNorm(v[0], v[1], delta[:len(v[0])], v[2], v[3], 1e-5) })
}
