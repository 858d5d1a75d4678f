package evalppl

import "fmt"

// window is one pass of the model over tokens start:end of a document, of which the predictions made at positions from.. count:
// those of tokens start+from+1 to end-1. The last token is only predicted; the model need not read it.
type window struct {
	doc              int
	at               int64 // where its document begins in the text
	start, end, from int
	bos              bool // the first token is replaced by BOS
	less             int  // how much smaller its weight is than the number of tokens it scores
}

func (w window) scored() int { return w.end - w.start - 1 - w.from }

func (w window) weight() int { return w.scored() - w.less }

// cutting is a protocol's way to cut documents into windows. It is computed from a document's length, n tokens with the one that precedes it
// under lm-eval: no list of windows is held.
type cutting struct {
	protocol    string
	ctx, stride int
	bos         bool
}

func (o Options) cutting() cutting {
	return cutting{o.Protocol, o.Ctx, o.Stride, o.BOS != nil}
}

// count returns the number of windows of a document of n tokens.
func (c cutting) count(n int) int {
	switch c.protocol {
	case LlamaCpp:
		return n / c.ctx
	case LMEval:
		return ceil(max(n-1, 0), c.ctx)
	}
	if n < 2 {
		return 0
	}
	// Window 0 covers ctx tokens, each further one stride more.
	count := 1 + ceil(max(n-c.ctx, 0), c.stride)
	// All further ones but the last weigh the same, and the last at most that: none counts, or perhaps the last does not.
	if count > 1 && c.window(n, 1).weight() <= 0 {
		return 1
	}
	if c.window(n, count-1).weight() <= 0 {
		count--
	}
	return count
}

// window returns window k of a document of n tokens.
func (c cutting) window(n, k int) window {
	switch c.protocol {
	case LlamaCpp:
		return window{start: k * c.ctx, end: (k + 1) * c.ctx, from: c.ctx / 2, bos: c.bos}
	case LMEval:
		scored := 1 + k*c.ctx // tokens before this one are done; the model reads at most ctx at a time
		end := min(scored+c.ctx, n)
		start := max(0, end-1-c.ctx)
		return window{start: start, end: end, from: scored - 1 - start}
	}
	start, scored := k*c.stride, 0
	if k > 0 {
		scored = min((k-1)*c.stride+c.ctx, n)
	}
	// The prediction of token scored is made at position scored-1; a window's first token has none.
	w := window{start: start, end: min(start+c.ctx, n), from: max(0, scored-1-start)}
	if c.protocol == HF && scored > start {
		w.less = 1
	}
	return w
}

// ceil returns a/b rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// plan is a text cut into windows. It holds the place of one document, so that windows are found fast in their order.
type plan struct {
	text      Text
	cutting   cutting
	before    int // 1 for lm-eval: a preceding token stands before each document, and windows count from it
	bos       uint32
	documents int
	tokens    int
	sha256    string // of the text
	total     int    // windows
	short     int    // documents with nothing to score

	current place
	parts   []part
	scratch []uint32 // the tokens of parts
}

// place is a document of a plan.
type place struct {
	doc    int
	at     int64 // where it begins in the text
	tokens int   // with the preceding one
	first  int   // number of its first window
	count  int   // of its windows
}

// newPlan cuts a text whose hash is known. The options have been checked.
func newPlan(text Text, sha256 string, o Options) (*plan, error) {
	p := &plan{text: text, cutting: o.cutting(), documents: text.Documents(), sha256: sha256}
	if o.BOS != nil {
		p.bos = *o.BOS
	}
	if p.documents != 1 && !takesDocuments(o.Protocol) {
		return nil, fmt.Errorf("protocol %s takes one stream of tokens, %d documents were given: join them, or choose protocol %s or %s", o.Protocol, p.documents, Document, LMEval)
	}
	if o.Protocol == LMEval {
		if o.BOS == nil {
			return nil, fmt.Errorf("protocol %s needs the token that precedes a document: the tokenizer names neither BOS nor EOS; give its id (--bos)", LMEval)
		}
		p.before = 1
	}
	for i := range p.documents {
		n := text.Length(i)
		if o.Protocol == LlamaCpp && n < o.Ctx {
			return nil, fmt.Errorf("protocol llama.cpp counts whole chunks of %d tokens, the text has only %d: give a longer text or a smaller --ctx (3 at least)", o.Ctx, n)
		}
		count := p.cutting.count(n + p.before)
		if count == 0 {
			p.short++
		}
		p.total += count
		p.tokens += n
	}
	if p.total == 0 {
		switch {
		case o.Protocol == LMEval:
			return nil, fmt.Errorf("the text has no tokens in %s: at least 1 is needed", plural(p.documents, "document"))
		case p.documents == 1:
			return nil, fmt.Errorf("the text has %s: at least 2 are needed, one to predict the other from", plural(p.tokens, "token"))
		}
		return nil, fmt.Errorf("none of the %d documents has 2 tokens, one to predict the other from", p.documents)
	}
	p.rewind()
	return p, nil
}

// plural writes a number with its noun: "1 token", "2 tokens".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (p *plan) rewind() { p.current = p.place(0, 0, 0) }

func (p *plan) place(doc int, at int64, first int) place {
	n := p.text.Length(doc) + p.before
	return place{doc, at, n, first, p.cutting.count(n)}
}

// window returns window number n of the text, 0 <= n < total.
func (p *plan) window(n int) window {
	c := &p.current
	if n < c.first {
		p.rewind()
	}
	for n >= c.first+c.count {
		*c = p.place(c.doc+1, c.at+int64(c.tokens-p.before), c.first+c.count)
	}
	w := p.cutting.window(c.tokens, n-c.first)
	w.doc, w.at = c.doc, c.at
	return w
}

// covered returns how many tokens windows first to last-1 read.
func (p *plan) covered(first, last int) (n int) {
	for i := first; i < last; i++ {
		w := p.window(i)
		n += w.end - w.start
	}
	return n
}

// read fills input, which has the window's length.
func (p *plan) read(w window, input []uint32) error {
	rest, from := input, w.start-p.before
	if from < 0 { // the preceding token is nowhere but here
		input[0] = p.bos
		rest, from = input[1:], 0
	}
	if err := p.text.ReadAt(rest, w.at+int64(from)); err != nil {
		return fmt.Errorf("tokens %d to %d of document %d: %w", w.start, w.end-1, w.doc, err)
	}
	if w.bos {
		input[0] = p.bos
	}
	return nil
}
