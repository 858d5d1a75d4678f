package evalppl

import (
	"context"
	"fmt"
	"math"
	"time"

	"nibble/kernels"
)

// Run measures the perplexity of m on one stream of tokens.
//
// A canceled ctx ends it with ctx's error and, where windows have been scored, their result: Partial is set, and a later Run
// with [Options.Resume] goes on from it to exactly the number of an uninterrupted run. So it is with any other error that
// happens on the way, such as a [NonFiniteError].
func Run(ctx context.Context, m Model, tokens []uint32, o Options) (Result, error) {
	return RunText(ctx, m, DocumentsText([][]uint32{tokens}), o)
}

// minWindowsUntilError is from where on [Options.UntilError] is looked at: the error of fewer windows is itself too uncertain.
const minWindowsUntilError = 10

// maxPlaces is how many places of numbers that are not finite a result lists.
const maxPlaces = 20

// RunDocuments is [RunText] on documents in memory.
func RunDocuments(ctx context.Context, m Model, docs [][]uint32, o Options) (Result, error) {
	return RunText(ctx, m, DocumentsText(docs), o)
}

// RunText is [Run] on a text that may be larger than memory, and may have several documents, which protocols document and lm-eval score
// each on its own. The other protocols take a single document. The text is read once before the first window, for its hash, and
// then window by window; what grows with it is [Result].WindowScores.
func RunText(ctx context.Context, m Model, text Text, o Options) (Result, error) {
	o, err := o.withDefaults(m)
	if err != nil {
		return Result{}, err
	}
	sum, err := scanText(ctx, text, int64(m.Vocab()))
	if err != nil {
		return Result{}, err
	}
	p, err := newPlan(text, sum, o)
	if err != nil {
		return Result{}, err
	}
	e := evaluation{m: m, o: o, p: p, r: newResult(o, p)}
	e.t.documents = p.documents > 1
	if err := e.resume(); err != nil {
		return Result{}, err
	}
	return e.run(ctx)
}

// evaluation is a run under way.
type evaluation struct {
	m      Model
	o      Options
	p      *plan
	r      Result
	t      tally
	losses []float64
}

// resume takes over the windows of an earlier result.
func (e *evaluation) resume() error {
	old := e.o.Resume
	if old == nil {
		return nil
	}
	if diff := differingSetting(old, &e.r, "the result to go on from", "this run"); diff != "" {
		return fmt.Errorf("the run cannot go on from the earlier result: %s", diff)
	}
	if old.Shard != e.r.Shard || old.FirstWindow != e.r.FirstWindow {
		return fmt.Errorf("the run cannot go on from the earlier result: field \"shard\" is %q there and %q in this run", old.Shard, e.r.Shard)
	}
	first, last := e.o.Shard.bounds(e.r.TotalWindows)
	if len(old.WindowScores) > last-first {
		return fmt.Errorf("the earlier result has %d windows, the text has %d", len(old.WindowScores), last-first)
	}
	for i, s := range old.WindowScores {
		w := e.p.window(first + i)
		if s.Document != w.doc || !s.Left && s.Tokens != w.weight() {
			return fmt.Errorf("window %d of the earlier result scores %d tokens of document %d, want %d of document %d: the file is damaged", first+i, s.Tokens, s.Document, w.weight(), w.doc)
		}
		e.t.add(s)
		e.r.TokensRead += w.end - w.start
	}
	e.r.WindowScores = append(e.r.WindowScores, old.WindowScores...)
	e.r.NonFinite = append(e.r.NonFinite, old.NonFinite...)
	e.r.Seconds = old.Seconds
	return nil
}

func (e *evaluation) run(ctx context.Context) (Result, error) {
	first, last := e.o.Shard.bounds(e.r.TotalWindows)
	total := e.p.covered(first, last)
	start, before := time.Now(), e.r.Seconds
	e.fill(before)
	for n := first + len(e.r.WindowScores); n < last && !e.enough(); {
		parts, err := e.read(ctx, n, last)
		if err != nil {
			return e.interrupted(err)
		}
		// A window behind the one that ends the run is not scored, though it has been read.
		for i := 0; i < len(parts) && !e.enough() && (i == 0 || ctx.Err() == nil); i++ {
			if err := e.score(ctx, n, &parts[i]); err != nil {
				return e.interrupted(err)
			}
			n++
			e.fill(before + time.Since(start).Seconds())
			if e.o.Progress != nil {
				e.o.Progress(e.r.TokensRead, total, e.r)
			}
		}
	}
	e.r.Partial = false
	e.r.StoppedEarly = len(e.r.WindowScores) < last-first
	if e.t.tokens == 0 && e.t.left > 0 {
		return e.interrupted(fmt.Errorf("none of %s has finite losses: %s", plural(e.t.left, "window"), e.r.NonFinite[0]))
	}
	return e.r, nil
}

func (e *evaluation) fill(seconds float64) {
	first, last := e.o.Shard.bounds(e.r.TotalWindows)
	e.r.fill(&e.t)
	e.r.fillSpeed(seconds)
	e.r.Partial = len(e.r.WindowScores) < last-first
}

// interrupted returns what has been scored with the error that ended the run.
func (e *evaluation) interrupted(err error) (Result, error) {
	if len(e.r.WindowScores) == 0 {
		return Result{}, err
	}
	return e.r, err
}

// enough says whether the error asked for has been reached.
func (e *evaluation) enough() bool {
	return e.o.UntilError > 0 && len(e.r.WindowScores)-e.t.left >= minWindowsUntilError && e.r.StandardError <= e.o.UntilError
}

// read computes the losses of window number n and of those that are read together with it.
func (e *evaluation) read(ctx context.Context, n, last int) ([]part, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	batch, many := e.m.(BatchModel)
	parts, err := e.p.together(n, last, many)
	if err != nil {
		return nil, err
	}
	if scored := scoredTokens(parts); cap(e.losses) < scored {
		e.losses = make([]float64, scored)
	}
	rest := e.losses[:cap(e.losses)]
	for i := range parts {
		parts[i].losses, rest = rest[:parts[i].scored():parts[i].scored()], rest[parts[i].scored():]
	}
	if len(parts) > 1 {
		return parts, batch.LossesOf(ctx, windowsOf(parts, true))
	}
	return parts, e.m.Losses(ctx, parts[0].input, parts[0].from, parts[0].losses)
}

// score scores window number n, which has been read.
func (e *evaluation) score(ctx context.Context, n int, p *part) error {
	w, input, l := p.window, p.input, p.losses
	score := scoreWindow(w, l)
	if i := firstNonFinite(l); i >= 0 {
		bad, err := diagnose(ctx, e.m, input[:len(input)-1], w, n, i, l, "loss", e.o.NonFinite != SkipNonFinite || len(e.r.NonFinite) < maxPlaces)
		if err != nil {
			return err
		}
		if e.o.NonFinite != SkipNonFinite {
			return bad
		}
		score = WindowScore{Document: w.doc, Left: true}
		if len(e.r.NonFinite) < maxPlaces {
			e.r.NonFinite = append(e.r.NonFinite, bad.place())
		}
	} else if e.o.Losses != nil {
		if err := e.o.Losses(l); err != nil {
			return err
		}
	}
	e.t.add(score)
	e.r.WindowScores = append(e.r.WindowScores, score)
	e.r.TokensRead += len(input)
	return nil
}

// logPartition returns the largest logit and the logarithm of the sum of e^(logit - largest).
func logPartition(logits []float32) (top float32, z float64) {
	top = kernels.Max(logits)
	return top, math.Log(kernels.SumExp(logits, top))
}
