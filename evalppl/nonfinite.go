package evalppl

import (
	"context"
	"fmt"
	"math"
)

// NonFiniteError is a loss that is not a finite number: the weights or activations hold NaN or Inf, or the token has
// probability 0.
type NonFiniteError struct {
	Window      int // number of the window, from 0
	First, Last int // its tokens
	Token       int // the first whose loss is not finite
	Document    int
	Loss        float64
	Where       string // the first place in the model, "" where the model cannot say
	model       string // which model of several
}

func (e *NonFiniteError) Error() string {
	return e.place() + ": the weights or activations hold NaN or Inf, or the token has probability 0; inspect the model, or leave such windows out (--on-nonfinite skip)"
}

// place says where it was, without advice.
func (e *NonFiniteError) place() string {
	s := fmt.Sprintf("window %d (tokens %d to %d): the loss of token %d is %g, not a finite number", e.Window, e.First, e.Last, e.Token, e.Loss)
	if e.Document > 0 {
		s = fmt.Sprintf("document %d, %s", e.Document, s)
	}
	if e.model != "" {
		s = e.model + ": " + s
	}
	if e.Where != "" {
		s += "; first seen in " + e.Where
	}
	return s
}

// firstNonFinite returns the first loss that is not a finite number, -1 if there is none.
func firstNonFinite(losses []float64) int {
	for i, x := range losses {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return i
		}
	}
	return -1
}

// diagnose describes loss number i of window number n.
func diagnose(ctx context.Context, m Model, input []uint32, w window, n, i int, loss float64) (*NonFiniteError, error) {
	e := &NonFiniteError{Window: n, First: w.start, Last: w.end - 1, Token: w.start + w.from + 1 + i, Document: w.doc, Loss: loss}
	if d, ok := m.(Diagnoser); ok {
		where, err := d.FirstNonFinite(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("%s; looking for the place in the model: %w", e.place(), err)
		}
		e.Where = where
	}
	return e, nil
}
