package evalppl

import (
	"context"

	"nibble/evalppl/reading"
)

// Model is what the evaluator needs of a language model.
type Model interface {
	// Vocab is the number of token ids, Context the number of positions the model was made for.
	Vocab() int
	Context() int
	// Losses reads a window from its beginning and writes to dst[i] the loss -ln p(window[i+1] | window[:i+1]) for i from from
	// to len(window)-2; dst has len(window)-1-from values. The last token is only predicted, so a window may have one token
	// more than the model has positions.
	Losses(ctx context.Context, window []uint32, from int, dst []float64) error
}

// DistributionModel gives whole rows of logits too.
type DistributionModel interface {
	Model
	// Logits reads a window from its beginning and calls fn, in order, with the logits after window[i] for i from from to
	// len(window)-1: [Vocab] values that are only valid during the call. It ends with fn's error.
	Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error
}

// BatchModel is a model that reads several windows together, which is faster where they are short.
type BatchModel interface {
	Model
	// LossesOf reads windows as Losses reads one, and writes the same losses.
	LossesOf(ctx context.Context, windows []reading.Window) error
}

// BatchDistributionModel is a [DistributionModel] that reads several windows together.
type BatchDistributionModel interface {
	DistributionModel
	// LogitsOf reads windows as Logits reads one, and calls fn with the same logits, in the order of the windows.
	LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error
}

// Diagnoser is a model that can say where in it numbers stop being finite.
type Diagnoser interface {
	// FirstNonFinite runs a window again and returns the first place, in the order of the computation, that held NaN or Inf,
	// such as `layer 3, tensor "layers.3.mlp.up", position 17 (token id 5): 2 NaN and 1 Inf of 1024 values`; "" where there is
	// none.
	FirstNonFinite(ctx context.Context, window []uint32) (where string, err error)
}
