package evalppl

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestQuantile(t *testing.T) {
	// By hand, type 7: position p*(n-1).
	x := []float64{1, 2, 4, 8, 16}
	for _, c := range []struct{ p, want float64 }{{0, 1}, {0.25, 2}, {0.5, 4}, {0.625, 6}, {0.9, 12.8}, {1, 16}} {
		if got := quantile(x, c.p); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("quantile %g of %v: %g, want %g", c.p, x, got, c.want)
		}
	}
	if got := quantile([]float32{3}, 0.7); got != 3 {
		t.Errorf("quantile of one value: %g", got)
	}
}

func TestNormal(t *testing.T) {
	// Abramowitz and Stegun, tables 26.1 and 26.5.
	for _, c := range []struct{ p, z float64 }{{0.5, 0}, {0.975, 1.959963985}, {0.8, 0.841621234}, {0.025, -1.959963985}} {
		if got := normalQuantile(c.p); math.Abs(got-c.z) > 1e-9 {
			t.Errorf("quantile of %g: %.10g, want %.10g", c.p, got, c.z)
		}
		if got := normalCDF(c.z); math.Abs(got-c.p) > 1e-9 {
			t.Errorf("probability below %g: %.10g, want %.10g", c.z, got, c.p)
		}
	}
}

// clusters draws n clusters of unequal size whose tokens share a skewed cluster effect of mean 0, so that the true ratio is mean.
func clusters(r *rand.Rand, n int, mean float64) (num, den []float64) {
	for range n {
		size := 20 + r.IntN(60)
		effect := r.ExpFloat64() - 1
		s := 0.0
		for range size {
			s += mean + effect + r.NormFloat64()
		}
		num, den = append(num, s), append(den, float64(size))
	}
	return num, den
}

// TestBootstrapCoverage: of 500 texts of known mean, the 95 % interval must hold it in about 95 %. For 40 clusters of
// exponential effects BCa reaches some 92 % (every bootstrap falls a little short with few skewed clusters); the standard deviation of
// a share of 0.93 over 500 trials is 0.011, so 0.90 to 0.97 are limits at some three of them. An interval that took tokens for independent
// would be narrower by the root of (variance of the mean with the effect : without), here about sqrt(51/2) = 5, and cover some 30 %.
func TestBootstrapCoverage(t *testing.T) {
	const trials, mean = 500, 2.0
	r := rand.New(rand.NewPCG(7, 7))
	hit, naive := 0, 0
	for trial := range trials {
		num, den := clusters(r, 40, mean)
		iv := bootstrapIntervals([]ratio{{num: num, den: den}}, 500, uint64(trial))[0]
		if iv.Low <= mean && mean <= iv.High {
			hit++
		}
		// Tokens have variance 2: 1 of the effect, 1 of their own.
		if m := sum(num) / sum(den); math.Abs(m-mean) <= z95*math.Sqrt(2/sum(den)) {
			naive++
		}
	}
	t.Logf("coverage %.3f, tokens taken for independent %.3f", float64(hit)/trials, float64(naive)/trials)
	if c := float64(hit) / trials; c < 0.90 || c > 0.97 {
		t.Errorf("coverage %.3f, want about 0.92", c)
	}
	if c := float64(naive) / trials; c > 0.5 {
		t.Errorf("the synthetic text has no dependence to be found: %.3f", c)
	}
}

// TestBootstrapAgreesWithNormalTheory: with many clusters of symmetric effects the interval is the estimate -+ 1.96 standard errors.
// A quantile at 2.5 % of 4,000 resamples has a standard deviation of sqrt(0.025*0.975/4000)/0.0584 = 0.042 standard errors, so
// 0.2 is beyond five of them.
func TestBootstrapAgreesWithNormalTheory(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var num, den []float64
	for range 400 {
		size := 20 + r.IntN(60)
		num, den = append(num, float64(size)*(1+0.3*r.NormFloat64())), append(den, float64(size))
	}
	iv := bootstrapIntervals([]ratio{{num: num, den: den}}, 4000, 1)[0]
	m, se := sum(num)/sum(den), ratioError(num, den)
	if math.Abs(iv.Low-(m-z95*se)) > 0.2*se || math.Abs(iv.High-(m+z95*se)) > 0.2*se {
		t.Errorf("interval %g to %g, want about %g to %g", iv.Low, iv.High, m-z95*se, m+z95*se)
	}
}

func TestBootstrapProperties(t *testing.T) {
	num, den := clusters(rand.New(rand.NewPCG(1, 2)), 30, 2)
	stats := []ratio{{num: num, den: den}, {num: num, den: den, f: math.Exp}}
	a := bootstrapIntervals(stats, 1000, 5)
	b := bootstrapIntervals(stats, 1000, 5)
	if *a[0] != *b[0] || *a[1] != *b[1] {
		t.Errorf("the same seed gives %v, %v and %v, %v", *a[0], *a[1], *b[0], *b[1])
	}
	if c := bootstrapIntervals(stats, 1000, 6); *c[0] == *a[0] {
		t.Errorf("another seed gives the same interval %v", *c[0])
	}
	// An increasing transformation of the statistic transforms a percentile; BCa differs only through the acceleration, which is
	// small, and through interpolation between resamples.
	if math.Abs(a[1].Low/math.Exp(a[0].Low)-1) > 0.05 || math.Abs(a[1].High/math.Exp(a[0].High)-1) > 0.05 {
		t.Errorf("interval of e^x: %v, of x: %v", *a[1], *a[0])
	}
	if one := bootstrapIntervals([]ratio{{num: num[:1], den: den[:1]}}, 1000, 5); one[0] != nil {
		t.Errorf("one cluster has the interval %v", *one[0])
	}
	zero := bootstrapIntervals([]ratio{{num: make([]float64, 30), den: den}}, 1000, 5)[0]
	if zero.Low != 0 || zero.High != 0 {
		t.Errorf("interval of zeros: %v", *zero)
	}
}

