package evalppl

import (
	"fmt"
	"slices"
)

// Protocols: how a token stream is cut into windows and which predictions count.
const (
	// Strided windows start at multiples of the stride, are ctx tokens long, and score what no earlier window scored: with a
	// stride below ctx every token after the first is scored exactly once, with at least ctx-stride tokens of context after
	// the first window. With stride = ctx the first token of each window has no context and is not scored.
	Strided = "strided"
	// LlamaCpp is the arithmetic of llama.cpp's perplexity program: consecutive chunks of ctx tokens, what does not fill a
	// chunk is dropped, the first token of each chunk is replaced by BOS where the tokenizer adds one, and the predictions of
	// the tokens ctx/2+1 to ctx-1 of each chunk are counted.
	LlamaCpp = "llama.cpp"
	// HF is the arithmetic of the perplexity page in transformers' documentation taken literally: the windows of Strided, each
	// window's mean loss weighted by one token fewer than it newly covers. After the first window that is one fewer than the
	// mean was taken over, so its perplexity differs from Strided's in the fifth digit. A last window that newly covers a single
	// token has weight 0 and is left out. Tokens scored are the sum of the weights.
	HF = "hf"
	// LMEval is the rolling log-likelihood of lm-evaluation-harness: each document is preceded by a token (BOS, or EOS where
	// there is no BOS), cut into consecutive windows of ctx tokens, and each window is preceded by the token before it, which
	// is the only context of its first token; the last window reaches back to be full. Every token is scored exactly once.
	LMEval = "lm-eval"
	// Document scores each document on its own, as Strided scores a stream: no token sees another document.
	Document = "document"
)

// Protocols lists the known protocols.
func Protocols() []string { return []string{Strided, LlamaCpp, HF, LMEval, Document} }

func knownProtocol(p string) bool { return slices.Contains(Protocols(), p) }

// HasStride says whether a protocol has a stride.
func HasStride(p string) bool { return p == Strided || p == HF || p == Document }

// takesDocuments says whether a protocol takes several documents.
func takesDocuments(p string) bool { return p == LMEval || p == Document }

// window is one pass of the model over tokens start:end of a document, of which the predictions made at positions from.. count:
// those of tokens start+from+1 to end-1. The last token is only predicted; the model need not read it.
type window struct {
	doc              int
	start, end, from int
	bos              bool // the first token is replaced by BOS
	less             int  // how much smaller its weight is than the number of tokens it scores
}

func (w window) scored() int { return w.end - w.start - 1 - w.from }

func (w window) weight() int { return w.scored() - w.less }

// plan is a text cut into windows.
type plan struct {
	docs    [][]uint32
	before  int // 1 for lm-eval: a preceding token stands before each document, and windows count from it
	windows []window
	short   int // documents with nothing to score
	bos     uint32
	scratch []uint32
	parts   []part
}

// newPlan cuts documents. The options have been checked.
func newPlan(docs [][]uint32, o Options) (*plan, error) {
	p := &plan{docs: docs}
	if o.BOS != nil {
		p.bos = *o.BOS
	}
	if len(docs) != 1 && !takesDocuments(o.Protocol) {
		return nil, fmt.Errorf("protocol %s takes one stream of tokens, %d documents were given: join them, or choose protocol %s or %s", o.Protocol, len(docs), Document, LMEval)
	}
	if o.Protocol == LMEval {
		if o.BOS == nil {
			return nil, fmt.Errorf("protocol %s needs the token that precedes a document: the tokenizer names neither BOS nor EOS; give its id (--bos)", LMEval)
		}
		p.before = 1
	}
	for i, d := range p.docs {
		ws, err := o.cut(len(d) + p.before)
		if err != nil {
			return nil, err
		}
		if len(ws) == 0 {
			p.short++
		}
		for _, w := range ws {
			w.doc = i
			p.windows = append(p.windows, w)
		}
	}
	if len(p.windows) == 0 {
		switch {
		case o.Protocol == LMEval:
			return nil, fmt.Errorf("the text has no tokens in %s: at least 1 is needed", plural(len(docs), "document"))
		case len(docs) == 1:
			return nil, fmt.Errorf("the text has %s: at least 2 are needed, one to predict the other from", plural(len(docs[0]), "token"))
		}
		return nil, fmt.Errorf("none of the %d documents has 2 tokens, one to predict the other from", len(docs))
	}
	return p, nil
}

// cut cuts one document of n tokens.
func (o Options) cut(n int) ([]window, error) {
	switch o.Protocol {
	case LlamaCpp:
		if n < o.Ctx {
			return nil, fmt.Errorf("protocol llama.cpp counts whole chunks of %d tokens, the text has only %d: give a longer text or a smaller --ctx (3 at least)", o.Ctx, n)
		}
		return chunks(n, o.Ctx, o.BOS != nil), nil
	case LMEval:
		return rollingWindows(n, o.Ctx), nil
	case HF:
		return stridedWindows(n, o.Ctx, o.Stride, true), nil
	}
	return stridedWindows(n, o.Ctx, o.Stride, false), nil
}

// plural writes a number with its noun: "1 token", "2 tokens".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func chunks(n, ctx int, bos bool) []window {
	var ws []window
	for start := 0; start+ctx <= n; start += ctx {
		ws = append(ws, window{start: start, end: start + ctx, from: ctx / 2, bos: bos})
	}
	return ws
}

func stridedWindows(n, ctx, stride int, hf bool) []window {
	var ws []window
	scored := 0 // tokens before this one are done
	for start := 0; scored < n; start += stride {
		end := min(start+ctx, n)
		// The prediction of token scored is made at position scored-1; a window's first token has none.
		w := window{start: start, end: end, from: max(0, scored-1-start)}
		if hf && scored > start {
			w.less = 1
		}
		if w.weight() > 0 {
			ws = append(ws, w)
		}
		scored = end
	}
	return ws
}

// rollingWindows cuts n tokens, the preceding one included. The model reads at most ctx of them at a time.
func rollingWindows(n, ctx int) []window {
	var ws []window
	for scored := 1; scored < n; {
		end := min(scored+ctx, n)
		start := max(0, end-1-ctx)
		ws = append(ws, window{start: start, end: end, from: scored - 1 - start})
		scored = end
	}
	return ws
}

// input returns the tokens of a window, valid until the next call.
func (p *plan) input(w window) []uint32 {
	d := p.docs[w.doc]
	switch {
	case p.before > 0 && w.start == 0: // the preceding token is nowhere but here
		p.scratch = append(append(p.scratch[:0], p.bos), d[:w.end-1]...)
	case w.bos:
		p.scratch = append(p.scratch[:0], d[w.start:w.end]...)
		p.scratch[0] = p.bos
	default:
		return d[w.start-p.before : w.end-p.before]
	}
	return p.scratch
}
