package evalppl

import (
	"context"
	"fmt"
	"math"
)

// NonFiniteError is a loss, or a divergence from a base model, that is not a finite number: the weights or activations hold NaN or
// Inf, or the token has probability 0.
type NonFiniteError struct {
	Window      int // number of the window, from 0
	First, Last int // its tokens
	Token       int // the first whose loss is not finite
	Document    int
	Loss        float64 // or divergence
	NaN, Inf    int     // how many of the window's losses are NaN and how many infinite
	Scored      int     // how many losses it has
	Where       string  // the first place in the model, "" where the model cannot say
	What        string  // "loss" or "divergence"
	model       string  // which model of several
}

func (e *NonFiniteError) Error() string {
	return e.place() + ": the weights or activations hold NaN or Inf, or the token has probability 0"
}

// place says where it was, without advice.
func (e *NonFiniteError) place() string {
	s := fmt.Sprintf("window %d (tokens %d to %d): the %s of token %d is %g, not a finite number (%d NaN and %d Inf of %d)", e.Window, e.First, e.Last, e.What, e.Token, e.Loss, e.NaN, e.Inf, e.Scored)
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

// diagnose describes the values of the scored tokens of window number n, of which number i is the first that is not finite. Where the
// window is not one that ends the run, and enough places are known, the model is not asked.
func diagnose(ctx context.Context, m Model, input []uint32, w window, n, i int, values []float64, what string, ask bool) (*NonFiniteError, error) {
	e := &NonFiniteError{Window: n, First: w.start, Last: w.end - 1, Token: w.start + w.from + 1 + i, Document: w.doc, Loss: values[i], Scored: len(values), What: what}
	for _, x := range values {
		switch {
		case math.IsNaN(x):
			e.NaN++
		case math.IsInf(x, 0):
			e.Inf++
		}
	}
	if d, ok := m.(Diagnoser); ok && ask {
		where, err := d.FirstNonFinite(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("%s; looking for the place in the model: %w", e.place(), err)
		}
		e.Where = where
	}
	return e, nil
}
