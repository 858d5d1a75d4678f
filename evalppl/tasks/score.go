package tasks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"nibble/evalppl"
	"nibble/evalppl/reading"
	"nibble/kernels"
)

// Model is what a task needs of a language model: [evalppl.DistributionModel] has it.
type Model interface {
	// Vocab is the number of token ids, Context the number of positions the model was made for.
	Vocab() int
	Context() int
	// Logits reads a window from its beginning and calls fn, in order, with the logits after window[i] for i from from to
	// len(window)-1: [Vocab] values that are only valid during the call. It ends with fn's error.
	Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error
}

// batchModel is a model that reads several items together, and what the choices of one have in common once:
// [evalppl.BatchDistributionModel].
type batchModel interface {
	LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error
}

// Score is what one model says of one item.
type Score struct {
	LogLikelihoods []float64 `json:"log_likelihoods"` // of each choice, in nats
	Greedy         []bool    `json:"greedy"`          // whether every token of the choice is the most probable one
	Choice         int       `json:"choice"`          // with the largest log-likelihood
	ChoiceNorm     int       `json:"choice_norm"`     // with the largest log-likelihood a character
	ChoiceBytes    int       `json:"choice_bytes"`    // with the largest log-likelihood a byte
}

// choose finds the best choices.
func (s *Score) choose(choices []string) {
	characters, bytes := make([]float64, len(choices)), make([]float64, len(choices))
	for i, c := range choices {
		characters[i], bytes[i] = float64(utf8.RuneCountInString(c)), float64(len(c))
	}
	s.Choice = best(s.LogLikelihoods, nil)
	s.ChoiceNorm = best(s.LogLikelihoods, characters)
	s.ChoiceBytes = best(s.LogLikelihoods, bytes)
}

// best returns the first index of the largest value over its length. Log-likelihoods are below 0, so an empty choice is -Inf.
func best(values, lengths []float64) int {
	at, most := 0, math.Inf(-1)
	for i, x := range values {
		if lengths != nil {
			x /= lengths[i]
		}
		if x > most {
			at, most = i, x
		}
	}
	return at
}

// read adds the row of logits after token i of the window to the log-likelihood of the targets, and to whether each is the most
// probable token (of equal ones the one with the lowest id).
func (r *request) read(i int, logits []float32, sum *float64, greedy *bool) error {
	target := r.targets[i-r.from]
	if int(target) >= len(logits) {
		return fmt.Errorf("token id %d is not in the model's vocabulary of %d: is it the model's own tokenizer?", target, len(logits))
	}
	top := kernels.Max(logits)
	l := float64(logits[target]) - float64(top) - math.Log(kernels.SumExp(logits, top))
	if math.IsNaN(l) || math.IsInf(l, 0) {
		return &nonFinite{value: l, position: i}
	}
	*sum += l
	*greedy = *greedy && logits[target] == top && slices.Index(logits[:target], top) < 0
	return nil
}

// nonFinite is a log-probability that is no finite number.
type nonFinite struct {
	value    float64
	position int
}

func (e *nonFinite) Error() string {
	return fmt.Sprintf("the log-probability of the token after position %d is %g, not a finite number: the weights or activations hold NaN or Inf, or the token has probability 0", e.position, e.value)
}

// diagnose adds the place in the model, where it can tell.
func (e *nonFinite) diagnose(ctx context.Context, m Model, window []uint32) error {
	d, ok := m.(evalppl.Diagnoser)
	if !ok {
		return e
	}
	where, err := d.FirstNonFinite(ctx, window)
	if err != nil {
		return fmt.Errorf("%w; looking for the place in the model: %w", e, err)
	}
	if where == "" {
		return e
	}
	return fmt.Errorf("%w; first seen in %s", e, where)
}
