package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nibble/format"
	"nibble/quant"
)

// specs are shapes that reach every part of the forward pass: sizes that are no multiples of 16 or 32, heads that do not fill
// a tile, windows, partial rotation, biases.
func specs() map[string]format.Spec {
	llama := format.Spec{
		Architecture: "llama", Vocab: 83, Context: 700, Hidden: 48, Layers: 2, FFN: 43, TiedHead: true,
		Attention: format.Attention{Heads: 6, KVHeads: 2, HeadDim: 10, Scale: 1 / math.Sqrt(10)},
		Norm:      format.Norm{Kind: format.RMSNorm, Eps: 1e-5},
		Position:  format.Position{Kind: format.RotaryPositions, Rotary: &format.Rotary{Theta: 10000, Dim: 10, Scaling: format.RotaryDefault}},
		MLP:       format.MLP{Activation: format.SiLU, Gated: true},
	}
	gpt2 := format.Spec{
		Architecture: "gpt2", Vocab: 129, Context: 700, Hidden: 40, Layers: 3, FFN: 70,
		Attention: format.Attention{Heads: 2, KVHeads: 2, HeadDim: 20, Scale: 1 / math.Sqrt(20), QKVBias: true, OutBias: true},
		Norm:      format.Norm{Kind: format.LayerNorm, Eps: 1e-5, Bias: true},
		Position:  format.Position{Kind: format.LearnedPositions},
		MLP:       format.MLP{Activation: format.GELUTanh, UpBias: true, DownBias: true},
	}
	window := gpt2
	window.Architecture, window.Attention.Windows, window.MLP.Activation = "gpt_neo", []int{0, 7, 33}, format.GELU
	scaled := llama
	scaled.TiedHead, scaled.Attention.HeadDim, scaled.Attention.Heads, scaled.Attention.KVHeads = false, 32, 4, 4
	scaled.Position.Rotary = &format.Rotary{Theta: 5000, Dim: 16, Scaling: format.RotaryLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalContext: 64}
	scaled.MLP = format.MLP{Activation: format.ReLU, UpBias: true}
	return map[string]format.Spec{"llama": llama, "gpt2": gpt2, "window": window, "scaled": scaled}
}

