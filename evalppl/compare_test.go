package evalppl

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRowsAgainstFloat64 compares with the definition in float64: real vocabularies and odd ones, flat and sharp rows, large
// common offsets, tiny and large differences. The bound is that of baseRow.compare.
func TestRowsAgainstFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	worst := 0.0
	for _, vocab := range []int{1, 3, 600, 32001, 49152} {
		for _, spread := range []float64{0.1, 3, 30} {
			for _, noise := range []float64{0, 1e-4, 0.1, 3} {
				for _, offset := range []float64{0, 50} {
					x, y := make([]float32, vocab), make([]float32, vocab)
					for i := range x {
						x[i] = float32(r.NormFloat64() * spread)
						y[i] = x[i] + float32(r.NormFloat64()*noise)
						if offset != 0 {
							y[i] += float32(offset)
						}
					}
					target := uint32(r.IntN(vocab))
					var b baseRow
					var o row
					b.read(x, target)
					o.read(y, target)
					p := b.compare(&o)
					lp, lq := exactLogProbabilities(x), exactLogProbabilities(y)
					var kl, difference, raw float64
					for i := range lp {
						kl += math.Exp(lp[i]) * (lp[i] - lq[i])
						difference += math.Exp(lp[i]) * math.Abs(lp[i]-lq[i])
						raw += math.Exp(lp[i]) * math.Abs(float64(x[i])-float64(y[i]))
					}
					bound := 2e-6 + 4e-7*difference + 0x1p-24*raw
					if d := math.Abs(p.kl - kl); !(d <= bound) {
						t.Errorf("vocabulary %d, spread %g, noise %g, offset %g: KL %g, want %g", vocab, spread, noise, offset, p.kl, kl)
					} else if offset == 0 {
						worst = max(worst, d/(1+difference))
					}
					if noise == 0 && offset == 0 && p.kl != 0 {
						t.Errorf("vocabulary %d: KL of a row with itself is %g", vocab, p.kl)
					}
					for _, c := range []struct{ got, want float64 }{{b.loss, -lp[target]}, {o.loss, -lq[target]}, {p.deltaP, math.Exp(lq[target]) - math.Exp(lp[target])}} {
						if !(math.Abs(c.got-c.want) <= 2e-6) {
							t.Errorf("vocabulary %d: %g, want %g", vocab, c.got, c.want)
						}
					}
					top := slices.Index(x, slices.Max(x))
					if want := y[top] == slices.Max(y); p.sameTop != want {
						t.Errorf("vocabulary %d: same top %v, want %v", vocab, p.sameTop, want)
					}
				}
			}
		}
	}
	t.Logf("largest error of KL: %.2g", worst)
	if worst > 2e-7 {
		t.Errorf("largest error of KL %.2g: the comment of baseRow.compare says 1e-7", worst)
	}
}

func TestRowsWithMaskedTokens(t *testing.T) {
	inf := float32(math.Inf(1))
	var b baseRow
	var o row
	b.read([]float32{1, -inf, 0}, 0)
	o.read([]float32{0, -inf, 0}, 0)
	want := exactKL([]float32{1, 0}, []float32{0, 0})
	if p := b.compare(&o); math.Abs(p.kl-want) > 1e-6 {
		t.Errorf("both masked: %g, want %g", p.kl, want)
	}
	o.read([]float32{0, 0, -inf}, 0)
	if p := b.compare(&o); !math.IsInf(p.kl, 1) {
		t.Errorf("the other has probability 0 where the base has not: %g, want +Inf", p.kl)
	}
	o.read([]float32{0, float32(math.NaN()), 0}, 0)
	if p := b.compare(&o); !math.IsNaN(p.kl) {
		t.Errorf("NaN: %g", p.kl)
	}
}

