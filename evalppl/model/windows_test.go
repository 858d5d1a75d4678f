package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nibble/evalppl/reading"
)

// randomSequences makes sequences of random lengths, with all losses wanted from a random token on.
func randomSequences(rng *rand.Rand, n, longest, vocab int) []reading.Window {
	seqs := make([]reading.Window, n)
	for i := range seqs {
		q := &seqs[i]
		q.Tokens = make([]uint32, 1+rng.IntN(longest))
		for t := range q.Tokens {
			q.Tokens[t] = uint32(rng.IntN(vocab))
		}
		q.From = rng.IntN(len(q.Tokens))
		q.Losses = make([]float64, len(q.Tokens)-1-q.From)
	}
	return seqs
}

// checkTogether reads sequences together and demands the losses and logits of each alone, bit for bit.
func checkTogether(t *testing.T, alone, together *Model, seqs []reading.Window) {
	t.Helper()
	ctx := context.Background()
	if err := together.LossesOf(ctx, seqs); err != nil {
		t.Fatal(err)
	}
	var want [][]float32
	var order []string
	for k, q := range seqs {
		losses := make([]float64, len(q.Losses))
		if err := alone.Losses(ctx, q.Tokens, q.From, losses); err != nil {
			t.Fatal(err)
		}
		for i := range losses {
			if math.Float64bits(losses[i]) != math.Float64bits(q.Losses[i]) {
				t.Fatalf("sequence %d of %d tokens: loss %d is %g, alone %g", k, len(q.Tokens), q.From+i, q.Losses[i], losses[i])
			}
		}
		if err := alone.Logits(ctx, q.Tokens, q.From, func(i int, l []float32) error {
			want, order = append(want, slices.Clone(l)), append(order, fmt.Sprint(k, i))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	if err := together.LogitsOf(ctx, seqs, func(k, i int, l []float32) error {
		if n >= len(order) || order[n] != fmt.Sprint(k, i) {
			return fmt.Errorf("row %d is of sequence %d, token %d", n, k, i)
		}
		if !slices.Equal(l, want[n]) {
			return fmt.Errorf("sequence %d, token %d: other logits than alone", k, i)
		}
		n++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n != len(order) {
		t.Errorf("%d rows, want %d", n, len(order))
	}
}

// TestSequencesTogether demands of sequences of any lengths, read together, the results of each alone.
func TestSequencesTogether(t *testing.T) {
	modes := []struct{ codec, activations string }{
		{"f16", ""}, {"bf16", BF16Activations}, {"int8-g32", Int8Activations}, {"int4-g32", Int8Activations}, {"int4-g32", Float32Activations},
	}
	for name, spec := range specs() {
		for _, c := range modes {
			t.Run(fmt.Sprintf("%s/%s/%s", name, c.codec, c.activations), func(t *testing.T) {
				r := randomContainer(t, spec, c.codec)
				alone := load(t, r, Options{Threads: 1, Activations: c.activations})
				for _, threads := range []int{2, 1, 3} {
					m := load(t, r, Options{Threads: threads, Activations: c.activations})
					rng := rand.New(rand.NewPCG(uint64(threads), 5))
					for _, longest := range []int{1, 5, 70} {
						checkTogether(t, alone, m, randomSequences(rng, 20, longest, spec.Vocab))
					}
					if threads != 2 {
						continue
					}
					if testing.Short() {
						break // what several threads could mix up, two can
					}
					// Some that need several batches among others.
					seqs := randomSequences(rng, 9, 30, spec.Vocab)
					for _, at := range []int{0, 4, 8} {
						seqs[at].Tokens = randomTokens(batchTokens+9*at, spec.Vocab)
						seqs[at].From = batchTokens - 40
						seqs[at].Losses = make([]float64, len(seqs[at].Tokens)-1-seqs[at].From)
					}
					checkTogether(t, alone, m, seqs)
				}
			})
		}
	}
}

// TestSessionReadsSequences: a session's room bounds a batch; what it held is forgotten.
func TestSessionReadsSequences(t *testing.T) {
	m := load(t, randomContainer(t, specs()["llama"], "f32"), Options{Threads: 2})
	s, err := m.NewSession(20)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := s.Append(ctx, randomTokens(13, m.Vocab())); err != nil {
		t.Fatal(err)
	}
	seqs := randomSequences(rand.New(rand.NewPCG(1, 2)), 30, 21, m.Vocab())
	if err := s.LossesOf(ctx, seqs); err != nil {
		t.Fatal(err)
	}
	for k, q := range seqs {
		want := make([]float64, len(q.Losses))
		if err := m.Losses(ctx, q.Tokens, q.From, want); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(want, q.Losses) {
			t.Errorf("sequence %d: other losses than alone", k)
		}
	}
	if s.Pos() != 0 {
		t.Errorf("position %d after sequences, want 0", s.Pos())
	}
	none := func(int, int, []float32) error { return nil }
	for what, err := range map[string]error{
		"holds 20 positions": s.LogitsOf(ctx, []reading.Window{{Tokens: randomTokens(21, m.Vocab())}}, none),
		"id 500":             s.LogitsOf(ctx, []reading.Window{{Tokens: []uint32{1, 500}}}, none),
		"into 3 values":      s.LossesOf(ctx, []reading.Window{{Tokens: []uint32{1, 2}, Losses: make([]float64, 3)}}),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
	seqs = slices.DeleteFunc(seqs, func(q reading.Window) bool { return len(q.Tokens) > 20 })
	stop := errors.New("stop")
	if err := s.LogitsOf(ctx, seqs, func(k, i int, _ []float32) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the function's error", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.LossesOf(canceled, seqs); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := s.LossesOf(ctx, nil); err != nil {
		t.Errorf("no sequences: %v", err)
	}
	again := seqs[0]
	again.Losses = make([]float64, len(again.Losses))
	if err := s.LossesOf(ctx, []reading.Window{again}); err != nil || !slices.Equal(again.Losses, seqs[0].Losses) {
		t.Errorf("after errors: %v, or other losses", err)
	}
}

// TestNonFiniteStaysInItsSequence: NaN in one sequence of a batch reaches no other.
func TestNonFiniteStaysInItsSequence(t *testing.T) {
	for _, name := range []string{"scaled", "window"} { // whose head is not the embeddings
		for _, codec := range []string{"f32", "int8-g32"} {
			spec := specs()[name]
			r := randomContainer(t, spec, codec)
			m := load(t, edited(t, r, "embed.tokens", poison(codec, 5, spec.Hidden, true)), Options{Threads: 2})
			sound := load(t, r, Options{Threads: 2})
			seqs := randomSequences(rand.New(rand.NewPCG(4, 4)), 60, 20, spec.Vocab)
			bad := 0
			for range 2 { // the second time with NaN in the cache
				if err := m.LossesOf(context.Background(), seqs); err != nil {
					t.Fatal(err)
				}
			}
			for k, q := range seqs {
				if len(q.Losses) == 0 {
					continue
				}
				if read := q.Tokens[:len(q.Tokens)-1]; slices.Contains(read, 5) {
					bad++
					if !math.IsNaN(q.Losses[len(q.Losses)-1]) {
						t.Errorf("%s, %s: sequence %d has the token of NaN, and a loss of %g", name, codec, k, q.Losses[len(q.Losses)-1])
					}
					continue
				}
				want := make([]float64, len(q.Losses))
				if err := sound.Losses(context.Background(), q.Tokens, q.From, want); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(q.Losses, want) {
					t.Errorf("%s, %s: sequence %d has caught what is not its own", name, codec, k)
				}
			}
			if bad == 0 || bad == len(seqs) {
				t.Fatal("choose other sequences")
			}
		}
	}
}

func TestNoAllocationPerBatch(t *testing.T) {
	m := load(t, randomContainer(t, specs()["llama"], "int8-g32"), Options{Threads: 2})
	seqs := randomSequences(rand.New(rand.NewPCG(1, 1)), 60, 30, m.Vocab())
	ctx := context.Background()
	ignore := func(int, int, []float32) error { return nil }
	for what, pass := range map[string]func() error{
		"losses": func() error { return m.LossesOf(ctx, seqs) },
		"logits": func() error { return m.LogitsOf(ctx, seqs, ignore) },
	} {
		if n := testing.AllocsPerRun(5, func() {
			if err := pass(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %g allocations", what, n)
		}
	}
}