// randomContainer writes a container of random weights.
func randomContainer(t testing.TB, spec format.Spec, codec string) *format.Reader {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(spec.Hidden)))
	var plans []format.TensorPlan
	for _, s := range spec.Tensors() {
		c := codec
		if s.Raw {
			c = format.RawF32
		}
		plans = append(plans, format.TensorPlan{Name: s.Name, Codec: c, Rows: s.Rows, Cols: s.Cols})
	}
	meta := format.Metadata{
		Spec: spec, Model: "random", Tool: "test", SourceDType: "f32", Parameters: 1,
		Recipe:  format.Recipe{Type: codec, Embed: codec, Head: codec, Method: "rtn"},
		Sources: []format.Source{{Name: "config.json", Bytes: 2, SHA256: strings.Repeat("0", 64)}},
	}
	path := filepath.Join(t.TempDir(), "random.nbl")
	w, err := format.Create(path, meta, nil, plans, format.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, p := range plans {
		values := make([]float32, p.Rows*p.Cols)
		for j := range values {
			values[j] = float32(rng.NormFloat64() * 1.5 / math.Sqrt(float64(p.Cols)))
			if p.Codec == format.RawF32 && strings.HasSuffix(p.Name, "norm") {
				values[j] = float32(1 + 0.2*rng.NormFloat64())
			}
		}
		c, err := quant.Lookup(p.Codec)
		if err != nil {
			t.Fatal(err)
		}
		enc := make([]byte, c.Bytes(p.Rows, p.Cols))
		c.Encode(enc, values, p.Rows, p.Cols)
		tw, err := w.Tensor(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(enc); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(format.TensorError{Exact: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := format.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func load(t testing.TB, r *format.Reader, o Options) *Model {
	t.Helper()
	m, err := Load(r, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func randomTokens(n, vocab int) []uint32 {
	rng := rand.New(rand.NewPCG(7, 7))
	tokens := make([]uint32, n)
	for i := range tokens {
		tokens[i] = uint32(rng.IntN(vocab))
	}
	return tokens
}

// allLogits runs a window and returns a copy of every row.
func allLogits(t testing.TB, m *Model, tokens []uint32) [][]float32 {
	t.Helper()
	var rows [][]float32
	if err := m.Logits(context.Background(), tokens, 0, func(i int, l []float32) error {
		if i != len(rows) {
			t.Fatalf("position %d after %d", i, len(rows)-1)
		}
		rows = append(rows, slices.Clone(l))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestAgainstReference compares with the float64 reference. With float32 activations only rounding differs: logits are of
// order 1 after some ten products of up to 83 terms, each term off by 2^-24 relative, so 1e-4 leaves a wide margin and a
// missing term is 1e-2 or more. With int8 activations each value is off by up to 1/254 of its group's largest: for normal values
// that is an RMS error of 0.6 % of their RMS (half a step is 2.5 sigma / 254, uniform: over sqrt 3). Two to three layers quantize
// eight to twelve times and the MLP's products about double it: 0.6 % * sqrt(12) * 2 = 4 % of the logits' RMS; twice that is the
// bound, and a term left out is 20 % and more. With bf16 activations a value is off by up to 2^-9 of itself, RMS 2^-9 / sqrt 3 = 0.11 %:
// by the same count 0.8 % of the logits' RMS, and 1.6 % the bound; that it is more than 1e-4 shows that they were rounded.
func TestAgainstReference(t *testing.T) {
	for name, spec := range specs() {
		for _, codec := range quant.MatrixNames() {
			for _, mode := range ActivationModes() {
				if mode == BF16Activations && codec != "bf16" {
					continue
				}
				c, _ := quant.Lookup(codec)
				least, most := 0.0, 0.0 // RMS difference by the rounding of activations; 0: they are not rounded
				switch {
				case c.Integer() && mode == Int8Activations:
					most = 0.08
				case mode == BF16Activations:
					least, most = 1e-4, 0.016
				}
				t.Run(fmt.Sprintf("%s/%s/%s", name, codec, mode), func(t *testing.T) {
					r := randomContainer(t, spec, codec)
					m := load(t, r, Options{Threads: 2, Activations: mode})
					tokens := randomTokens(61, spec.Vocab)
					want := newReference(r).logits(tokens)
					got := allLogits(t, m, tokens)
					var worst, noise, signal float64
					for pos := range want {
						for i := range want[pos] {
							d := float64(got[pos][i]) - want[pos][i]
							worst = max(worst, math.Abs(d))
							noise += d * d
							signal += want[pos][i] * want[pos][i]
						}
					}
					rms := math.Sqrt(noise / signal)
					t.Logf("largest difference %.2g, RMS %.2g of the logits' RMS", worst, rms)
					switch {
					case most > 0 && !(rms >= least && rms <= most):
						t.Errorf("RMS difference %g of the logits' RMS, %g to %g expected", rms, least, most)
					case most == 0 && !(worst <= 1e-4):
						t.Errorf("largest difference of a logit %g, at most 1e-4 expected", worst)
					}
					checkLosses(t, m, tokens, got)
				})
			}
		}
	}
}

// checkLosses compares the fused losses with log-softmax of the logits in float64: they differ by float32 exponentials only.
func checkLosses(t *testing.T, m *Model, tokens []uint32, logits [][]float32) {
	t.Helper()
	const from = 5
	losses := make([]float64, len(tokens)-1-from)
	if err := m.Losses(context.Background(), tokens, from, losses); err != nil {
		t.Fatal(err)
	}
	for i, got := range losses {
		row := logits[from+i]
		top := float64(slices.Max(row))
		var sum float64
		for _, x := range row {
			sum += math.Exp(float64(x) - top)
		}
		if want := math.Log(sum) + top - float64(row[tokens[from+i+1]]); !(math.Abs(got-want) <= 2e-6*math.Max(1, math.Abs(want))) {
			t.Fatalf("loss at position %d: %g, the logits say %g", from+i, got, want)
		}
	}
}

// TestThreadsDoNotMatter demands the same bits for any number of threads, over more than one batch.
func TestThreadsDoNotMatter(t *testing.T) {
	for name, spec := range specs() {
		for codec, mode := range map[string]string{"f16": "", "bf16": BF16Activations, "int8-g32": "", "int4-g32": ""} {
			t.Run(name+"/"+codec, func(t *testing.T) {
				r := randomContainer(t, spec, codec)
				for _, n := range []int{5, batchTokens + 70} { // few tokens take another way through the layers
					tokens := randomTokens(n, spec.Vocab)
					var want []float64
					for _, threads := range []int{1, 2, 3, 7} {
						m := load(t, r, Options{Threads: threads, Activations: mode})
						got := make([]float64, len(tokens)-1)
						if err := m.Losses(context.Background(), tokens, 0, got); err != nil {
							t.Fatal(err)
						}
						if want == nil {
							want = got
						} else if !slices.Equal(got, want) {
							t.Errorf("%d tokens: %d threads give other losses than 1", n, threads)
						}
					}
				}
			})
		}
	}
}

// TestOneByOne demands that reading tokens one by one over the cache gives the logits of reading them at once: bit for bit
// where every layer attends to all positions. A window's first tile depends on the batch, and with it the order of a sum.
func TestOneByOne(t *testing.T) {
	one := func(name string, spec format.Spec, codec, mode string) {
		t.Run(name+"/"+codec, func(t *testing.T) {
			m := load(t, randomContainer(t, spec, codec), Options{Threads: 2, Activations: mode})
			tokens := randomTokens(150, spec.Vocab)
			want := allLogits(t, m, tokens)
			s, err := m.NewSession(len(tokens))
			if err != nil {
				t.Fatal(err)
			}
			for i := range tokens {
				if err := s.Logits(context.Background(), tokens[i:i+1], 0, func(_ int, l []float32) error {
					for j := range l {
						d := math.Abs(float64(l[j]) - float64(want[i][j]))
						if d != 0 && spec.Attention.Windows == nil || d > 0.05 {
							return fmt.Errorf("position %d, logit %d: %g, at once %g", i, j, l[j], want[i][j])
						}
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			if s.Pos() != len(tokens) {
				t.Errorf("position %d, want %d", s.Pos(), len(tokens))
			}
		})
	}
	for name, spec := range specs() {
		one(name, spec, "int8-g32", Int8Activations)
		one(name, spec, "bf16", BF16Activations)
		one(name, spec, "f16", Int8Activations)
		one(name, spec, "int4-g32", Float32Activations)
	}
}

// TestLastTokenIsOnlyPredicted: a window may hold one token more than the model has positions, and the losses before it do not depend
// on it.
func TestLastTokenIsOnlyPredicted(t *testing.T) {
	m := load(t, randomContainer(t, specs()["gpt2"], "int8-g32"), Options{Threads: 2})
	tokens := randomTokens(m.Context()+1, m.Vocab())
	all, most := make([]float64, m.Context()), make([]float64, m.Context()-1)
	if err := m.Losses(context.Background(), tokens, 0, all); err != nil {
		t.Fatal(err)
	}
	if err := m.Losses(context.Background(), tokens[:m.Context()], 0, most); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(all[:len(most)], most) || !(all[len(most)] > 0) {
		t.Error("the losses of a full context differ from those of a window of one token more, or the last one is missing")
	}
	if err := m.Losses(context.Background(), append(tokens, 1), 0, make([]float64, m.Context()+1)); err == nil {
		t.Error("two tokens more than positions: no error")
	}
	if err := m.Losses(context.Background(), nil, 0, nil); err == nil {
		t.Error("no tokens: no error")
	}
}

func TestNoAllocationPerToken(t *testing.T) {
	for _, mode := range [][2]string{{"f32", ""}, {"f16", ""}, {"bf16", ""}, {"bf16", BF16Activations}, {"int8-g32", ""}, {"int4-g32", ""}, {"int4-g32", Float32Activations}} {
		codec := mode[0]
		m := load(t, randomContainer(t, specs()["llama"], codec), Options{Threads: 2, Activations: mode[1]})
		s, err := m.NewSession(512)
		if err != nil {
			t.Fatal(err)
		}
		tokens := randomTokens(512, m.Vocab())
		losses := make([]float64, 99)
		ctx := context.Background()
		ignore := func(int, []float32) error { return nil }
		for what, pass := range map[string]func() error{
			"generate": func() error { return s.Logits(ctx, tokens[:1], 0, ignore) },
			"append":   func() error { return s.Append(ctx, tokens[:100]) },
			"losses":   func() error { return s.Losses(ctx, tokens[:100], 0, losses) },
		} {
			if n := testing.AllocsPerRun(5, func() {
				s.Reset()
				if err := pass(); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s, %s: %g allocations", codec, what, n)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	m := load(t, randomContainer(t, specs()["gpt2"], "f32"), Options{Threads: 1})
	ctx := context.Background()
	check := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", what, err, want)
		}
	}
	check("id", m.Losses(ctx, []uint32{1, 2, 500}, 0, make([]float64, 2)), "id 500")
	check("size", m.Losses(ctx, []uint32{1, 2}, 0, make([]float64, 2)), "into 2 values")
	_, err := m.NewSession(m.Context() + 1)
	check("positions", err, "learned positions")
	_, err = m.NewSession(0)
	check("no positions", err, "at least 1")
	s, err := m.NewSession(3)
	if err != nil {
		t.Fatal(err)
	}
	check("overflow", s.Append(ctx, []uint32{1, 2, 3, 4}), "holds 3 positions")
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Append(canceled, []uint32{1}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	_, err = Load(randomContainer(t, specs()["llama"], "f32"), Options{Activations: "int16"})
	check("activations", err, "int16")
	_, err = Load(randomContainer(t, specs()["llama"], "int8-g32"), Options{Activations: BF16Activations})
	check("bf16 activations", err, "no matrix of this container is bf16 (the recipe's type is int8-g32)")
}