// TestAcceleration: for a mean of n values it is skewness/(6 sqrt(n)): Efron and Tibshirani, equation 14.15 with the jackknife
// values' deviations being those of the values divided by n-1, up to sign.
func TestAcceleration(t *testing.T) {
	x := []float64{0, 0, 1, 2, 7}
	one := []float64{1, 1, 1, 1, 1}
	m := sum(x) / 5
	var s2, s3 float64
	for _, v := range x {
		s2 += (v - m) * (v - m)
		s3 += (v - m) * (v - m) * (v - m)
	}
	want := s3 / (6 * math.Pow(s2, 1.5))
	if got := (ratio{num: x, den: one}).acceleration(sum(x), 5); math.Abs(got-want) > 1e-12 {
		t.Errorf("acceleration %g, want %g", got, want)
	}
}

func TestCorrelation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var m moments
	var x, y []float64
	for range 1000 {
		a, b := r.NormFloat64(), r.NormFloat64()
		x, y = append(x, 1e6+a), append(y, a+0.5*b)
		m.add(1e6+a, a+0.5*b)
	}
	mx, my := sum(x)/1000, sum(y)/1000
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	got, ok := m.correlation()
	if want := xy / math.Sqrt(xx*yy); !ok || math.Abs(got-want) > 1e-9 {
		t.Errorf("correlation %g, want %g", got, want)
	}
	if _, ok := new(moments).correlation(); ok {
		t.Error("nothing correlates with nothing")
	}
}

// TestVerdict: by hand. d = 0.01 with standard error 0.01: (2.801585)^2 = 7.8489 times the text.
func TestVerdict(t *testing.T) {
	iv := func(lo, hi float64) *Interval { return &Interval{lo, hi} }
	for _, c := range []struct {
		name     string
		d        LogRatio
		same     bool
		clusters int
		answer   string
		sentence string
	}{
		{"worse", LogRatio{0.0072, 0.0009, iv(0.0054, 0.0090)}, false, 40, Worse, "worse: perplexity is 0.723 % higher than the base's (95 % interval +0.541 % to +0.904 %)"},
		{"better", LogRatio{-0.02, 0.005, iv(-0.03, -0.01)}, false, 40, Better, "better: perplexity is 1.98 % lower than the base's (95 % interval -2.96 % to -0.995 %)"},
		{"neither", LogRatio{0.01, 0.01, iv(-0.01, 0.03)}, false, 40, NotDistinguishable, "not distinguishable on this text: perplexity differs by +1.01 % (95 % interval -0.995 % to +3.05 %); a difference of this size would need about 157 thousand tokens of such text, this one has 20 thousand"},
		{"few", LogRatio{0.01, 0.001, iv(0.008, 0.012)}, false, 4, Worse, "worse: perplexity is 1.01 % higher than the base's (95 % interval +0.803 % to +1.21 %, rough: only 4 windows)"},
		{"one window", LogRatio{0.01, 0, nil}, false, 1, Undecided, "undecided: perplexity is 1.01 % higher, but one of the windows alone says nothing about the error; score more text"},
		{"same", LogRatio{0, 0, iv(0, 0)}, true, 40, Identical, "identical: every scored token has the same loss as in the base"},
	} {
		v := newVerdict(c.d, c.same, 20000, c.clusters, "windows")
		if v.Answer != c.answer || v.Sentence != c.sentence {
			t.Errorf("%s: %q, %q\nwant %q", c.name, v.Answer, v.Sentence, c.sentence)
		}
	}
	v := newVerdict(LogRatio{0.01, 0.01, iv(-0.01, 0.03)}, false, 20000, 40, "windows")
	if math.Abs(v.TokensNeeded-156978) > 2 || math.Abs(v.Detectable-0.02801585) > 1e-8 {
		t.Errorf("%g tokens needed, %g detectable; want 156978, 0.028016", v.TokensNeeded, v.Detectable)
	}
}

// TestTokensNeededHasItsPower draws texts of the length asked for and counts how often the difference is found: 80 % is promised.
// 1,000 trials have a standard deviation of 1.3 %.
func TestTokensNeededHasItsPower(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	const windows, d, spread = 100, 0.02, 0.3
	se := spread / math.Sqrt(windows)
	v := newVerdict(LogRatio{d, se, &Interval{-1, 1}}, false, windows, windows, "windows")
	n := int(v.TokensNeeded)
	found := 0
	for range 1000 {
		var s float64
		for range n {
			s += d + spread*r.NormFloat64()
		}
		if s/float64(n) > z95*spread/math.Sqrt(float64(n)) {
			found++
		}
	}
	if found < 760 || found > 840 {
		t.Errorf("found in %d of 1000 texts, want about 800", found)
	}
}

func TestTotal(t *testing.T) {
	for n := range 20 {
		x := make([]float32, n)
		want := 0.0
		for i := range x {
			x[i] = float32(i*i) + 0.5
			want += float64(x[i])
		}
		if got := total(x); got != want {
			t.Errorf("total of %v: %g, want %g", x, got, want)
		}
	}
}
