package model

import (
	"testing"

	"nibble/kernels"
)

// TestOperations counts by hand: a Llama-shaped model of 2 layers, hidden 48, 6 query and 2 key heads of 10, FFN 43, vocabulary 83.
func TestOperations(t *testing.T) {
	const qkv, rest = 100 * 48, 48*60 + 86*48 + 48*43 // out, gate and up, down
	const head = 83 * 48
	// Three positions behind three; of the last layer, two of them.
	const products = 2 * (3*(2*qkv+rest) + 2*rest + 2*head)
	const attention = 4 * 60 * (4 + 5 + 6 + 5 + 6)
	spec := specs()["llama"]
	rounded := func(o Operations) Operations { // half of attention's operations are scores
		o.Int16 = attention / 2
		if kernels.HasBF16Dot() {
			o.BF16 += attention / 2
		} else {
			o.F32 += attention / 2
		}
		return o
	}
	for _, c := range []struct {
		codec, mode string
		want        Operations
	}{
		{"int4-g32", Int8Activations, rounded(Operations{Int8: products})},
		{"int8-g32", Float32Activations, Operations{F32: products + attention}},
		{"f16", Int8Activations, Operations{F32: products + attention}},
		{"bf16", BF16Activations, rounded(Operations{BF16: products})},
	} {
		m := load(t, randomContainer(t, spec, c.codec), Options{Threads: 1, Activations: c.mode})
		if got := m.Operations(3, 3, 2); got != c.want {
			t.Errorf("%s, %s: %+v, want %+v", c.codec, c.mode, got, c.want)
		}
	}
	if got := visible(3, 3, 5); got != 4+5+5 {
		t.Errorf("a window of 5: %g positions, want 14", got)
	}
}
