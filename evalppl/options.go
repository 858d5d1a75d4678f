package evalppl

import "fmt"

// Options of [Run]. The zero value of a field asks for its default.
type Options struct {
	Protocol string // Strided
	Ctx      int    // tokens in a window; the smaller of the model's context and 1024 (llama.cpp: 512)
	Stride   int    // tokens between window starts, Strided only; half of Ctx
	// BOS is the id that replaces the first token of each llama.cpp chunk; nil: none.
	BOS *uint32

	// Progress is called after each window with the tokens read so far, the tokens to be read in all, and the result so far.
	Progress func(done, total int, so Result)
	// Losses, where not nil, receives every scored token's loss, in order.
	Losses func(losses []float64) error
}

// withDefaults returns the options with defaults filled in, checked against the model.
func (o Options) withDefaults(m Model) (Options, error) {
	if o.Protocol == "" {
		o.Protocol = Strided
	}
	if o.Ctx == 0 {
		o.Ctx = min(m.Context(), 1024)
		if o.Protocol == LlamaCpp {
			o.Ctx = min(m.Context(), 512)
		}
	}
	if o.Ctx < 2 {
		return o, fmt.Errorf("--ctx %d: a window needs at least 2 tokens, one to predict the other from", o.Ctx)
	}
	if o.Ctx > m.Context() {
		return o, fmt.Errorf("--ctx %d: the model was made for %d positions; choose a --ctx up to %d", o.Ctx, m.Context(), m.Context())
	}
	if o.Protocol != Strided {
		if o.Stride != 0 {
			return o, fmt.Errorf("--stride belongs to protocol %s; protocol %s has none", Strided, o.Protocol)
		}
		return o, nil
	}
	if o.Stride == 0 {
		o.Stride = max(1, o.Ctx/2)
	}
	if o.Stride < 1 || o.Stride > o.Ctx {
		return o, fmt.Errorf("--stride %d: want 1 to --ctx (%d), so that no token is left out", o.Stride, o.Ctx)
	}
	return o, nil
}
