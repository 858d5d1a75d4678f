package tasks

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"nibble/evalppl"
)

// Entrant is a model that is to answer.
type Entrant struct {
	Name      string // for messages
	Model     Model
	Tokenizer Tokenizer
	Setup     evalppl.Setup
}

// Options of [Run].
type Options struct {
	Data, DataSHA256 string // of the file, for the result
	// Resume, where not nil, is the result of an interrupted run of the same models on the same items: its items are not scored again.
	// The figures come out as without the interruption.
	Resume *Result
	// Progress, where not nil, is told after each item how many of all are done, and each model's acc so far; so returns the result that an
	// interruption would leave now.
	Progress func(done, total int, acc []Accuracy, so func() Result)
	// Item, where not nil, gets each item that is scored, with the scores of the models in their order. Its error ends the run.
	Item func(number int, item Item, scores []Score) error
}

// Run scores the items with each model, item by item, so that what is done when it is interrupted is the same for all. With an error comes
// the result of the items before it, marked partial; it has no items where nothing was done.
func Run(ctx context.Context, set Set, entrants []Entrant, o Options) (Result, error) {
	if len(set.Items) == 0 || len(entrants) == 0 {
		return Result{}, errors.New("no items or no models: nothing to score")
	}
	e := evaluation{
		set: set, entrants: entrants, o: o, requests: make([][][]request, len(entrants)), counts: make([]counts, len(entrants)),
		outcomes: make([]outcomes, len(entrants)),
		r: Result{
			Schema: ResultSchema, Task: set.Task, Data: o.Data, DataSHA256: o.DataSHA256, Limit: set.Limit,
			ItemsWanted: len(set.Items), ItemsSHA256: set.SHA256(), Models: make([]ModelResult, len(entrants)),
		},
	}
	for i, x := range entrants {
		var err error
		if e.requests[i], err = set.requests(ctx, newEncoder(x.Tokenizer, x.Model.Context())); err != nil {
			return Result{}, x.error(err)
		}
		m := &e.r.Models[i]
		m.Context, m.Setup = x.Model.Context(), x.Setup
		m.OS, m.Arch = runtime.GOOS, runtime.GOARCH
	}
	if o.Resume != nil {
		if err := e.resume(o.Resume); err != nil {
			return Result{}, fmt.Errorf("the run cannot go on from the earlier result: %w", err)
		}
	}
	err := e.run(ctx)
	return e.result(), err
}

// evaluation is a run under way.
type evaluation struct {
	set      Set
	entrants []Entrant
	o        Options
	requests [][][]request // [model][item][choice]
	r        Result        // its settings

	done     int        // items
	counts   []counts   // of each model, over the items done
	outcomes []outcomes // of each model
}

// counts is the work of a model.
type counts struct {
	requests, contextsCut      int
	tokensRead, tokensComputed int64
	seconds                    float64
}

// outcomes are Outcomes that grow.
type outcomes struct {
	acc, accNorm, accBytes []byte
	correct                int // by acc
	logLikelihoods         []float64
}

func (e *evaluation) run(ctx context.Context) error {
	acc := make([]Accuracy, len(e.entrants))
	scores := make([]Score, len(e.entrants))
	answers := make([][]answer, len(e.entrants))
	for e.done < len(e.set.Items) {
		first, last := e.done, e.together()
		// An item counts when every model has answered it: none is asked what one before it could not answer.
		var stopped error
		for i := range e.entrants {
			var err error
			if answers[i], err = e.entrants[i].answer(ctx, e.set.Items[first:last], e.requests[i][first:last]); err != nil {
				stopped, last = e.entrants[i].error(err), first+len(answers[i])
			}
			if first == last {
				return stopped
			}
		}
		for n := first; n < last; n++ {
			for i := range e.entrants {
				scores[i] = answers[i][n-first].score
			}
			if e.o.Item != nil {
				if err := e.o.Item(n, e.set.Items[n], scores); err != nil {
					return err
				}
			}
			e.done++
			for i := range e.entrants {
				e.counts[i].add(&answers[i][n-first].work)
				e.outcomes[i].add(e.set.Task, e.set.Items[n], &scores[i])
				acc[i] = newAccuracy(e.outcomes[i].correct, e.done)
			}
			if e.o.Progress != nil {
				e.o.Progress(e.done, len(e.set.Items), acc, e.result)
			}
		}
		if stopped != nil {
			return stopped
		}
	}
	return nil
}

// result is the result of the items done.
func (e *evaluation) result() Result {
	r := e.r
	r.Items = e.done
	r.Partial = r.Items < r.ItemsWanted
	r.Models = slices.Clone(e.r.Models)
	for i := range r.Models {
		m, c, o := &r.Models[i], &e.counts[i], &e.outcomes[i]
		m.Requests, m.ContextsCut, m.TokensRead, m.TokensComputed, m.Seconds = c.requests, c.contextsCut, c.tokensRead, c.tokensComputed, c.seconds
		m.TokensPerSecond = float64(m.TokensRead) / max(m.Seconds, 1e-9)
		m.Outcomes = Outcomes{string(o.acc), string(o.accNorm), string(o.accBytes), slices.Clip(o.logLikelihoods)}
		m.fill(r.Task.Completion != "")
	}
	r.Paired = pair(r.Models)
	return r
}

func (e *Entrant) error(err error) error {
	if e.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", e.Name, err)
}

func (c *counts) add(x *counts) {
	c.requests += x.requests
	c.contextsCut += x.contextsCut
	c.tokensRead += x.tokensRead
	c.tokensComputed += x.tokensComputed
	c.seconds += x.seconds
}

// add keeps the outcome of an item.
func (o *outcomes) add(t Task, item Item, s *Score) {
	digit := func(right bool) byte {
		if right {
			return '1'
		}
		return '0'
	}
	right := s.Choice == item.Gold
	if t.Completion != "" {
		right = s.Greedy[0]
		o.logLikelihoods = append(o.logLikelihoods, s.LogLikelihoods[0])
	} else {
		o.accNorm = append(o.accNorm, digit(s.ChoiceNorm == item.Gold))
		o.accBytes = append(o.accBytes, digit(s.ChoiceBytes == item.Gold))
	}
	o.acc = append(o.acc, digit(right))
	if right {
		o.correct++
	}
}
