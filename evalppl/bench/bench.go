// Package bench measures how fast models read prompts, score texts and generate, and what share that is of what the machine can do.
package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"nibble/evalppl/model"
	"nibble/kernels"
	"nibble/kernels/roofline"
)

// Kinds of tests.
const (
	Prompt     = "prompt"     // tokens read at once into an empty cache, and the last one's logits
	Score      = "score"      // the same, and the losses of all tokens but the first
	Generation = "generation" // one token after the other from an empty cache, each with its logits
)

// Test is one thing to measure.
type Test struct {
	Kind   string // Prompt, Score or Generation
	Tokens int    // at least 1; at least 2 for Score
}

// Options of [Run].
type Options struct {
	Tests    []Test
	Repeats  int      // counted repeats of each test, at least 1
	Roofline bool     // measure the machine's limits too, before and after the tests
	Names    []string // of the models, for errors; nil where there is one
	// Progress is called before each repeat of a test.
	Progress func(model int, t Test, repeat, repeats int)
}

// Result is what one run measured.
type Result struct {
	Rates [][]Rate        // of each model, of each test
	Peaks *roofline.Peaks // of the machine; nil without Options.Roofline
}

// Run measures models, which must use the same number of threads, on random ids: each test once without counting, then all tests of
// all models in turn, repeat after repeat, so that whatever the machine does meanwhile meets all alike. Logits in the first round that
// are not finite are an error that names the place.
func Run(ctx context.Context, models []*model.Model, o Options) (*Result, error) {
	if o.Repeats < 1 {
		return nil, fmt.Errorf("bench: %d repeats: at least 1 is needed", o.Repeats)
	}
	if len(o.Tests) == 0 || len(models) == 0 {
		return nil, fmt.Errorf("bench: %d tests of %d models: nothing to measure", len(o.Tests), len(models))
	}
	res := &Result{}
	var runners []*runner
	for _, m := range models {
		if m.Threads() != models[0].Threads() {
			return nil, fmt.Errorf("bench: models on %d and on %d threads: want the same number", models[0].Threads(), m.Threads())
		}
		r, err := newRunner(m, o.Tests)
		if err != nil {
			return nil, o.named(len(runners), err)
		}
		runners = append(runners, r)
		rates := make([]Rate, len(o.Tests))
		for i, t := range o.Tests {
			rates[i] = Rate{Test: t.Kind, Tokens: t.Tokens}
		}
		res.Rates = append(res.Rates, rates)
	}
	var limits *limiter
	measureMachine := func() error {
		if !o.Roofline {
			return nil
		}
		var passes []int64
		for i, m := range models {
			for _, r := range res.Rates[i] {
				passes = append(passes, workOf(m, r.Test, r.Tokens).passBytes)
			}
		}
		l, err := newLimiter(ctx, models[0].Threads(), passes)
		if err == nil && limits != nil {
			l.best(limits)
		}
		limits = l
		return err
	}
	if err := measureMachine(); err != nil {
		return nil, err
	}
	for repeat := -1; repeat < o.Repeats; repeat++ {
		for i, t := range o.Tests {
			for j, r := range runners {
				if o.Progress != nil {
					o.Progress(j, t, max(repeat, 0)+1, o.Repeats)
				}
				seconds, err := r.run(ctx, t, repeat < 0)
				if err != nil {
					return nil, o.named(j, err)
				}
				if repeat >= 0 {
					res.Rates[j][i].Repeats = append(res.Rates[j][i].Repeats, float64(t.Tokens)/seconds)
				}
			}
		}
	}
	if err := measureMachine(); err != nil {
		return nil, err
	}
	for j, m := range models {
		for i := range res.Rates[j] {
			r := &res.Rates[j][i]
			r.summarize()
			if r.Test == Generation {
				r.BytesPerToken = workOf(m, r.Test, r.Tokens).passBytes
				r.GBPerSecond = r.Median * float64(r.BytesPerToken) / 1e9
			}
			if limits != nil {
				r.Limit = limits.limit(m, r)
			}
		}
	}
	if limits != nil {
		res.Peaks = &limits.peaks
	}
	return res, nil
}

// named puts the name of model i before its error.
func (o *Options) named(i int, err error) error {
	if i >= len(o.Names) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", o.Names[i], err)
}

// runner repeats tests on one model.
type runner struct {
	model   *model.Model
	session *model.Session
	tokens  []uint32
	losses  []float64
}

func newRunner(m *model.Model, tests []Test) (*runner, error) {
	longest := 0
	for _, t := range tests {
		least := 1
		switch t.Kind {
		case Prompt, Generation:
		case Score:
			least = 2
		default:
			return nil, fmt.Errorf("bench: no test is called %q; known: %s, %s, %s", t.Kind, Prompt, Score, Generation)
		}
		if t.Tokens < least {
			return nil, fmt.Errorf("bench: a %s test of %d tokens: want at least %d", t.Kind, t.Tokens, least)
		}
		if t.Tokens > m.Context() {
			return nil, fmt.Errorf("bench: a %s test of %d tokens, the model was made for %d positions", t.Kind, t.Tokens, m.Context())
		}
		longest = max(longest, t.Tokens)
	}
	s, err := m.NewSession(longest)
	if err != nil {
		return nil, err
	}
	r := &runner{model: m, session: s, tokens: make([]uint32, longest), losses: make([]float64, longest)}
	rng := rand.New(rand.NewPCG(1, 1)) // fixed: the same work in every run
	for i := range r.tokens {
		r.tokens[i] = uint32(rng.IntN(m.Vocab()))
	}
	return r, nil
}

// shortest is how long a repeat takes at least: a test that takes less is done several times in a row. The first pass after another
// model's, or after a pause, finds caches cold and threads asleep, and a clock reads no better than a microsecond.
const shortest = 50 * time.Millisecond

// run runs a test and returns how long one pass took. look asks for one pass and a look at the logits, which takes time.
func (r *runner) run(ctx context.Context, t Test, look bool) (seconds float64, err error) {
	start := time.Now()
	for passes := 1; ; passes++ {
		if err := r.pass(ctx, t, look); err != nil {
			return 0, err
		}
		if d := time.Since(start); look || d >= shortest {
			return d.Seconds() / float64(passes), nil
		}
	}
}

// pass runs a test once.
func (r *runner) pass(ctx context.Context, t Test, look bool) (err error) {
	strange := false // NaN or Inf in the logits: the work of such numbers may take another time
	each := func(int, []float32) error { return nil }
	if look {
		each = func(_ int, logits []float32) error {
			strange = strange || !kernels.Finite(logits)
			return nil
		}
	}
	tokens := r.tokens[:t.Tokens]
	r.session.Reset()
	switch {
	case t.Kind == Score && !look:
		err = r.session.Losses(ctx, tokens, 0, r.losses[:t.Tokens-1])
	case t.Kind == Generation:
		for i := 0; i < len(tokens) && err == nil; i++ {
			err = r.session.Logits(ctx, tokens[i:i+1], 0, each)
		}
	default:
		err = r.session.Logits(ctx, tokens, len(tokens)-1, each)
	}
	if err == nil && strange {
		where, err := r.model.FirstNonFinite(ctx, tokens)
		if err != nil {
			return err
		}
		return fmt.Errorf("bench: the %s test gives logits that are NaN or infinite, first seen in %s: the model is broken, and so would be its speed; convert it again", t.Kind, where)
	}
	return err
}
