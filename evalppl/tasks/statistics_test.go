package tasks

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestAccuracy(t *testing.T) {
	// Wilson's interval: 81 of 263 is Newcombe's example (Statistics in Medicine 17, 1998, table I), as are 15 of 148, 0 of 20 and 1 of 29.
	for _, c := range []struct {
		correct, n int
		low, high  float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1},
	} {
		a := newAccuracy(c.correct, c.n)
		p := float64(c.correct) / float64(c.n)
		if a.Correct != c.correct || a.Value != p || !near(a.Low, c.low, 5e-5) || !near(a.High, c.high, 5e-5) {
			t.Errorf("%d of %d: %+v, want %g to %g", c.correct, c.n, a, c.low, c.high)
		}
		// The definition: the sample standard deviation over the root of n.
		var ss float64
		for i := range c.n {
			x := 0.0
			if i < c.correct {
				x = 1
			}
			ss += (x - p) * (x - p)
		}
		if want := math.Sqrt(ss/float64(c.n-1)) / math.Sqrt(float64(c.n)); !near(a.StandardError, want, 1e-14) {
			t.Errorf("%d of %d: standard error %g, want %g", c.correct, c.n, a.StandardError, want)
		}
	}
	if a := newAccuracy(1, 1); a.StandardError != 0 || !(a.Low > 0.2 && a.Low < 0.21) || a.High != 1 {
		t.Errorf("1 of 1: %+v", a)
	}
	if a := newAccuracy(0, 0); a.Low != 0 || a.High != 1 || a.Value != 0 {
		t.Errorf("nothing: %+v", a)
	}
}

func TestPerplexity(t *testing.T) {
	p := newPerplexity([]float64{-1, -2, -3, -6})
	// Mean -3, squares 4+1+0+9 = 14, /3 and /4.
	se := math.Sqrt(14.0 / 3 / 4)
	if p.LogLikelihood != -3 || !near(p.LogLikelihoodStandardError, se, 1e-15) || !near(p.Value, math.E*math.E*math.E, 1e-12) || !near(p.StandardError, p.Value*se, 1e-12) {
		t.Errorf("%+v", p)
	}
	if !near(p.Low, math.Exp(3-1.959964*se), 1e-12) || !near(p.High, math.Exp(3+1.959964*se), 1e-9) {
		t.Errorf("%+v", p)
	}
	if p := newPerplexity([]float64{-1000, -3000}); p.Value != math.MaxFloat64 || p.High != math.MaxFloat64 || p.StandardError != math.MaxFloat64 {
		t.Errorf("beyond the numbers: %+v", p)
	}
	if p := newPerplexity([]float64{-1}); p.StandardError != 0 || p.Low != p.Value {
		t.Errorf("one: %+v", p)
	}
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		a, b int
		p    float64
	}{
		{0, 0, 1}, {1, 0, 1}, {3, 3, 1}, {0, 5, 2.0 / 32}, {5, 0, 2.0 / 32}, {1, 9, 2 * 11.0 / 1024}, {2, 8, 2 * 56.0 / 1024},
	} {
		if p := signTest(c.a, c.b); !near(p, c.p, 1e-12) {
			t.Errorf("%d and %d: p = %g, want %g", c.a, c.b, p, c.p)
		}
	}
	if p := signTest(5000, 5400); !(p > 0 && p < 1e-4) {
		t.Errorf("5000 and 5400: p = %g", p)
	}
}

func TestPairAccuracies(t *testing.T) {
	p := pairAccuracies("1111100000", "1110011111")
	// d = 0 0 0 -1 -1 1 1 1 1 1: mean 0.3, squares 7 - 10*0.09 = 6.1.
	if p.OnlyFirst != 2 || p.OnlyOther != 5 || !near(p.Difference, 0.3, 1e-15) || !near(p.StandardError, math.Sqrt(6.1/9/10), 1e-15) || p.Answer != NotDistinguishable {
		t.Errorf("%+v", p)
	}
	const zeros, ones = "00000000000000000000", "11111111111111111111"
	for _, c := range []struct{ a, b, want string }{{zeros, ones, Better}, {ones, zeros, Worse}, {ones, ones, Identical}} {
		if p := pairAccuracies(c.a, c.b); p.Answer != c.want || p.Sentence() == "" {
			t.Errorf("%s and %s: %+v", c.a, c.b, p)
		}
	}
	l := pairLogarithms([]float64{-1, -2, -3}, []float64{-2, -2, -5})
	// Differences 1, 0, 2: mean 1, standard deviation 1.
	if l.Mean != 1 || !near(l.StandardError, 1/math.Sqrt(3), 1e-15) {
		t.Errorf("%+v", l)
	}
}

// TestMcNemarLevel: of models that differ by chance alone, at most one in twenty is called better or worse. 2000 trials have a
// standard error of 0.5 %; the exact test stays below its level, so 6 % is two standard errors beyond what it could be.
func TestMcNemarLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const trials = 2000
	called := 0
	for range trials {
		a, b := make([]byte, 200), make([]byte, 200)
		for i := range a {
			hard := rng.Float64()
			a[i], b[i] = '0', '0'
			if rng.Float64() < hard {
				a[i] = '1'
			}
			if rng.Float64() < hard {
				b[i] = '1'
			}
		}
		if p := pairAccuracies(string(a), string(b)); p.Answer == Better || p.Answer == Worse {
			called++
		}
	}
	if share := float64(called) / trials; share > 0.06 || share < 0.01 {
		t.Errorf("%.3f of models that are alike are called different", share)
	}
}
