package evalppl

import "context"

// Model is what the evaluator needs of a language model.
type Model interface {
	// Vocab is the number of token ids, Context the number of positions the model was made for.
	Vocab() int
	Context() int
	// Losses reads a window from its beginning and writes to dst[i] the loss -ln p(window[i+1] | window[:i+1]) for i from from
	// to len(window)-2; dst has len(window)-1-from values.
	Losses(ctx context.Context, window []uint32, from int, dst []float64) error
}
