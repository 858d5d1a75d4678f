package tokenizer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is looked for in the text before the model sees it.
type addedToken struct {
	id      uint32
	content string
	// shown is what decoding writes: the content, normalized if it is looked for in normalized text (as in the reference since 0.23).
	shown string
	// singleWord: only where no word character touches it. lstrip, rstrip: takes the white space on that side with it. normalized: looked for
	// in normalized text. special: skipped in decoding on demand.
	singleWord, lstrip, rstrip, normalized, special bool
}

// maxAddedBytes bounds an added token's content, and so the time that looking for it takes at each place of a text.
const maxAddedBytes = 1 << 12

// tokenMatcher finds added tokens in a text: leftmost, of several the longest.
type tokenMatcher struct {
	tokens []*addedToken
	starts [256]bool
	next   map[uint64]int32 // node<<8 | byte -> node
	ends   []int32          // by node: the index of the token that ends there, or -1
	edges  matcherEdges
}

// newTokenMatcher builds a trie over spellings, which belong to tokens one by one.
func newTokenMatcher(tokens []*addedToken, spellings []string) (*tokenMatcher, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	m := &tokenMatcher{tokens: tokens, next: map[uint64]int32{}, ends: []int32{-1}, edges: newMatcherEdges(tokens, spellings)}
	for i, text := range spellings {
		if text == "" {
			return nil, fmt.Errorf("added token %q is empty once normalized", tokens[i].content)
		}
		if len(text) > maxAddedBytes {
			return nil, fmt.Errorf("added token %.40q... has %d bytes, at most %d are read", text, len(text), maxAddedBytes)
		}
		m.starts[text[0]] = true
		node := int32(0)
		for _, b := range []byte(text) {
			key := uint64(node)<<8 | uint64(b)
			child, ok := m.next[key]
			if !ok {
				child = int32(len(m.ends))
				m.next[key] = child
				m.ends = append(m.ends, -1)
			}
			node = child
		}
		if other := m.ends[node]; other >= 0 {
			// The reference takes either, by chance.
			return nil, fmt.Errorf("added tokens %q and %q are the same once normalized", tokens[other].content, tokens[i].content)
		}
		m.ends[node] = int32(i)
	}
	return m, nil
}

// longestAt returns the longest token that starts at text[i:] and where it ends, or nil.
func (m *tokenMatcher) longestAt(text string, i int) (found *addedToken, end int) {
	node := int32(0)
	for k := i; k < len(text); k++ {
		child, ok := m.next[uint64(node)<<8|uint64(text[k])]
		if !ok {
			break
		}
		node = child
		if at := m.ends[node]; at >= 0 {
			found, end = m.tokens[at], k+1
		}
	}
	return found, end
}

// split hands on, in order, the added tokens of p and the pieces between them.
func (m *tokenMatcher) split(p piece, token func(*addedToken), text func(piece) error) error {
	if m == nil {
		return emitText(p, text)
	}
	t := p.text
	done := 0 // end of what has been handed on
	for i := 0; i < len(t); {
		if !m.starts[t[i]] {
			i++
			continue
		}
		found, end := m.longestAt(t, i)
		if found == nil {
			i++
			continue
		}
		start := i
		i = end
		if found.singleWord && (touchesLeft(t[:start]) || touchesRight(t[end:])) {
			continue
		}
		if found.lstrip {
			start = max(len(strings.TrimRightFunc(t[:start], unicode.IsSpace)), done)
		}
		if found.rstrip {
			end = len(t) - len(strings.TrimLeftFunc(t[end:], unicode.IsSpace))
		}
		if done < start {
			if err := text(p.part(done, start)); err != nil {
				return err
			}
		}
		token(found)
		done = end
	}
	if done == len(t) {
		return nil
	}
	return emitText(p.part(done, len(t)), text)
}

func emitText(p piece, text func(piece) error) error {
	if p.text == "" {
		return nil
	}
	return text(p)
}

func touchesLeft(before string) bool {
	c, n := utf8.DecodeLastRuneInString(before)
	return n > 0 && isWordJoin(c)
}

func touchesRight(behind string) bool {
	c, n := utf8.DecodeRuneInString(behind)
	return n > 0 && isWordJoin(c)
}
