package tokenizer

import "strings"

// session is what one call of Encode works with. Tokenizers keep them in a pool, so the cache of words lives on.
type session struct {
	t       *Tokenizer
	ids     []uint32
	symbols []symbol
	heap    []candidate
	runes   []rune
	offsets []int32
	cache   map[string][]uint32
	emit    []func(piece) error // emit[i] feeds a piece to pre-tokenizer i, the last to the model
}

// Bounds of the cache: words of up to maxCachedWord bytes, emptied when it holds maxCachedWords (a few MB).
const (
	maxCachedWord  = 48
	maxCachedWords = 1 << 15
)

// maxKept is the number of elements up to which a session's buffers go back to the pool.
const maxKept = 1 << 16

func newSession(t *Tokenizer) *session {
	s := &session{t: t, cache: map[string][]uint32{}}
	s.emit = make([]func(piece) error, len(t.stages)+1)
	s.emit[len(t.stages)] = func(p piece) error {
		if p.text == "" {
			return nil
		}
		return t.model.encode(s, p.text)
	}
	for i := len(t.stages) - 1; i >= 0; i-- {
		stage, next := t.stages[i], s.emit[i+1]
		s.emit[i] = func(p piece) error {
			if p.text == "" {
				return nil
			}
			return stage.split(s, p, next)
		}
	}
	return s
}

// release empties the session for the next call and lets go of unusually large buffers.
func (s *session) release() {
	s.ids = nil
	if cap(s.symbols) > maxKept {
		s.symbols, s.heap, s.offsets = nil, nil, nil
	}
	if cap(s.runes) > maxKept {
		s.runes = nil
	}
}

// cached appends the ids of a word if they are known.
func (s *session) cached(word string) bool {
	if len(word) > maxCachedWord {
		return false
	}
	ids, ok := s.cache[word]
	s.ids = append(s.ids, ids...)
	return ok
}

// remember notes the ids of a word, which are s.ids[from:].
func (s *session) remember(word string, from int) {
	if len(word) > maxCachedWord {
		return
	}
	if len(s.cache) >= maxCachedWords {
		clear(s.cache)
	}
	s.cache[strings.Clone(word)] = append([]uint32(nil), s.ids[from:]...)
}
