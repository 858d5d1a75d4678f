package evalppl

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nibble/evalppl/internal/spill"
)

// listedWindows cuts a document of n tokens by walking over it, as the protocols are defined.
func listedWindows(c cutting, n int) (ws []window) {
	switch c.protocol {
	case LlamaCpp:
		for start := 0; start+c.ctx <= n; start += c.ctx {
			ws = append(ws, window{start: start, end: start + c.ctx, from: c.ctx / 2, bos: c.bos})
		}
	case LMEval:
		for scored := 1; scored < n; {
			end := min(scored+c.ctx, n)
			start := max(0, end-1-c.ctx)
			ws = append(ws, window{start: start, end: end, from: scored - 1 - start})
			scored = end
		}
	default:
		scored := 0
		for start := 0; scored < n; start += c.stride {
			end := min(start+c.ctx, n)
			w := window{start: start, end: end, from: max(0, scored-1-start)}
			if c.protocol == HF && scored > start {
				w.less = 1
			}
			if w.weight() > 0 {
				ws = append(ws, w)
			}
			scored = end
		}
	}
	return ws
}

// TestWindowsFromLengths: the formulas give the windows that walking over a document gives.
func TestWindowsFromLengths(t *testing.T) {
	for _, protocol := range Protocols() {
		for ctx := 2; ctx < 10; ctx++ {
			for stride := 1; stride <= ctx; stride++ {
				for n := range 45 {
					c := cutting{protocol: protocol, ctx: ctx, stride: stride, bos: n%2 == 0}
					var got []window
					for k := range c.count(n) {
						got = append(got, c.window(n, k))
					}
					if want := listedWindows(c, n); !slices.Equal(got, want) {
						t.Fatalf("%s, ctx %d, stride %d, %d tokens: %+v, want %+v", protocol, ctx, stride, n, got, want)
					}
				}
			}
		}
	}
}

// TestPlanInAnyOrder: windows of a text are the same whatever was asked for before, and read what lies there.
func TestPlanInAnyOrder(t *testing.T) {
	m := newTable(1, 10, 16, 1)
	for name, c := range cases(m) {
		o, err := c.o.withDefaults(m)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlan(DocumentsText(c.docs), "", o)
		if err != nil {
			t.Fatal(err)
		}
		var want []window
		at := int64(0)
		for d, doc := range c.docs {
			for _, w := range listedWindows(o.cutting(), len(doc)+p.before) {
				w.doc, w.at = d, at
				want = append(want, w)
			}
			at += int64(len(doc))
		}
		if p.total != len(want) {
			t.Fatalf("%s: %d windows, want %d", name, p.total, len(want))
		}
		r := rand.New(rand.NewPCG(1, 1))
		for range 300 {
			n := r.IntN(p.total)
			w := p.window(n)
			if w != want[n] {
				t.Fatalf("%s: window %d is %+v, want %+v", name, n, w, want[n])
			}
			input, err := p.input(w)
			if err != nil {
				t.Fatal(err)
			}
			whole := c.docs[w.doc]
			if p.before > 0 {
				whole = append([]uint32{p.bos}, whole...)
			}
			tokens := slices.Clone(whole[w.start:w.end])
			if w.bos {
				tokens[0] = p.bos
			}
			if !slices.Equal(input, tokens) {
				t.Fatalf("%s: window %d reads %d, want %d", name, n, input, tokens)
			}
		}
	}
}

// stored puts documents into a store that keeps nothing but the blocks being filled in memory.
func stored(t *testing.T, docs [][]uint32) *TokenStore {
	t.Helper()
	s := newTokenStore(0)
	t.Cleanup(func() { s.Close() })
	r := rand.New(rand.NewPCG(2, 2))
	for _, d := range docs {
		for len(d) > 0 {
			n := 1 + r.IntN(len(d))
			if err := s.Append(d[:n]...); err != nil {
				t.Fatal(err)
			}
			d = d[n:]
		}
		s.EndDocument()
	}
	return s
}

