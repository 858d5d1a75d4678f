package evalppl

import (
	"context"
	"errors"
	"fmt"
)

// CompareInTurn is [CompareText] for models that cannot compute rows by turns: in every window, or in short ones that are read
// together, the base runs first, as a whole, then each other. So the others can be variants of the base that start from what it
// has computed, share its memory, and be many. The numbers are the same; the base's logits of one window, or of as many short ones as
// have 512 tokens together, are held: scored tokens x Vocab float32 values.
//
// Where it ends early, Options.Unfinished has what a later one goes on from, nothing lost, to the same bits (Options.ResumeComparison).
//
// An error or a canceled ctx within the first windows read together keeps the others that have read them: the comparison then has
// fewer others than were given. Later, the windows under way are dropped, so that all others are compared on the same tokens.
func CompareInTurn(ctx context.Context, base DistributionModel, others []DistributionModel, text Text, o Options) (Comparison, error) {
	if len(others) == 0 {
		return Comparison{}, errors.New("no model to compare with the base")
	}
	if _, saved := base.(RoundedBase); saved || o.SaveBase != nil {
		return Comparison{}, errors.New("a base is saved, and read again, by a comparison whose models take turns within a window")
	}
	return compareText(ctx, base, others, text, o, true)
}

// keepOthers keeps the first n of the models that are compared with the base.
func (c *comparer) keepOthers(n int) {
	c.models, c.losses, c.tallies = c.models[:n+1], c.losses[:n+1], c.tallies[:n+1]
	c.pairs, c.against = c.pairs[:n], c.against[:n]
}

// windowsInTurn computes c.losses and c.pairs of windows, and returns how many of the others have read them. It ends early, without an
// error, where every window has a model whose losses are not finite: all will be refused or left out.
func (c *comparer) windowsInTurn(ctx context.Context, parts []part) (measured int, err error) {
	vocab := c.models[0].Vocab()
	c.targetsOf(parts)
	targets := c.targets
	windows := windowsOf(parts, false)
	base := c.buffer[0]
	bad := make([]bool, len(parts))
	read := func(k int, row func(i int, logits []float32)) error {
		n := 0
		err := logitsOf(ctx, c.models[k], windows, func(_, _ int, logits []float32) error {
			if len(logits) != vocab || n == len(targets) {
				return fmt.Errorf("position %d: %d logits, want %d", positionOf(parts, n), len(logits), vocab)
			}
			row(n, logits)
			n++
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && n != len(targets):
			err = fmt.Errorf("%d rows of logits, want %d", n, len(targets))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", modelName(k), err)
		}
		if c.o.Passed != nil {
			c.o.Passed(k, c.done, c.done+len(parts), c.p.total)
		}
		return nil
	}
	allBad := func(k int) bool {
		all, at := true, 0
		for i := range parts {
			end := at + parts[i].scored()
			bad[i] = bad[i] || firstNonFinite(c.losses[k][at:end]) >= 0
			all, at = all && bad[i], end
		}
		return all
	}
	if err := read(0, func(i int, logits []float32) { copy(base[i*vocab:], logits) }); err != nil {
		return 0, err
	}
	c.each(len(targets), func(w *comparerWorker, i int) {
		w.base.row.read(base[i*vocab:(i+1)*vocab], targets[i])
		c.losses[0][i] = w.base.loss
	})
	if allBad(0) {
		return 0, nil
	}
	for k := 1; k < len(c.models); k++ {
		if c.takePending(k) {
			if c.o.Passed != nil {
				c.o.Passed(k, c.done, c.done+len(parts), c.p.total)
			}
			if allBad(k) {
				return k, nil
			}
			continue
		}
		err := read(k, func(i int, logits []float32) {
			at := i % rowsAtOnce
			copy(c.buffer[1][at*vocab:], logits)
			if at == rowsAtOnce-1 || i == len(targets)-1 {
				c.compareInTurn(k, targets, i-at, at+1, vocab)
			}
		})
		if err != nil {
			return k - 1, err
		}
		if allBad(k) {
			return k, nil
		}
		if c.o.SoFar != nil {
			c.o.SoFar(func() (Comparison, ComparisonState, error) { return c.soFar(ctx, parts, k) })
		}
	}
	return len(c.models) - 1, nil
}

// compareInTurn compares n rows of model k in the buffer, which predict targets[first:], with the base's of the window.
func (c *comparer) compareInTurn(k int, targets []uint32, first, n, vocab int) {
	c.each(n, func(w *comparerWorker, i int) {
		t := first + i
		w.base.read(c.buffer[0][t*vocab:(t+1)*vocab], targets[t])
		w.other.read(c.buffer[1][i*vocab:(i+1)*vocab], targets[t])
		c.losses[k][t] = w.other.loss
		c.pairs[k-1][t] = w.base.compare(&w.other)
	})
}
