package format

import (
	"fmt"
	"iter"
	"slices"
)

// TensorShape is a tensor that a [Spec] requires.
type TensorShape struct {
	Name string
	Rows int // 1 for a vector
	Cols int
	// Raw marks tensors stored as raw-f32, whatever the recipe: vectors (norms, biases) and embed.positions. All others are
	// stored with a tile codec.
	Raw bool
}

// Tensors returns the canonical tensors of a model, in the order in which a container stores them. The spec must be valid
// ([Spec.Validate]).
func (s Spec) Tensors() []TensorShape { return slices.Collect(s.tensors()) }

// tensors yields the canonical tensors without holding them: a spec of a few bytes may ask for many.
func (s Spec) tensors() iter.Seq[TensorShape] {
	return func(yield func(TensorShape) bool) {
		more := true
		matrix := func(name string, rows, cols int) {
			more = more && yield(TensorShape{Name: name, Rows: rows, Cols: cols})
		}
		raw := func(want bool, name string, rows, cols int) {
			if want {
				more = more && yield(TensorShape{Name: name, Rows: rows, Cols: cols, Raw: true})
			}
		}
		a, up := s.Attention, s.FFN
		if s.MLP.Gated {
			up *= 2
		}
		qkv, out := (a.Heads+2*a.KVHeads)*a.HeadDim, a.Heads*a.HeadDim

		matrix("embed.tokens", s.Vocab, s.Hidden)
		raw(s.Position.Kind == LearnedPositions, "embed.positions", s.Context, s.Hidden)
		for n := 0; n < s.Layers && more; n++ {
			p := fmt.Sprintf("layers.%d.", n)
			raw(true, p+"attn.norm", 1, s.Hidden)
			raw(s.Norm.Bias, p+"attn.norm.bias", 1, s.Hidden)
			matrix(p+"attn.qkv", qkv, s.Hidden)
			raw(a.QKVBias, p+"attn.qkv.bias", 1, qkv)
			matrix(p+"attn.out", s.Hidden, out)
			raw(a.OutBias, p+"attn.out.bias", 1, s.Hidden)
			raw(true, p+"mlp.norm", 1, s.Hidden)
			raw(s.Norm.Bias, p+"mlp.norm.bias", 1, s.Hidden)
			matrix(p+"mlp.up", up, s.Hidden)
			raw(s.MLP.UpBias, p+"mlp.up.bias", 1, up)
			matrix(p+"mlp.down", s.Hidden, s.FFN)
			raw(s.MLP.DownBias, p+"mlp.down.bias", 1, s.Hidden)
		}
		raw(true, "final.norm", 1, s.Hidden)
		raw(s.Norm.Bias, "final.norm.bias", 1, s.Hidden)
		if !s.TiedHead {
			matrix("head", s.Vocab, s.Hidden)
		}
	}
}

// fits reports how p differs from what the spec asks for, nil if it does not.
func (t TensorShape) fits(p TensorPlan) error {
	switch {
	case p.Rows != t.Rows || p.Cols != t.Cols:
		return fmt.Errorf("shape [%d %d], the model's spec asks for [%d %d]", p.Rows, p.Cols, t.Rows, t.Cols)
	case t.Raw && p.Codec != RawF32:
		return fmt.Errorf("codec %s, norms, biases and positions are stored as %s", p.Codec, RawF32)
	case !t.Raw && p.Codec == RawF32:
		return fmt.Errorf("codec %s, matrices are stored with a tile codec", p.Codec)
	}
	return nil
}
