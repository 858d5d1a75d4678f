package evalppl

import (
	"context"
	"math"
	"strings"
	"testing"
)

// near compares with a relative tolerance: sums of a few hundred float64 in another order differ by some 1e-14.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*math.Abs(want)) {
		t.Errorf("%s: %.17g, want %.17g", what, got, want)
	}
}

// TestStridedScoresEveryTokenOnce counts over many sizes.
func TestStridedScoresEveryTokenOnce(t *testing.T) {
	for n := 2; n < 40; n++ {
		for ctx := 2; ctx < 12; ctx++ {
			for stride := 1; stride <= ctx; stride++ {
				times := make([]int, n)
				c := cutting{protocol: Strided, ctx: ctx, stride: stride}
				for k := range c.count(n) {
					w := c.window(n, k)
					if w.end-w.start > ctx {
						t.Fatalf("n %d ctx %d stride %d: window of %d tokens", n, ctx, stride, w.end-w.start)
					}
					for i := w.start + w.from + 1; i < w.end; i++ {
						times[i]++
					}
				}
				for i, k := range times {
					// With stride = ctx a window's first token has no context.
					if want := btoi(i > 0 && !(stride == ctx && i%ctx == 0)); k != want {
						t.Fatalf("n %d ctx %d stride %d: token %d scored %d times, want %d", n, ctx, stride, i, k, want)
					}
				}
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// transformersPage is the arithmetic of the documentation, written as the page has it.
func transformersPage(t *testing.T, m *tableModel, tokens []uint32, ctx, stride int) (ppl float64, counted int) {
	var nll float64
	prev := 0
	for begin := 0; begin < len(tokens); begin += stride {
		end := min(begin+ctx, len(tokens))
		target := end - prev
		labels := make([]bool, end-begin)
		for i := range labels {
			labels[i] = i >= len(labels)-target
		}
		valid := 0
		for _, l := range labels {
			valid += btoi(l)
		}
		var sum float64
		n := 0
		for i := 1; i < len(labels); i++ { // labels are shifted by one
			if labels[i] {
				sum += exactLoss(m.row(tokens[begin:end], i-1), tokens[begin+i])
				n++
			}
		}
		if valid > 1 { // with one valid token the page multiplies by 0
			nll += sum / float64(n) * float64(valid-1)
			counted += valid - 1
		}
		prev = end
		if end == len(tokens) {
			break
		}
	}
	return math.Exp(nll / float64(counted)), counted
}

func TestHFIsTheDocumentationsArithmetic(t *testing.T) {
	m := newTable(1, 20, 32, 2)
	for _, c := range []struct{ n, ctx, stride int }{{200, 32, 16}, {201, 32, 16}, {200, 32, 32}, {97, 32, 32}, {209, 32, 7}, {20, 32, 16}, {48, 32, 16}, {33, 32, 1}} {
		tokens := randomTokens(m, 5, c.n)
		r, err := Run(context.Background(), m, tokens, Options{Protocol: HF, Ctx: c.ctx, Stride: c.stride})
		if err != nil {
			t.Fatal(err)
		}
		ppl, counted := transformersPage(t, m, tokens, c.ctx, c.stride)
		if r.TokensScored != counted {
			t.Errorf("%+v: %d tokens, want %d", c, r.TokensScored, counted)
		}
		near(t, "perplexity", r.Perplexity, ppl)
	}
}

func TestHFDiffersFromStrided(t *testing.T) {
	m := newTable(1, 20, 32, 2)
	tokens := randomTokens(m, 5, 200)
	a, err := Run(context.Background(), m, tokens, Options{Protocol: HF})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Run(context.Background(), m, tokens, Options{Protocol: Strided})
	if err != nil {
		t.Fatal(err)
	}
	if a.Perplexity == b.Perplexity || a.TokensScored >= b.TokensScored {
		t.Errorf("hf %g over %d tokens, strided %g over %d: want them to differ", a.Perplexity, a.TokensScored, b.Perplexity, b.TokensScored)
	}
}

// rolling is lm-evaluation-harness's loop: the first window predicts up to max tokens from the prefix on, each later one up to
// max tokens, reading at most max tokens that end before its last.
func rolling(m *tableModel, prefix uint32, tokens []uint32, longest int) (nll float64) {
	all := append([]uint32{prefix}, tokens...)
	for done := 0; done < len(tokens); {
		n := min(longest, len(tokens)-done)
		end := done + n // of tokens; all[:end] comes before the last one predicted
		input := all[max(0, end-longest):end]
		for i := len(input) - n; i < len(input); i++ {
			nll += exactLoss(m.row(input, i), tokens[end-len(input)+i])
		}
		done = end
	}
	return nll
}

func TestLMEvalRolling(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	bos := uint32(7)
	var docs [][]uint32
	var nll float64
	scored := 0
	for _, n := range []int{1, 5, 15, 16, 17, 32, 33, 50, 0} {
		d := randomTokens(m, uint64(n), n)
		docs = append(docs, d)
		nll += rolling(m, bos, d, 16)
		scored += n
	}
	r, err := RunDocuments(context.Background(), m, docs, Options{Protocol: LMEval, BOS: &bos, Words: 40, Bytes: 200})
	if err != nil {
		t.Fatal(err)
	}
	if r.TokensScored != scored || r.DocumentsTooShort != 1 || r.BOS != "7" || r.Ctx != 16 {
		t.Errorf("%d tokens scored, %d documents too short, bos %s, ctx %d; want %d, 1, 7, 16", r.TokensScored, r.DocumentsTooShort, r.BOS, r.Ctx, scored)
	}
	// Windows of 17 tokens of which 16 are read are scored from logits, with float32 exponentials: 1e-6 of each loss.
	if !(math.Abs(r.NLL*float64(scored)-nll) <= 1e-6*float64(scored)) {
		t.Errorf("summed loss %.9g, want %.9g", r.NLL*float64(scored), nll)
	}
	near(t, "word perplexity", r.WordPerplexity, math.Exp(r.NLL*float64(scored)/40))
	near(t, "byte perplexity", r.BytePerplexity, math.Exp(r.NLL*float64(scored)/200))
	near(t, "bits per byte", r.BitsPerByte, math.Log2(r.BytePerplexity))
	if r.StandardErrorMethod != "documents" {
		t.Errorf("standard error over %s, want documents", r.StandardErrorMethod)
	}
}

// TestDocumentIsEachAlone compares with a strided run over each document.
func TestDocumentIsEachAlone(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	var docs [][]uint32
	var nll float64
	scored := 0
	for i, n := range []int{30, 2, 1, 100, 17} {
		d := randomTokens(m, uint64(i), n)
		docs = append(docs, d)
		if n < 2 {
			continue
		}
		r, err := Run(context.Background(), m, d, Options{Ctx: 16, Stride: 8})
		if err != nil {
			t.Fatal(err)
		}
		nll += r.NLL * float64(r.TokensScored)
		scored += r.TokensScored
	}
	r, err := RunDocuments(context.Background(), m, docs, Options{Protocol: Document, Ctx: 16, Stride: 8})
	if err != nil {
		t.Fatal(err)
	}
	if r.TokensScored != scored || r.Documents != 5 || r.DocumentsTooShort != 1 {
		t.Errorf("%d tokens of %d documents, %d too short; want %d, 5, 1", r.TokensScored, r.Documents, r.DocumentsTooShort, scored)
	}
	near(t, "nll", r.NLL, nll/float64(scored))
}

func TestOptionErrors(t *testing.T) {
	m := newTable(1, 10, 16, 1)
	tokens := randomTokens(m, 1, 60)
	bad := uint32(10)
	for _, c := range []struct {
		want string
		o    Options
		docs [][]uint32
	}{
		{"unknown protocol", Options{Protocol: "perplexed"}, [][]uint32{tokens}},
		{"at least 2 tokens", Options{Ctx: 1}, [][]uint32{tokens}},
		{"at least 3 tokens", Options{Ctx: 2, Protocol: LlamaCpp}, [][]uint32{tokens}},
		{"16 positions", Options{Ctx: 17}, [][]uint32{tokens}},
		{"--stride 17", Options{Stride: 17}, [][]uint32{tokens}},
		{"--stride belongs", Options{Protocol: LMEval, Stride: 3}, [][]uint32{tokens}},
		{"BOS id 10", Options{Protocol: LlamaCpp, BOS: &bad}, [][]uint32{tokens}},
		{"neither BOS nor EOS", Options{Protocol: LMEval}, [][]uint32{tokens}},
		{"one stream", Options{}, [][]uint32{tokens, tokens}},
		{"no documents", Options{Protocol: Document}, nil},
		{"word and byte counts", Options{Words: 3}, [][]uint32{tokens}},
		{"--until-error", Options{UntilError: math.NaN()}, [][]uint32{tokens}},
		{"--until-error with --shard", Options{UntilError: 0.1, Shard: Shard{1, 2}}, [][]uint32{tokens}},
		{"numbered 1 to 2", Options{Shard: Shard{3, 2}}, [][]uint32{tokens}},
		{"not finite", Options{NonFinite: "hope"}, [][]uint32{tokens}},
		{"the text has 1 token:", Options{}, [][]uint32{tokens[:1]}},
		{"none of the 2 documents", Options{Protocol: Document}, [][]uint32{tokens[:1], nil}},
		{"document 1: token 0 has id 11", Options{Protocol: Document}, [][]uint32{tokens, {11}}},
		{"whole chunks of 16", Options{Protocol: LlamaCpp}, [][]uint32{tokens[:15]}},
	} {
		_, err := RunDocuments(context.Background(), m, c.docs, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.o, err, c.want)
		}
	}
}
