package model

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nibble/evalppl/reading"
)

// TestPrefixReader reads windows that share beginnings of any length, in an order that lengthens, shortens and changes them, and
// compares each with a window read whole: bit for bit, but for windowed attention, whose first tile depends on the batch.
func TestPrefixReader(t *testing.T) {
	for name, spec := range specs() {
		for _, c := range []struct{ codec, activations string }{{"f32", Float32Activations}, {"int8-g32", Int8Activations}, {"int4-g32", Float32Activations}} {
			m := load(t, randomContainer(t, spec, c.codec), Options{Activations: c.activations, Threads: 2})
			p := m.NewPrefixReader()
			a := randomTokens(600, spec.Vocab)
			b := a[300:390]
			windows := [][]uint32{a[:40], a[:55], append(slices.Clone(a[:38]), b...), a[:39], a[:39], a[:1], a[:600], append(slices.Clone(a[:530]), b[:9]...), b[:20]}
			tolerance := 0.0
			if spec.Attention.Windows != nil {
				// Sums in another order: a few roundings of some hundred terms around 1; where a rounding moves an activation to the
				// next of 127 steps, a logit moves by some hundredths.
				tolerance = map[string]float64{Float32Activations: 1e-4, Int8Activations: 0.05}[c.activations]
			}
			var computed int64
			var before []uint32
			for i, w := range windows {
				from := max(0, len(w)-1-7*(i%3))
				shared := 0
				for shared < min(len(before), len(w)) && before[shared] == w[shared] {
					shared++
				}
				if len(w) == 600 {
					shared = 0 // more than it had room for: it begins anew
				}
				computed += int64(len(w) - min(shared, from))
				before = w
				var want, got [][]float32
				keep := func(to *[][]float32) func(int, []float32) error {
					return func(at int, l []float32) error {
						if at != from+len(*to) {
							t.Fatalf("row %d comes as number %d from %d on", at, len(*to), from)
						}
						*to = append(*to, slices.Clone(l))
						return nil
					}
				}
				if err := m.Logits(context.Background(), w, from, keep(&want)); err != nil {
					t.Fatal(err)
				}
				if err := p.Logits(context.Background(), w, from, keep(&got)); err != nil {
					t.Fatal(err)
				}
				if len(got) != len(want) {
					t.Fatalf("%s: window %d: %d rows, want %d", name, i, len(got), len(want))
				}
				for r := range want {
					for j, x := range want[r] {
						if y := got[r][j]; !(math.Abs(float64(x-y)) <= tolerance) {
							t.Fatalf("%s, %s: window %d, row %d, id %d: %g, read whole %g", name, c.codec, i, r, j, y, x)
						}
					}
				}
			}
			if p.Computed() != computed {
				t.Errorf("%s: %d tokens were computed, want %d", name, p.Computed(), computed)
			}
		}
	}
}

// TestPrefixReaderAfterErrors: what was interrupted is read again from its beginning.
func TestPrefixReaderAfterErrors(t *testing.T) {
	m := load(t, randomContainer(t, specs()["llama"], "f32"), Options{})
	p := m.NewPrefixReader()
	w := randomTokens(30, m.Vocab())
	last := func() (out []float32) {
		if err := p.Logits(context.Background(), w, 29, func(_ int, l []float32) error { out = slices.Clone(l); return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := last()
	failed := errors.New("enough")
	if err := p.Logits(context.Background(), w, 3, func(int, []float32) error { return failed }); err != failed {
		t.Errorf("%v, want the function's error", err)
	}
	if !slices.Equal(last(), want) {
		t.Error("other logits after an error of the function")
	}
	if err := p.Logits(context.Background(), []uint32{1, 1 << 30}, 1, nil); err == nil {
		t.Error("an id outside the vocabulary is read")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Logits(ctx, w, 29, func(int, []float32) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	if !slices.Equal(last(), want) {
		t.Error("other logits after an interruption")
	}
	before := p.Computed()
	p.Reset()
	if !slices.Equal(last(), want) || p.Computed() != before+30 {
		t.Errorf("after a reset %d tokens were computed, want all 30", p.Computed()-before)
	}
	m.NewPrefixReader().Reset() // before the first window
}

// TestPrefixReaderTogether reads windows with common beginnings together - more than a batch of them, with beginnings longer than a
// batch, and windows that share nothing among them - and demands the logits and counts of one after the other, bit for bit: those of
// windowed attention too, whose tokens are cut alike.
func TestPrefixReaderTogether(t *testing.T) {
	for name, spec := range specs() {
		for _, codec := range []string{"f32", "int8-g32"} {
			m := load(t, randomContainer(t, spec, codec), Options{Threads: 2})
			one, many := m.NewPrefixReader(), m.NewPrefixReader()
			rowsOf(t, one, randomTokens(650, spec.Vocab), 649) // so that it need not grow, which makes it forget
			rng := rand.New(rand.NewPCG(3, 9))
			for round, context := range []int{1, 20, 90, batchTokens + 30, 0} {
				var windows []reading.Window
				for range []int{12, 20, 6, 3, 12}[round] {
					question := randomTokens(1+context, spec.Vocab)[:max(1, rng.IntN(context+1))]
					for choice := range 2 + rng.IntN(4) {
						w := reading.Window{Tokens: slices.Clone(question), Shared: choice > 0}
						for range rng.IntN(20) {
							w.Tokens = append(w.Tokens, uint32(rng.IntN(3))) // choices have beginnings in common
						}
						w.From = max(0, rng.IntN(len(w.Tokens)))
						windows = append(windows, w)
					}
				}
				var want, got [][]float32
				before := one.Computed()
				for _, w := range windows {
					if !w.Shared {
						one.Reset()
					}
					if err := one.Logits(t.Context(), w.Tokens, w.From, func(_ int, l []float32) error {
						want = append(want, slices.Clone(l))
						return nil
					}); err != nil {
						t.Fatal(err)
					}
				}
				computed := many.Computed()
				if err := many.LogitsOf(t.Context(), windows, func(_, _ int, l []float32) error {
					got = append(got, slices.Clone(l))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if !sameRows(got, want) {
					t.Errorf("%s, %s, round %d: other logits than one after the other", name, codec, round)
				}
				if a, b := one.Computed()-before, many.Computed()-computed; a != b {
					t.Errorf("%s, %s, round %d: %d tokens were computed together, %d one after the other", name, codec, round, b, a)
				}
			}
		}
	}
}
