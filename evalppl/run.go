package evalppl

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Run measures the perplexity of m on tokens. A canceled ctx ends it between windows with ctx's error; a loss that is not a
// number is an error that names the window and the token.
func Run(ctx context.Context, m Model, tokens []uint32, o Options) (Result, error) {
	o, err := o.withDefaults(m)
	if err != nil {
		return Result{}, err
	}
	if err := checkStream(tokens, m.Vocab()); err != nil {
		return Result{}, err
	}
	if o.BOS != nil && int64(*o.BOS) >= int64(m.Vocab()) {
		return Result{}, fmt.Errorf("BOS id %d is outside the model's vocabulary of %d tokens", *o.BOS, m.Vocab())
	}
	windows, err := o.windows(len(tokens))
	if err != nil {
		return Result{}, err
	}
	total := 0
	for _, w := range windows {
		total += w.end - w.start
	}
	r := newResult(o, tokens)
	if o.BOS != nil && o.Protocol == LlamaCpp {
		r.BOS = strconv.FormatUint(uint64(*o.BOS), 10)
	}
	var t tally
	losses := make([]float64, o.Ctx)
	start := time.Now()
	for i, w := range windows {
		input := tokens[w.start:w.end]
		if w.bos {
			input = slices.Clone(input)
			input[0] = *o.BOS
		}
		l := losses[:w.scored()]
		if err := m.Losses(ctx, input, w.from, l); err != nil {
			return Result{}, err
		}
		for j, x := range l {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return Result{}, fmt.Errorf("window %d (tokens %d to %d): the loss of token %d is %g, not a finite number: the weights or activations hold NaN or Inf, or the token has probability 0",
					i, w.start, w.end-1, w.start+w.from+1+j, x)
			}
		}
		if o.Losses != nil {
			if err := o.Losses(l); err != nil {
				return Result{}, err
			}
		}
		t.add(l)
		r.TokensRead += len(input)
		r.fill(&t, time.Since(start))
		if o.Progress != nil {
			o.Progress(r.TokensRead, total, r)
		}
	}
	return r, nil
}

// fill computes the result's statistics from the windows so far.
func (r *Result) fill(t *tally, elapsed time.Duration) {
	r.NLL = t.mean()
	r.Perplexity = math.Exp(r.NLL)
	r.StandardError, r.StandardErrorMethod = t.standardError()
	const z = 1.959964 // 97.5 % quantile of the normal distribution
	r.PerplexityLow = math.Exp(r.NLL - z*r.StandardError)
	r.PerplexityHigh = math.Exp(r.NLL + z*r.StandardError)
	r.TokensScored = t.count
	r.Windows = len(t.sums)
	r.Seconds = elapsed.Seconds()
	r.TokensPerSecond = float64(r.TokensRead) / max(r.Seconds, 1e-9)
}