// TestStoredText: a text on the disk gives the result of the same text in memory, bit for bit, in a run and in a comparison.
func TestStoredText(t *testing.T) {
	m := newTable(1, 40, 16, 2)
	other := m.noisy(2, 0.5)
	for name, c := range cases(m) {
		// Long enough for several blocks.
		docs := slices.Clone(c.docs)
		docs[len(docs)-1] = slices.Concat(docs[len(docs)-1], randomTokens(m, 9, 40_000))
		text := stored(t, docs)
		if got, want := CountTokens(text), CountTokens(DocumentsText(docs)); got != want {
			t.Fatalf("%s: %d tokens, want %d", name, got, want)
		}
		want, err := RunDocuments(context.Background(), m, docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := RunText(context.Background(), m, text, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := asJSON(t, timeless(got)), asJSON(t, timeless(want)); a != b {
			t.Errorf("%s: %.600s\nwant %.600s", name, a, b)
		}
		if c.o.Protocol == HF || testing.Short() {
			continue
		}
		o := c.o
		o.Resamples = 20
		wantC, err := CompareDocuments(context.Background(), m, []DistributionModel{other}, docs, o)
		if err != nil {
			t.Fatal(err)
		}
		gotC, err := CompareText(context.Background(), m, []DistributionModel{other}, text, o)
		if err != nil {
			t.Fatal(err)
		}
		wantC.Seconds, wantC.TokensPerSecond, gotC.Seconds, gotC.TokensPerSecond = 0, 0, 0, 0
		if a, b := asJSON(t, gotC), asJSON(t, wantC); a != b {
			t.Errorf("%s: %s\nwant %s", name, a, b)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTokenStore(t *testing.T) {
	s := stored(t, [][]uint32{{}, {1, 2}, {}, {3}, {}})
	if s.Documents() != 5 || s.Length(1) != 2 || s.Length(4) != 0 {
		t.Errorf("%d documents", s.Documents())
	}
	s.DropEmpty()
	if s.Documents() != 2 || s.Length(0) != 2 || s.Length(1) != 1 {
		t.Errorf("%d documents that are not empty", s.Documents())
	}
	// A document that does not fit 32 bits keeps its length.
	s.open = longDocument + 5
	s.EndDocument()
	s.EndDocument()
	s.DropEmpty()
	if s.Documents() != 3 || int64(s.Length(2)) != longDocument+5 {
		t.Errorf("%d documents, the last of %d tokens", s.Documents(), s.Length(2))
	}
	if err := s.ReadAt(make([]uint32, 4), 0); err == nil {
		t.Error("tokens behind the end were read")
	}
	if err := DocumentsText([][]uint32{{1, 2}}).ReadAt(make([]uint32, 2), 1); err == nil {
		t.Error("tokens behind the end were read from memory")
	}
}

// TestSelectedQuantiles: selecting gives what sorting gives.
func TestSelectedQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	ps := append([]float64{0.3333, 0.9999, 0.00001}, deltaQuantiles...)
	for _, n := range []int{1, 2, 3, 10, 1000, 100_000} {
		for kind := range 4 {
			store := spill.New("test values", 0)
			list := store.List()
			var bits []uint32
			for range n {
				x := float32(r.NormFloat64())
				switch kind {
				case 1:
					x = float32(r.IntN(5)-2) / 3 // few values, many times
				case 2:
					x *= x * 1e-30
				case 3:
					x = float32(math.Exp(float64(x) * 20))
				}
				bits = append(bits, math.Float32bits(x))
			}
			if err := list.Append(bits...); err != nil {
				t.Fatal(err)
			}
			got, err := selectedQuantiles(list, ps)
			if err != nil {
				t.Fatal(err)
			}
			if want := sortedQuantiles(bits, ps); !slices.Equal(got, want) {
				t.Errorf("%d values of kind %d: %g, want %g", n, kind, got, want)
			}
			store.Close()
		}
	}
	for _, x := range []float32{0, 1, -1, 1e-45, -1e-45, math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1))} {
		if b := math.Float32bits(x); keyBits(orderedKey(b)) != b {
			t.Errorf("the key of %g leads to %x, want %x", x, keyBits(orderedKey(b)), b)
		}
	}
}

// input returns the tokens of a window.
func (p *plan) input(w window) ([]uint32, error) {
	input := make([]uint32, w.end-w.start)
	return input, p.read(w, input)
}
