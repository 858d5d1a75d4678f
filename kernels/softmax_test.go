package kernels

import (
	"math"
	"slices"
	"testing"
)

// TestSoftmaxAccuracy compares with float64 by the bound of Softmax's doc comment. The scores are powers of two times an eighth,
// so that their product with the scale is exact and the float64 result is that of the same numbers.
func TestSoftmaxAccuracy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		for _, n := range append(testLengths()[1:], 40000) {
			s := make([]float32, n)
			for i := range s {
				s[i] = float32(r.IntN(8*200)) / 8
				if n > 3 && i%5 == 1 {
					s[i] = float32(math.Inf(-1)) // masked
				}
			}
			const scale = 0.25
			m := math.Inf(-1)
			for _, v := range s {
				m = max(m, scale*float64(v))
			}
			want := make([]float64, n)
			var sum float64
			for i, v := range s {
				want[i] = math.Exp(scale*float64(v) - m)
				sum += want[i]
			}
			got := append([]float32(nil), s...)
			Softmax(got, scale)
			for i := range want {
				w := want[i] / sum
				d := 0.0
				if w > 0 {
					d = m - scale*float64(s[i]) + math.Log(float64(n)) + 1
				}
				if e := math.Abs(float64(got[i]) - w); !(e <= (6e-7+0x1p-24*d)*w) {
					t.Fatalf("n=%d: element %d (score %v) is %v, want %v", n, i, s[i], got[i], w)
				}
			}
		}
	})
}

// TestSoftmaxNaN: NaN and +Inf anywhere make every element NaN; -Inf alone has no softmax.
func TestSoftmaxNaN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), math.Float32frombits(0xffc00001)} {
			for n := 1; n < 140; n++ {
				for _, at := range []int{0, n / 2, n - 1} {
					s := make([]float32, n)
					s[at] = bad
					Softmax(s, 1)
					for i, v := range s {
						if v == v && (bad != bad || i == at) {
							t.Fatalf("n=%d, %v at %d: element %d is %v, want NaN", n, bad, at, i, v)
						}
					}
				}
			}
		}
		s := []float32{float32(math.Inf(-1)), float32(math.Inf(-1))}
		Softmax(s, 1)
		if s[0] == s[0] || s[1] == s[1] {
			t.Errorf("softmax of -Inf alone is %v, want NaN", s)
		}
		Softmax(nil, 1)
	})
}

func TestMax(t *testing.T) {
	nan := float32(math.NaN())
	eachISA(t, func(t *testing.T) {
		if m := Max(nil); !math.IsInf(float64(m), -1) {
			t.Errorf("Max of nothing is %v, want -Inf", m)
		}
		r := newRand(t)
		buf := guarded[float32](t, 1000, true)
		for n := 1; n <= 200; n++ {
			x := buf[len(buf)-n:]
			for at := range n {
				for i := range x {
					x[i] = -1 - r.Float32()
				}
				x[at] = -0.5
				if m := Max(x); m != -0.5 {
					t.Fatalf("n=%d: Max is %v, want the -0.5 at %d", n, m, at)
				}
				if at%7 == n%7 {
					x[at] = nan
					if m := Max(x); m == m {
						t.Fatalf("n=%d: Max is %v, want NaN for the NaN at %d", n, m, at)
					}
					x[at] = float32(math.Inf(-1))
					if m := Max(x); n > 1 && !(m <= -1 && m >= -2) || n == 1 && m > -3 {
						t.Fatalf("n=%d: Max is %v with -Inf at %d", n, m, at)
					}
				}
			}
		}
		x := make([]float32, 3*blockLen+5)
		x[2*blockLen+1] = nan
		if m := Max(x); m == m {
			t.Errorf("Max of a long slice is %v, want NaN", m)
		}
	})
}

// TestSumExp compares with float64, within the 1e-6 that SumExp's doc comment derives.
func TestSumExp(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		check := func(what string, x []float32) {
			t.Helper()
			m := Max(x)
			var want float64
			for _, v := range x {
				want += math.Exp(float64(v) - float64(m))
			}
			if got := SumExp(x, m); !(math.Abs(got-want) <= 1e-6*want) {
				t.Errorf("%s, n=%d: %v, want %v: relative error %.3g", what, len(x), got, want, (got-want)/want)
			}
		}
		buf := guarded[float32](t, 1000, true)
		for n := range 201 {
			x := buf[len(buf)-n:]
			for i := range x {
				x[i] = float32(5 * r.NormFloat64())
			}
			check("normal", x)
		}
		for _, n := range []int{32000, 50257, 151936, 1 << 18} {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(4*r.NormFloat64()) - 3
			}
			check("normal", x)
			// All terms alike, so all rounded alike, at the distance that weighs most, and at distances whose float32 is inexact.
			for _, d := range []float32{8.3, 9.9, 10.3, 12.7} {
				for i := range x {
					x[i] = 0.1 - d
				}
				x[n/3] = 31.7 - 30
				check("alike", x)
			}
		}
		if got := SumExp(nil, 0); got != 0 {
			t.Errorf("sum of nothing is %v", got)
		}
		inf := float32(math.Inf(1))
		if got := SumExp([]float32{0, -inf, -1000}, 0); got != 1 {
			t.Errorf("sum with terms that vanish is %v, want 1", got)
		}
		for n := 1; n < 140; n++ {
			x := make([]float32, n)
			x[n-1] = float32(math.NaN())
			if got := SumExp(x, 0); got == got {
				t.Errorf("n=%d: sum with NaN is %v", n, got)
			}
			x[n-1] = 89 // breaks the rule
			if got := SumExp(x, 0); !math.IsInf(got, 1) && got < 1e38 {
				t.Errorf("n=%d: sum with a term above the largest is %v", n, got)
			}
		}
	})
}

// TestSumsOfExponentialsAgree: AVX2 adds in the lanes of AVX-512, so the sums are the same bit for bit.
func TestSumsOfExponentialsAgree(t *testing.T) {
	for _, isa := range []string{"avx2", "avx512"} {
		if !slices.Contains(Available(), isa) {
			t.Skipf("this CPU or binary has no %s", isa)
		}
	}
	a, b := buildTable("avx2"), buildTable("avx512")
	r := newRand(t)
	for n := range 300 {
		x := make([]float32, n)
		for i := range x {
			x[i] = -30 * float32(r.ExpFloat64()) // so far apart that float64 sums round
		}
		if p, q := a.sumExp(x, 0), b.sumExp(x, 0); p != q {
			t.Fatalf("sumExp, n=%d: avx2 %v, avx512 %v", n, p, q)
		}
		dst := make([]float32, n)
		if p, q := a.expSum(dst, x, 0.7, 0), b.expSum(dst, x, 0.7, 0); p != q {
			t.Fatalf("expSum, n=%d: avx2 %v, avx512 %v", n, p, q)
		}
	}
}

var rowLengths = []int{17, 64, 512, 2048, 49152}

func BenchmarkSoftmax(b *testing.B) {
	// The input is the last result: values between 0 and 1, none of them special.
	benchElementwise(b, 8, rowLengths, func(v [4][]float32) { Softmax(v[0], 0.125) })
}

func BenchmarkMax(b *testing.B) {
	benchElementwise(b, 4, rowLengths, func(v [4][]float32) { sinkFloat = float64(Max(v[0])) })
}

func BenchmarkSumExp(b *testing.B) {
	benchElementwise(b, 4, rowLengths, func(v [4][]float32) { sinkFloat = SumExp(v[0], 5) })
}

var sinkFloat float64
