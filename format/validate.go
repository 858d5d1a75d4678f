package format

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Limits of version 1. They bound what a few bytes of metadata can make a reader do, and keep every tensor's rows and columns inside an
// int32: the largest are the 3 x 2^28 rows of attn.qkv.
const (
	maxVocab   = 1 << 24
	maxContext = 1 << 28
	maxHidden  = 1 << 20
	maxFFN     = 1 << 24
	maxLayers  = 4096
	maxHeads   = 1 << 14
	maxHeadDim = 1 << 14
	maxEOS     = 1024
)

// Validate reports every field of the spec that no model can have: dimensions outside their limits, heads that no KV head
// serves, kinds that are not known, numbers that are not finite. Token ids are checked for sign only: checkpoints name
// BOS and EOS ids beyond their vocabulary (the configurations' defaults), so whoever uses one compares it with Vocab.
func (s Spec) Validate() error {
	var c checker
	c.text("architecture", s.Architecture, 256)
	c.dim("vocab", s.Vocab, maxVocab)
	c.dim("context", s.Context, maxContext)
	c.dim("hidden", s.Hidden, maxHidden)
	c.dim("layers", s.Layers, maxLayers)
	c.dim("ffn", s.FFN, maxFFN)
	c.attention(s.Attention, s.Layers)
	c.norm(s.Norm)
	c.position(s.Position, s.Attention.HeadDim)
	c.known("mlp.activation", s.MLP.Activation, SiLU, GELU, GELUTanh, ReLU)
	if s.BOS != nil {
		c.token("bos", *s.BOS)
	}
	if len(s.EOS) > maxEOS {
		c.fail("eos", "%d ids, at most %d", len(s.EOS), maxEOS)
	}
	for _, id := range s.EOS[:min(len(s.EOS), maxEOS)] {
		c.token("eos", id)
	}
	if err := errors.Join(c.errs...); err != nil {
		return fmt.Errorf("format: spec: %w", err)
	}
	return nil
}

// checker collects what is wrong with a spec or with metadata, field by field.
type checker struct{ errs []error }

func (c *checker) fail(field, reason string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(reason, args...)))
}

func (c *checker) dim(field string, v, limit int) bool {
	ok := v >= 1 && v <= limit
	if !ok {
		c.fail(field, "%d, must lie in 1..%d", v, limit)
	}
	return ok
}

func (c *checker) known(field, v string, kinds ...string) bool {
	ok := slices.Contains(kinds, v)
	if !ok {
		c.fail(field, "unknown %q; known are %s", v, strings.Join(kinds, ", "))
	}
	return ok
}

// positive demands a finite number above zero.
func (c *checker) positive(field string, v float64) bool {
	ok := v > 0 && v <= math.MaxFloat64
	if !ok {
		c.fail(field, "%v, must be finite and above 0", v)
	}
	return ok
}

func (c *checker) token(field string, id int) {
	if id < 0 || id > math.MaxInt32 {
		c.fail(field, "token id %d, must lie in 0..%d", id, math.MaxInt32)
	}
}

func (c *checker) attention(a Attention, layers int) {
	heads := c.dim("attention.heads", a.Heads, maxHeads)
	kv := c.dim("attention.kv_heads", a.KVHeads, maxHeads)
	c.dim("attention.head_dim", a.HeadDim, maxHeadDim)
	if heads && kv && a.Heads%a.KVHeads != 0 {
		c.fail("attention.kv_heads", "%d, must divide the %d heads", a.KVHeads, a.Heads)
	}
	c.positive("attention.scale", a.Scale)
	if len(a.Windows) != 0 && len(a.Windows) != layers {
		c.fail("attention.windows", "%d entries, must be none or one for each of the %d layers", len(a.Windows), layers)
		return
	}
	for n, w := range a.Windows {
		if w < 0 || w > maxContext {
			c.fail("attention.windows", "%d for layer %d, must lie in 0..%d", w, n, maxContext)
		}
	}
}

func (c *checker) norm(n Norm) {
	if c.known("norm.kind", n.Kind, LayerNorm, RMSNorm) && n.Kind == RMSNorm && n.Bias {
		c.fail("norm.bias", "true, %s has no bias", RMSNorm)
	}
	c.positive("norm.eps", n.Eps)
}

func (c *checker) position(p Position, headDim int) {
	if !c.known("position.kind", p.Kind, LearnedPositions, RotaryPositions) {
		return
	}
	if p.Kind == LearnedPositions {
		if p.Rotary != nil {
			c.fail("position.rotary", "present, %s positions have none", p.Kind)
		}
		return
	}
	if p.Rotary == nil {
		c.fail("position.rotary", "missing, %s positions need it", p.Kind)
		return
	}
	c.rotary(*p.Rotary, headDim)
}

func (c *checker) rotary(r Rotary, headDim int) {
	c.positive("position.rotary.theta", r.Theta)
	if headDim < 1 {
		headDim = maxHeadDim // has been reported
	}
	if r.Dim < 2 || r.Dim%2 != 0 || r.Dim > headDim {
		c.fail("position.rotary.dim", "%d, must be even and lie in 2..head_dim %d", r.Dim, headDim)
	}
	if !c.known("position.rotary.scaling", r.Scaling, RotaryDefault, RotaryLinear, RotaryLlama3) {
		return
	}
	if r.Scaling != RotaryDefault {
		c.positive("position.rotary.factor", r.Factor)
	} else if r.Factor != 0 && r.Factor != 1 {
		c.fail("position.rotary.factor", "%v, %s scaling has none", r.Factor, r.Scaling)
	}
	if r.Scaling != RotaryLlama3 {
		if r.LowFreqFactor != 0 || r.HighFreqFactor != 0 || r.OriginalContext != 0 {
			c.fail("position.rotary", "low_freq_factor %v, high_freq_factor %v, original_context %d belong to %s scaling, not to %s",
				r.LowFreqFactor, r.HighFreqFactor, r.OriginalContext, RotaryLlama3, r.Scaling)
		}
		return
	}
	low := c.positive("position.rotary.low_freq_factor", r.LowFreqFactor)
	high := c.positive("position.rotary.high_freq_factor", r.HighFreqFactor)
	if low && high && r.HighFreqFactor <= r.LowFreqFactor {
		c.fail("position.rotary.high_freq_factor", "%v, must be above low_freq_factor %v", r.HighFreqFactor, r.LowFreqFactor)
	}
	c.dim("position.rotary.original_context", r.OriginalContext, maxContext)
}
