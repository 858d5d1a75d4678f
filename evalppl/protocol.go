package evalppl

import (
	"fmt"
	"strings"
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
)

// Protocols lists the known protocols.
func Protocols() []string { return []string{Strided, LlamaCpp} }

// window is one pass of the model over tokens[start:end), of which the predictions made at positions from.. count: those of
// tokens start+from+1 to end-1.
type window struct {
	start, end, from int
	bos              bool // the first token is replaced by BOS
}

func (w window) scored() int { return w.end - w.start - 1 - w.from }

// windows cuts n tokens. The options have been checked.
func (o Options) windows(n int) ([]window, error) {
	switch o.Protocol {
	case Strided:
		return stridedWindows(n, o.Ctx, o.Stride), nil
	case LlamaCpp:
		if n < o.Ctx {
			return nil, fmt.Errorf("protocol llama.cpp counts whole chunks of %d tokens, the text has only %d: give a longer text or a smaller --ctx", o.Ctx, n)
		}
		var ws []window
		for start := 0; start+o.Ctx <= n; start += o.Ctx {
			ws = append(ws, window{start: start, end: start + o.Ctx, from: o.Ctx / 2, bos: o.BOS != nil})
		}
		return ws, nil
	}
	return nil, fmt.Errorf("unknown protocol %q; known: %s", o.Protocol, strings.Join(Protocols(), ", "))
}

func stridedWindows(n, ctx, stride int) []window {
	var ws []window
	scored := 0 // tokens before this one are done
	for start := 0; scored < n; start += stride {
		end := min(start+ctx, n)
		// The prediction of token scored is made at position scored-1; a window's first token has none.
		w := window{start: start, end: end, from: max(0, scored-1-start)}
		if w.scored() > 0 {
			ws = append(ws, w)
		}
		scored = end
	}
	return ws
}
