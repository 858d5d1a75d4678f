package tasks

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Entrant is a model that is to answer.
type Entrant struct {
	Name       string // for messages
	Model      Model
	Tokenizer  Tokenizer
	Conditions Conditions
}

// Options of [Run].
type Options struct {
	Data, DataSHA256 string // of the file, for the result
	// Progress, where not nil, is told after each item how many of all are done, and each model's acc so far.
	Progress func(done, total int, acc []Accuracy)
	// Item, where not nil, gets each item with the scores of the models in their order. Its error ends the run.
	Item func(number int, item Item, scores []Score) error
}

// Run scores the items with each model, item by item, so that what is done when it is interrupted is the same for all. With an error comes
// the result of the items before it, marked partial; it has no items where nothing was done.
func Run(ctx context.Context, set Set, entrants []Entrant, o Options) (Result, error) {
	if len(set.Items) == 0 || len(entrants) == 0 {
		return Result{}, errors.New("no items or no models: nothing to score")
	}
	completion := set.Task.Completion != ""
	res := Result{
		Schema: ResultSchema, Task: set.Task, Data: o.Data, DataSHA256: o.DataSHA256, Limit: set.Limit,
		ItemsWanted: len(set.Items), ItemsSHA256: set.SHA256(), Models: make([]ModelResult, len(entrants)),
	}
	requests := make([][][]request, len(entrants)) // [model][item][choice]
	for i, e := range entrants {
		var err error
		if requests[i], err = set.requests(ctx, newEncoder(e.Tokenizer, e.Model.Context())); err != nil {
			return Result{}, e.error(err)
		}
		m := &res.Models[i]
		m.Context, m.Conditions = e.Model.Context(), e.Conditions
		m.OS, m.Arch = runtime.GOOS, runtime.GOARCH
	}
	err := run(ctx, set, entrants, requests, &res, o)
	res.Items = len(res.Models[0].Outcomes.Acc)
	res.Partial = res.Items < res.ItemsWanted
	for i := range res.Models {
		m := &res.Models[i]
		m.fill(completion)
		m.fillSpeed()
	}
	res.Paired = pair(res.Models)
	return res, err
}

func run(ctx context.Context, set Set, entrants []Entrant, requests [][][]request, res *Result, o Options) error {
	right := make([]int, len(entrants))
	acc := make([]Accuracy, len(entrants))
	scores := make([]Score, len(entrants))
	parts := make([]ModelResult, len(entrants))
	for n, item := range set.Items {
		// An item counts when every model has answered it.
		for i, e := range entrants {
			parts[i] = ModelResult{}
			var err error
			if scores[i], err = e.answer(ctx, item, requests[i][n], &parts[i]); err != nil {
				return e.error(err)
			}
		}
		if o.Item != nil {
			if err := o.Item(n, item, scores); err != nil {
				return err
			}
		}
		for i := range entrants {
			m := &res.Models[i]
			m.add(&parts[i])
			m.Outcomes.add(set.Task, item, &scores[i])
			if m.Outcomes.Acc[n] == '1' {
				right[i]++
			}
			acc[i] = newAccuracy(right[i], n+1)
		}
		if o.Progress != nil {
			o.Progress(n+1, len(set.Items), acc)
		}
	}
	return nil
}

func (e *Entrant) error(err error) error {
	if e.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", e.Name, err)
}

// computer is a model that does not compute all it reads.
type computer interface{ Computed() int64 }

// answer scores one item, and counts the work in part.
func (e *Entrant) answer(ctx context.Context, item Item, requests []request, part *ModelResult) (Score, error) {
	start := time.Now()
	c, counts := e.Model.(computer)
	var before int64
	if counts {
		before = c.Computed()
	}
	s, err := score(ctx, e.Model, item, requests)
	if err != nil {
		return Score{}, err
	}
	for _, r := range requests {
		part.Requests++
		part.TokensRead += int64(len(r.window))
		if r.cut {
			part.ContextsCut++
		}
	}
	part.TokensComputed = part.TokensRead
	if counts {
		part.TokensComputed = c.Computed() - before
	}
	part.Seconds = time.Since(start).Seconds()
	return s, nil
}

// add counts the work of an item.
func (m *ModelResult) add(part *ModelResult) {
	m.Requests += part.Requests
	m.ContextsCut += part.ContextsCut
	m.TokensRead += part.TokensRead
	m.TokensComputed += part.TokensComputed
	m.Seconds += part.Seconds
}

// add keeps the outcome of an item.
func (o *Outcomes) add(t Task, item Item, s *Score) {
	digit := func(right bool) string {
		if right {
			return "1"
		}
		return "0"
	}
	if t.Completion != "" {
		o.Acc += digit(s.Greedy[0])
		o.LogLikelihoods = append(o.LogLikelihoods, s.LogLikelihoods[0])
		return
	}
	o.Acc += digit(s.Choice == item.Gold)
	o.AccNorm += digit(s.ChoiceNorm == item.Gold)
	o.AccBytes += digit(s.ChoiceBytes == item.Gold)
}
