package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nibble/evalppl/reading"
)

// TestSharedBeginnings reads windows with common beginnings - more than a batch of them, with beginnings longer than a batch, and windows
// among them that share nothing - and demands the logits of each read alone, bit for bit, but for windowed attention, whose first tile
// depends on where the tokens that are computed begin; and that what is shared was not computed again.
func TestSharedBeginnings(t *testing.T) {
	for name, spec := range specs() {
		for _, c := range []struct{ codec, activations string }{{"f32", ""}, {"int8-g32", Int8Activations}, {"int4-g32", Float32Activations}} {
			m := load(t, randomContainer(t, spec, c.codec), Options{Threads: 2, Activations: c.activations})
			rng := rand.New(rand.NewPCG(3, 9))
			tolerance := 0.0
			if spec.Attention.Windows != nil {
				// Sums in another order: a few roundings of some hundred terms around 1; where a rounding moves an activation to the
				// next of 127 steps, a logit moves by some hundredths.
				tolerance = 1e-4
				if c.activations == Int8Activations {
					tolerance = 0.05
				}
			}
			for round, context := range []int{1, 20, 90, batchTokens + 30, 0} {
				var windows []reading.Window
				computed := 0
				for range []int{12, 20, 6, 3, 12}[round] {
					question := randomTokens(1+context, spec.Vocab)[:max(1, rng.IntN(context+1))]
					for choice := range 2 + rng.IntN(4) {
						w := reading.Window{Tokens: slices.Clone(question), Shared: choice > 0}
						for range rng.IntN(20) {
							w.Tokens = append(w.Tokens, uint32(rng.IntN(3))) // choices have beginnings in common
						}
						w.From = max(0, len(w.Tokens)-1-rng.IntN(40))
						computed += len(w.Tokens)
						if choice > 0 {
							before := windows[len(windows)-1].Tokens
							for i := 0; i < min(len(before), w.From) && before[i] == w.Tokens[i]; i++ {
								computed--
							}
						}
						windows = append(windows, w)
					}
				}
				var want, got [][]float32
				for _, w := range windows {
					want = append(want, rowsOf(t, m, w.Tokens, w.From)...)
				}
				if err := m.LogitsOf(t.Context(), windows, func(_, _ int, l []float32) error {
					got = append(got, slices.Clone(l))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if len(got) != len(want) {
					t.Fatalf("%s, round %d: %d rows, want %d", name, round, len(got), len(want))
				}
				for r := range want {
					for j, x := range want[r] {
						if y := got[r][j]; !(math.Abs(float64(x-y)) <= tolerance) {
							t.Fatalf("%s, %s, round %d: row %d, id %d: %g, alone %g", name, c.codec, round, r, j, y, x)
						}
					}
				}
				if m.session.passed != computed {
					t.Errorf("%s, %s, round %d: %d tokens were computed, want %d", name, c.codec, round, m.session.passed, computed)
				}
				// Losses take the same way.
				for i := range windows {
					windows[i].Losses = make([]float64, len(windows[i].Tokens)-1-windows[i].From)
				}
				if err := m.LossesOf(t.Context(), windows); err != nil {
					t.Fatal(err)
				}
				for i, w := range windows {
					alone := make([]float64, len(w.Losses))
					if err := m.Losses(t.Context(), w.Tokens, w.From, alone); err != nil {
						t.Fatal(err)
					}
					for k := range alone {
						if !(math.Abs(alone[k]-w.Losses[k]) <= 2*tolerance) { // of a logit and of the sum of exponentials
							t.Fatalf("%s, %s, round %d, window %d: loss %g, alone %g", name, c.codec, round, i, w.Losses[k], alone[k])
						}
					}
				}
			}
		}
	}
}
