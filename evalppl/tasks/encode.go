package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Tokenizer turns text into a model's tokens.
type Tokenizer interface {
	// Encode returns the ids of a text, with the special tokens that the tokenizer puts around every text where special is set.
	Encode(text string, special bool) ([]uint32, error)
	// Prefix returns the id and the text of the token that stands in for an empty context: BOS, or EOS where there is no BOS.
	Prefix() (id uint32, text string, ok bool)
}

// request is one continuation to score: the model reads window, and the logits from index from on predict targets.
type request struct {
	window  []uint32
	from    int
	targets []uint32
	cut     bool // the context was cut from the left
}

// encoder makes requests as lm-evaluation-harness's TemplateLM.loglikelihood and HFLM._loglikelihood_tokens do.
type encoder struct {
	tokenizer Tokenizer
	context   int // positions of the model
	limit     int // tokens of the windows of all requests

	prefix     uint32
	prefixText string
	hasPrefix  bool
}

func newEncoder(t Tokenizer, context int) *encoder {
	e := &encoder{tokenizer: t, context: context, limit: maxWindowTokens}
	e.prefix, e.prefixText, e.hasPrefix = t.Prefix()
	return e
}

// request encodes a context and what follows it.
func (e *encoder) request(context, continuation string) (request, error) {
	var before, after []uint32
	var err error
	if context == "" {
		before, after, err = e.alone(continuation)
	} else {
		before, after, err = e.pair(context, continuation)
	}
	switch {
	case err != nil:
		return request{}, err
	case len(after) == 0:
		return request{}, fmt.Errorf("%.60q adds no token to the context: there is nothing to score", continuation)
	case len(after) > e.context:
		return request{}, fmt.Errorf("%.60q has %d tokens, the model was made for %d positions", continuation, len(after), e.context)
	case len(before) == 0:
		return request{}, fmt.Errorf("the context %.60q has no token: want text or nothing at all", context)
	}
	all := append(before, after...)
	cut := len(all) > e.context+1
	if cut {
		all = slices.Clone(all[len(all)-e.context-1:]) // a copy, so that the rest is let go
	}
	last := len(all) - 1
	return request{window: all[:last], from: last - len(after), targets: all[last+1-len(after):], cut: cut}, nil
}

// pair encodes a context that is not empty.
func (e *encoder) pair(context, continuation string) (before, after []uint32, err error) {
	trimmed := strings.TrimRightFunc(context, pythonSpace)
	whole, err := e.encode(context + continuation)
	if err != nil {
		return nil, nil, err
	}
	if before, err = e.encode(trimmed); err != nil {
		return nil, nil, err
	}
	return before, whole[min(len(before), len(whole)):], nil
}

// encode adds the tokenizer's special tokens, unless the text begins with the prefix itself.
func (e *encoder) encode(text string) ([]uint32, error) {
	return e.tokenizer.Encode(text, !(e.hasPrefix && strings.HasPrefix(text, e.prefixText)))
}

// alone encodes a continuation without a context.
func (e *encoder) alone(continuation string) (before, after []uint32, err error) {
	after, err = e.tokenizer.Encode(continuation, false)
	if err != nil || len(after) == 0 {
		return nil, nil, err
	}
	switch {
	case !e.hasPrefix:
		return nil, nil, fmt.Errorf("the context is empty, and the tokenizer has neither BOS nor EOS to stand in for it")
	case after[0] == e.prefix:
		return after[:1:1], after[1:], nil
	}
	return []uint32{e.prefix}, after, nil
}

// maxWindowTokens bounds the tokens of all requests, which are held in memory: a context counts for each of its choices.
const maxWindowTokens = 1 << 28

// requests encodes the choices of every item, so that one that cannot be scored is known before any work.
func (s Set) requests(ctx context.Context, e *encoder) ([][]request, error) {
	all := make([][]request, len(s.Items))
	tokens := 0
	for i, item := range s.Items {
		for n, c := range item.Choices {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r, err := e.request(item.Context, s.Task.Delimiter+c)
			if err != nil {
				what := "completion"
				if len(item.Choices) > 1 {
					what = fmt.Sprintf("choice %d", n)
				}
				return nil, fmt.Errorf("%s: %s: %w", item.ID, what, err)
			}
			if tokens += len(r.window); tokens > e.limit {
				return nil, fmt.Errorf("%s: up to here contexts and choices have more than %d tokens: take fewer items at a time", item.ID, e.limit)
			}
			all[i] = append(all[i], r)
		}
	}
	return all, nil
}
