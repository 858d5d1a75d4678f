package evalppl

import "slices"

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
