package evalppl

import (
	"errors"
	"math"

	"nibble/evalppl/internal/spill"
)

// againstTally is what is kept of the pairs of one model with the base: sums of each cluster for means and intervals, and each
// token's values for the quantiles.
type againstTally struct {
	// Of each cluster: number of tokens, and sums.
	tokens, kl, same, square, ratio []float64
	document                        int

	kls, deltas *spill.List // of each token, as the bits of float32
	bits        []uint32    // scratch
	closedKL    float64     // the sum of kl but for the last cluster
	deltaP      float64
	max         float64
	maxDocument int
	maxToken    int
	identical   bool
	moments     moments
}

// tallyMemory is how many bytes of the tokens' values stay in memory, of all models together.
const tallyMemory = 32 << 20

// add adds a window. Its losses are finite. Its errors are those of the temporary file.
func (a *againstTally) add(w window, base []float64, pairs []pair, documents bool) error {
	if len(a.tokens) == 0 {
		a.identical, a.max = true, math.Inf(-1)
	}
	if len(a.tokens) == 0 || !documents || a.document != w.doc {
		a.closedKL = a.sumKL()
		for _, x := range []*[]float64{&a.tokens, &a.kl, &a.same, &a.square, &a.ratio} {
			*x = append(*x, 0)
		}
		a.document = w.doc
	}
	at := len(a.tokens) - 1
	a.tokens[at] += float64(len(pairs))
	for i, p := range pairs {
		a.kl[at] += p.kl
		if p.sameTop {
			a.same[at]++
		}
		a.square[at] += p.deltaP * p.deltaP
		a.ratio[at] += p.loss - base[i]
		a.deltaP += p.deltaP
		if p.kl > a.max {
			a.max, a.maxDocument, a.maxToken = p.kl, w.doc, w.start+w.from+1+i
		}
		a.identical = a.identical && p.loss == base[i]
		a.moments.add(base[i], p.loss)
	}
	return errors.Join(a.keep(a.kls, pairs, func(p pair) float64 { return p.kl }), a.keep(a.deltas, pairs, func(p pair) float64 { return p.deltaP }))
}

// keep adds a value of each token to a list.
func (a *againstTally) keep(list *spill.List, pairs []pair, value func(pair) float64) error {
	a.bits = a.bits[:0]
	for _, p := range pairs {
		a.bits = append(a.bits, math.Float32bits(float32(value(p))))
	}
	return list.Append(a.bits...)
}

// sumKL is the sum of kl, added up in order.
func (a *againstTally) sumKL() float64 {
	if len(a.kl) == 0 {
		return 0
	}
	return a.closedKL + a.kl[len(a.kl)-1]
}

// deltaQuantiles are the shares of tokens that quantiles of the change of probability are given for.
var deltaQuantiles = []float64{0, 0.001, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999, 1}

// result computes the statistics; text is the number of tokens of the text scored so far.
func (a *againstTally) result(m Method, text int) (Against, error) {
	n := sum(a.tokens)
	out := Against{
		KL: Divergence{
			Mean: sum(a.kl) / n, StandardError: ratioError(a.kl, a.tokens),
			Max: a.max, MaxDocument: a.maxDocument, MaxToken: a.maxToken,
		},
		SameTop:  Proportion{Fraction: sum(a.same) / n, StandardError: ratioError(a.same, a.tokens)},
		DeltaP:   ProbabilityChange{Mean: a.deltaP / n, RMS: math.Sqrt(sum(a.square) / n)},
		LogRatio: LogRatio{Mean: sum(a.ratio) / n, StandardError: ratioError(a.ratio, a.tokens)},
	}
	intervals := bootstrapIntervals([]ratio{
		{num: a.kl, den: a.tokens}, {num: a.same, den: a.tokens}, {num: a.square, den: a.tokens, f: math.Sqrt}, {num: a.ratio, den: a.tokens},
	}, m.Resamples, m.Seed)
	out.KL.Interval, out.SameTop.Interval, out.DeltaP.RMSInterval, out.LogRatio.Interval = intervals[0], intervals[1], intervals[2], intervals[3]

	kls, err := quantiles(a.kls, []float64{0.5, 0.9, 0.95, 0.99, 0.999})
	if err != nil {
		return Against{}, err
	}
	out.KL.Median, out.KL.P90, out.KL.P95, out.KL.P99, out.KL.P999 = kls[0], kls[1], kls[2], kls[3], kls[4]
	deltas, err := quantiles(a.deltas, deltaQuantiles)
	if err != nil {
		return Against{}, err
	}
	for i, p := range deltaQuantiles {
		out.DeltaP.Quantiles = append(out.DeltaP.Quantiles, QuantileValue{p, deltas[i]})
	}
	if r, ok := a.moments.correlation(); ok {
		out.Correlation = &r
	}
	out.Verdict = newVerdict(out.LogRatio, a.identical, text, m.Clusters, m.Unit)
	return out, nil
}