// direct computes everything for one other model from the definitions.
func direct(base, other *tableModel, p *plan) (kl, same, dp, l0, l1 []float64) {
	for n := range p.total {
		w := p.window(n)
		in, err := p.input(w)
		if err != nil {
			panic(err)
		}
		for i := w.from; i < len(in)-1; i++ {
			x, y := base.row(in, i), other.row(in, i)
			kl = append(kl, exactKL(x, y))
			same = append(same, float64(btoi(slices.Index(x, slices.Max(x)) == slices.Index(y, slices.Max(y)))))
			a, b := exactLoss(x, in[i+1]), exactLoss(y, in[i+1])
			l0, l1 = append(l0, a), append(l1, b)
			dp = append(dp, math.Exp(-b)-math.Exp(-a))
		}
	}
	return kl, same, dp, l0, l1
}

func TestCompareAgainstDefinitions(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	others := []*tableModel{base.noisy(2, 0.02), base.noisy(3, 1), base.noisy(4, 0)}
	for name, c := range cases(base) {
		if c.o.Protocol == HF {
			continue
		}
		for _, m := range append(others, base) {
			m.passes = 0
		}
		got, err := CompareDocuments(context.Background(), base, []DistributionModel{others[0], others[1], others[2]}, c.docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		o, err := c.o.withDefaults(base)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlan(DocumentsText(c.docs), "", o)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range append(others, base) {
			if m.passes != p.total {
				t.Errorf("%s: a model ran %d times over %d windows", name, m.passes, p.total)
			}
		}
		for k, m := range others {
			kl, same, dp, l0, l1 := direct(base, m, p)
			n := float64(len(kl))
			a := got.Others[k]
			var diff, square float64
			for i := range l0 {
				diff += l1[i] - l0[i]
				square += dp[i] * dp[i]
			}
			if got.TokensScored != len(kl) {
				t.Fatalf("%s: %d tokens scored, want %d", name, got.TokensScored, len(kl))
			}
			at := slices.Index(kl, slices.Max(kl))
			slices.Sort(kl)
			slices.Sort(dp)
			// The absolute error of a row is some 1e-7; quantiles are kept as float32.
			for _, x := range []struct {
				what      string
				got, want float64
			}{
				{"mean KL", a.KL.Mean, sum(kl) / n},
				{"median KL", a.KL.Median, quantile(kl, 0.5)},
				{"90 % KL", a.KL.P90, quantile(kl, 0.9)},
				{"95 % KL", a.KL.P95, quantile(kl, 0.95)},
				{"99 % KL", a.KL.P99, quantile(kl, 0.99)},
				{"99.9 % KL", a.KL.P999, quantile(kl, 0.999)},
				{"max KL", a.KL.Max, kl[len(kl)-1]},
				{"same top", a.SameTop.Fraction, sum(same) / n},
				{"RMS of delta p", a.DeltaP.RMS, math.Sqrt(square / n)},
				{"mean delta p", a.DeltaP.Mean, sum(dp) / n},
				{"lowest delta p", a.DeltaP.Quantiles[0].Value, dp[0]},
				{"median delta p", a.DeltaP.Quantiles[6].Value, quantile(dp, 0.5)},
				{"highest delta p", a.DeltaP.Quantiles[12].Value, dp[len(dp)-1]},
				{"log ratio", a.LogRatio.Mean, diff / n},
				{"base nll", got.Base.NLL, sum(l0) / n},
				{"nll", a.NLL, sum(l1) / n},
				{"log ratio of the perplexities", a.LogRatio.Mean, math.Log(a.Perplexity / got.Base.Perplexity)},
			} {
				if !(math.Abs(x.got-x.want) <= 5e-7*(1+math.Abs(x.want))) {
					t.Errorf("%s, model %d: %s %.9g, want %.9g", name, k+1, x.what, x.got, x.want)
				}
			}
			if k == 2 {
				if a.Verdict.Answer != Identical || a.KL.Max != 0 || a.SameTop.Fraction != 1 || *a.Correlation < 1-1e-12 {
					t.Errorf("%s: a copy is not identical: %+v", name, a)
				}
				continue
			}
			if iv := a.KL.Interval; !(iv.Low < a.KL.Mean && a.KL.Mean < iv.High && iv.Low > 0) {
				t.Errorf("%s, model %d: interval %v of mean KL %g", name, k+1, *iv, a.KL.Mean)
			}
			if k == 1 && a.Verdict.Answer != Worse {
				t.Errorf("%s: a model of noise is %s", name, a.Verdict.Sentence)
			}
			if got.Documents == 1 && k == 1 {
				if want := scoredToken(p, at); a.KL.MaxToken != want {
					t.Errorf("%s: largest KL at token %d, want %d", name, a.KL.MaxToken, want)
				}
			}
		}
		if _, err := json.Marshal(got); err != nil {
			t.Error(err)
		}
	}
}

// scoredToken returns the number of the n-th scored token of the first document.
func scoredToken(p *plan, n int) int {
	for k := range p.total {
		w := p.window(k)
		if n < w.scored() {
			return w.start + w.from + 1 + n
		}
		n -= w.scored()
	}
	return -1
}

// TestCompareIsAsRun: each side has the perplexity that Run gives, and threads do not change a bit.
func TestCompareIsAsRun(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	other := base.noisy(2, 0.5)
	tokens := randomTokens(base, 3, 600)
	var all []Comparison
	for _, threads := range []int{1, 2, 5} {
		c, err := Compare(context.Background(), base, []DistributionModel{other}, tokens, Options{Threads: threads, Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		c.Seconds, c.TokensPerSecond = 0, 0
		all = append(all, c)
	}
	if diff := cmp.Diff(all[0], all[1]) + cmp.Diff(all[0], all[2]); diff != "" {
		t.Errorf("threads make a difference: %s", diff)
	}
	for k, m := range []*tableModel{base, other} {
		side := all[0].Base
		if k == 1 {
			side = all[0].Others[0].Side
		}
		r, err := Run(context.Background(), m, tokens, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(r.NLL-side.NLL) > 1e-6 || math.Abs(r.StandardError-side.StandardError) > 1e-6 || r.TokensScored != all[0].TokensScored {
			t.Errorf("model %d: nll %g -+ %g, Run says %g -+ %g", k, side.NLL, side.StandardError, r.NLL, r.StandardError)
		}
	}
	// Paired is sharper than two measurements apart.
	a := all[0].Others[0]
	if apart := math.Hypot(all[0].Base.StandardError, a.StandardError); a.LogRatio.StandardError >= apart/2 {
		t.Errorf("paired standard error %g, of two measurements %g", a.LogRatio.StandardError, apart)
	}
}

func TestCompareRefuses(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	tokens := randomTokens(base, 3, 100)
	for _, c := range []struct {
		want   string
		others []DistributionModel
		o      Options
	}{
		{"model 1 has a vocabulary of 41", []DistributionModel{newTable(1, 41, 16, 2)}, Options{}},
		{"model 1 is the same loaded model", []DistributionModel{base}, Options{}},
		{"protocol hf", []DistributionModel{base.noisy(1, 1)}, Options{Protocol: HF}},
		{"--shard", []DistributionModel{base.noisy(1, 1)}, Options{Shard: Shard{1, 2}}},
		{"--until-error", []DistributionModel{base.noisy(1, 1)}, Options{UntilError: 1}},
		{"--resume", []DistributionModel{base.noisy(1, 1)}, Options{Resume: &Result{}}},
		{"resamples", []DistributionModel{base.noisy(1, 1)}, Options{Resamples: -1}},
		{"made for 8 positions", []DistributionModel{newTable(1, 40, 8, 2)}, Options{Ctx: 16}},
	} {
		_, err := Compare(context.Background(), base, c.others, tokens, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	// Without --ctx the smallest context is used.
	c, err := Compare(context.Background(), base, []DistributionModel{newTable(1, 40, 8, 2)}, tokens, Options{})
	if err != nil || c.Ctx != 8 {
		t.Errorf("ctx %d, %v; want 8", c.Ctx, err)
	}
}

func TestCompareInterrupted(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	other := base.noisy(2, 0.5)
	tokens := randomTokens(base, 3, 600)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	other.cancel = func(pass int) {
		if pass == 6 {
			cancel()
		}
	}
	c, err := Compare(ctx, base, []DistributionModel{other}, tokens, Options{})
	if !errors.Is(err, context.Canceled) || !c.Partial || c.Windows != 5 || c.Others[0].KL.Mean <= 0 {
		t.Errorf("error %v, partial %v, %d windows, %+v", err, c.Partial, c.Windows, c.Others)
	}
	after := runtime.NumGoroutine()
	for range 1000 { // one that has done its work may still be on its way out
		if after <= before {
			break
		}
		time.Sleep(time.Millisecond)
		after = runtime.NumGoroutine()
	}
	if after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestCompareNonFinite(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	other := base.noisy(2, 0.5)
	tokens := randomTokens(base, 3, 200)
	bad := tokens[32:48]
	other.poison = func(window []uint32) bool { return beginsWith(bad, window) }
	_, err := Compare(context.Background(), base, []DistributionModel{other}, tokens, Options{Stride: 16})
	if err == nil || !strings.Contains(err.Error(), "model 1: window 2 (tokens 32 to 47): the loss of token 35 is NaN") {
		t.Errorf("error %v", err)
	}
	c, err := Compare(context.Background(), base, []DistributionModel{other}, tokens, Options{Stride: 16, NonFinite: SkipNonFinite})
	if err != nil || c.WindowsLeftOut != 1 || c.Windows != 13 || c.TokensScored != 12*15+7-15 {
		t.Errorf("error %v, %d of %d windows left out, %d tokens", err, c.WindowsLeftOut, c.Windows, c.TokensScored)
	}
	other.poison = func([]uint32) bool { return true }
	if _, err := Compare(context.Background(), base, []DistributionModel{other}, tokens, Options{NonFinite: SkipNonFinite}); err == nil || !strings.Contains(err.Error(), "none of 24 windows") {
		t.Errorf("error %v", err)
	}
}

func TestCompareOneWindow(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	c, err := Compare(context.Background(), base, []DistributionModel{base.noisy(2, 0.5)}, randomTokens(base, 3, 10), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Others[0]; a.Verdict.Answer != Undecided || a.KL.Interval != nil || c.Intervals.Name != "none" {
		t.Errorf("%+v, intervals %+v", a, c.Intervals)
	}
}

func BenchmarkCompareRow(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const vocab = 49152
	x, y := make([]float32, vocab), make([]float32, vocab)
	for i := range x {
		x[i] = float32(r.NormFloat64() * 3)
		y[i] = x[i] + float32(r.NormFloat64()*0.1)
	}
	var base baseRow
	var other row
	b.SetBytes(2 * 4 * vocab)
	for b.Loop() {
		base.read(x, 7)
		other.read(y, 7)
		base.compare(&other)
	}
}

// Without others the base alone is scored, to the numbers that it has beside others.
func TestCompareBaseAlone(t *testing.T) {
	base := newTable(3, 40, 64, 2)
	tokens := randomTokens(base, 5, 500)
	o := Options{Ctx: 64, Stride: 32}
	both, err := Compare(context.Background(), base, []DistributionModel{base.noisy(7, 0.1)}, tokens, o)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := Compare(context.Background(), base, nil, tokens, o)
	if err != nil {
		t.Fatal(err)
	}
	if alone.Base != both.Base || len(alone.Others) != 0 || alone.TokensScored != both.TokensScored {
		t.Errorf("alone %+v, beside another %+v", alone, both)
	}
	if alone.Intervals.Name != "none" || alone.Intervals.Clusters != both.Intervals.Clusters {
		t.Errorf("intervals alone %+v, beside another %+v", alone.Intervals, both.Intervals)
	}
}
