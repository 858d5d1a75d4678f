package model

import (
	"context"
	"slices"
	"testing"
)

// TestWantedTokens demands the bits of a whole pass where only the results of the last tokens are wanted, which the last layer computes alone:
// of a batch, of several batches, and of tokens that follow a prompt of which nothing was wanted.
func TestWantedTokens(t *testing.T) {
	for name, spec := range specs() {
		for codec, mode := range map[string]string{"f32": "", "f16": "", "bf16": BF16Activations, "int8-g32": "", "int4-g32": Float32Activations} {
			t.Run(name+"/"+codec, func(t *testing.T) {
				m := load(t, randomContainer(t, spec, codec), Options{Threads: 2, Activations: mode})
				for _, n := range []int{2, 7, 64, batchTokens + 41} {
					tokens := randomTokens(min(n, m.Context()), spec.Vocab)
					n = len(tokens)
					all := make([]float64, n-1)
					if err := m.Losses(context.Background(), tokens, 0, all); err != nil {
						t.Fatal(err)
					}
					for _, from := range []int{1, n / 3, n / 2, n - 2, n - 1} {
						if from > n-1 {
							continue
						}
						got := make([]float64, n-1-from)
						if err := m.Losses(context.Background(), tokens, from, got); err != nil {
							t.Fatal(err)
						}
						if !slices.Equal(got, all[from:]) {
							t.Errorf("%d tokens, losses from %d on differ from those of all", n, from)
						}
					}
					if spec.Attention.Windows != nil || n > m.Context()-8 {
						continue // a window's first tile depends on how tokens are grouped
					}
					s, err := m.NewSession(n)
					if err != nil {
						t.Fatal(err)
					}
					half := n / 2
					if err := s.Append(context.Background(), tokens[:half]); err != nil {
						t.Fatal(err)
					}
					got := make([]float64, n-half-1)
					if err := s.Losses(context.Background(), tokens[half:], 0, got); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got, all[half:]) {
						t.Errorf("%d tokens, losses behind a prompt of %d differ from those of all", n, half)
					}
				}
			})
		}
	}
}