// moments accumulates means and products of deviations of pairs (Welford, Technometrics 4, 1962; Chan, Golub, LeVeque 1983).
type moments struct {
	n                float64
	x, y, xx, yy, xy float64
}

func (m *moments) add(x, y float64) {
	m.n++
	dx, dy := x-m.x, y-m.y
	m.x += dx / m.n
	m.y += dy / m.n
	m.xx += dx * (x - m.x)
	m.yy += dy * (y - m.y)
	m.xy += dx * (y - m.y)
}

// correlation returns Pearson's, false where one side does not vary.
func (m *moments) correlation() (float64, bool) {
	if m.xx == 0 || m.yy == 0 {
		return 0, false
	}
	return min(1, max(-1, m.xy/math.Sqrt(m.xx)/math.Sqrt(m.yy))), true
}

// result puts the comparison together.
func (c *comparer) result() (Comparison, error) {
	r := newResult(c.o, c.p)
	out := Comparison{
		Schema: ComparisonSchema, Protocol: r.Protocol, Ctx: r.Ctx, Stride: r.Stride, BOS: r.BOS, Documents: r.Documents,
		DocumentsTooShort: r.DocumentsTooShort, Tokens: r.Tokens, TokenStreamSHA256: r.TokenStreamSHA256,
		TokensScored: c.tokensScored(), Windows: c.done, TotalWindows: c.p.total, WindowsLeftOut: c.left, NonFinite: c.places,
		TokensRead: c.tokensRead, Others: []Against{}, Partial: c.done < c.p.total, Seconds: c.seconds(),
	}
	out.TokensPerSecond = float64(out.TokensRead) / max(out.Seconds, 1e-9)
	if b, ok := c.models[0].(RoundedBase); ok {
		out.BaseRounding = b.LogProbabilityError()
	}
	clusters := c.tallies[0]
	clusters.close()
	out.Intervals = Method{Name: "bca block bootstrap", Unit: "windows", Clusters: clusters.n, Resamples: c.o.Resamples, Seed: c.o.Seed}
	if c.documents {
		out.Intervals.Unit = "documents"
	}
	if out.Intervals.Clusters < 2 || len(c.against) == 0 {
		out.Intervals.Name = "none"
	}
	sides := make([]Side, len(c.models))
	for k := range sides {
		sides[k].OS, sides[k].Arch = r.OS, r.Arch
		if t := &c.tallies[k]; t.tokens > 0 {
			sides[k].NLL = t.mean()
			sides[k].Perplexity = expFinite(sides[k].NLL)
			sides[k].StandardError, _ = t.standardError()
		}
	}
	out.Base = sides[0]
	for k := range c.against {
		var a Against
		if c.tokensScored() > 0 {
			// The text so far: the share of its tokens that the windows so far have scored.
			var err error
			if a, err = c.against[k].result(out.Intervals, c.textSoFar()); err != nil {
				return Comparison{}, err
			}
		}
		a.Side = sides[k+1]
		if b, ok := c.models[0].(RoundedBase); ok {
			a.KLRoundingBound = b.KLBound(a.KL.Mean)
		}
		out.Others = append(out.Others, a)
	}
	return out, nil
}

// textSoFar returns how many tokens of the text the windows done so far cover.
func (c *comparer) textSoFar() int {
	if c.done == c.p.total {
		return c.p.tokens
	}
	covered, last := 0, window{}
	for n := range c.done {
		w := c.p.window(n)
		if w.doc != last.doc {
			covered += last.end
		}
		last = w
	}
	return covered + last.end
}
