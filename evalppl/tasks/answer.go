package tasks

import (
	"context"
	"fmt"
	"time"

	"nibble/evalppl/reading"
)

// answer is what one model says of one item, and how much work that was.
type answer struct {
	score Score
	work  counts
}

// together returns up to where the items from the next one on are read together: as many as make a batch for any of the models, and a
// single one where a model does not read several windows.
func (e *evaluation) together() (last int) {
	computed := make([]int64, len(e.entrants))
	for n := e.done; n < len(e.set.Items); n++ {
		for i := range e.entrants {
			computed[i] += e.entrants[i].count(e.requests[i][n]).tokensComputed
			if _, many := e.entrants[i].Model.(batchModel); n > e.done && (!many || computed[i] > reading.TogetherTokens) {
				return n
			}
		}
	}
	return len(e.set.Items)
}

// count counts the work that an item's requests are, but for the time.
func (e *Entrant) count(requests []request) (c counts) {
	_, many := e.Model.(batchModel)
	for n := range requests {
		r := &requests[n]
		c.requests++
		c.tokensRead += int64(len(r.window))
		if r.cut {
			c.contextsCut++
		}
		c.tokensComputed += int64(len(r.window))
		if w := r.reading(n); many && n > 0 {
			c.tokensComputed -= int64(w.Taken(requests[n-1].window))
		}
	}
	return c
}

// reading is what a model is asked to read for choice number n of an item.
func (r *request) reading(n int) reading.Window {
	return reading.Window{Tokens: r.window, From: r.from, Shared: n > 0}
}

// answer scores items. With an error come the answers to those before the one that it is about.
func (e *Entrant) answer(ctx context.Context, items []Item, requests [][]request) ([]answer, error) {
	start := time.Now()
	answers := make([]answer, len(items))
	var windows []reading.Window
	var places [][2]int // item and choice of each
	var all counts
	for k := range items {
		answers[k].work = e.count(requests[k])
		all.add(&answers[k].work)
		for n := range requests[k] {
			windows = append(windows, requests[k][n].reading(n))
			places = append(places, [2]int{k, n})
		}
	}
	done := 0 // windows
	sum, greedy := 0.0, true
	err := logitsOf(ctx, e.Model, windows, func(w, i int, logits []float32) error {
		k, n := places[w][0], places[w][1]
		if err := requests[k][n].read(i, logits, &sum, &greedy); err != nil {
			return err
		}
		if i == len(windows[w].Tokens)-1 {
			s := &answers[k].score
			s.LogLikelihoods, s.Greedy = append(s.LogLikelihoods, sum), append(s.Greedy, greedy)
			sum, greedy = 0, true
			done++
		}
		return nil
	})
	answered := len(items)
	if err != nil {
		// Rows come in order, so it is about the first window that is not done.
		at := places[min(done, len(places)-1)]
		k, n := at[0], at[1]
		if bad, ok := err.(*nonFinite); ok {
			err = bad.diagnose(ctx, e.Model, requests[k][n].window)
		}
		err, answered = fmt.Errorf("%s: choice %d: %w", items[k].ID, n, err), k
	}
	seconds := time.Since(start).Seconds() / float64(max(1, all.tokensComputed))
	for k := range answered {
		answers[k].score.choose(items[k].Choices)
		answers[k].work.seconds = seconds * float64(answers[k].work.tokensComputed)
	}
	return answers[:answered], err
}

// logitsOf reads windows, together where the model does.
func logitsOf(ctx context.Context, m Model, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	if b, ok := m.(batchModel); ok {
		return b.LogitsOf(ctx, windows, fn)
	}
	for k := range windows {
		if err := m.Logits(ctx, windows[k].Tokens, windows[k].From, func(i int, logits []float32) error { return fn(k, i, logits) }); err != nil {
			return err
		}
	}
	return nil
}
