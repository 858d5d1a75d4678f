package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// model turns normalized, pre-tokenized text into ids.
type model interface {
	// encode appends the ids of text, which is not empty, to s.ids.
	encode(s *session, text string) error
	// token returns the token of an id.
	token(id uint32) (string, bool)
	// id returns the id of a token.
	id(token string) (uint32, bool)
	// size is the number of tokens, limit the largest id + 1.
	size() int
	limit() int
	// kind names the model for Describe.
	kind() string
}

// mergeRule is a merge as a file has it.
type mergeRule struct{ left, right string }

// bpeSettings is what tokenizer.json says about a BPE model.
type bpeSettings struct {
	unk                   string // "" for none unless hasUnk
	hasUnk                bool
	fuseUnk, byteFallback bool
	ignoreMerges          bool
	prefix, suffix        string // continuing_subword_prefix, end_of_word_suffix
}

// bpe is byte-pair encoding with ranked merges.
type bpe struct {
	bpeSettings
	vocab      *vocabulary
	pairs      *pairTable
	raw        bool // text is bytes that stand for the characters of byteRunes
	ascii      [utf8.RuneSelf]uint32
	chars      map[rune]uint32
	bytes      [256]uint32 // ids of the bytes' characters
	fallback   [256]uint32 // ids of <0x00> ... <0xFF>
	unkID      uint32
	joints     *runeSet // nil where texts are not cut
	everyByte  bool     // no byte is missing in bytes
	plainChars bool     // no prefix, no suffix
}

// newBPE checks the merges against the vocabulary and builds the tables. A merge that comes twice counts where it comes last, as in the
// reference.
func newBPE(set bpeSettings, vocab *vocabulary, merges []mergeRule) (*bpe, error) {
	m := &bpe{bpeSettings: set, vocab: vocab, pairs: newPairTable(len(merges)), chars: map[rune]uint32{}, unkID: noSymbol}
	m.plainChars = set.prefix == "" && set.suffix == ""
	if m.plainChars && !set.ignoreMerges {
		m.joints = newRuneSet(len(merges))
	}
	var joined []byte
	for i, rule := range merges {
		left, ok := vocab.ids[rule.left]
		if !ok {
			return nil, fmt.Errorf("merge %d (%q + %q): %q is not in the vocabulary", i, rule.left, rule.right, rule.left)
		}
		right, ok := vocab.ids[rule.right]
		if !ok {
			return nil, fmt.Errorf("merge %d (%q + %q): %q is not in the vocabulary", i, rule.left, rule.right, rule.right)
		}
		if set.prefix != "" && len(rule.right) <= len(set.prefix) {
			return nil, fmt.Errorf("merge %d (%q + %q): the right side is no longer than the prefix %q", i, rule.left, rule.right, set.prefix)
		}
		joined = append(append(joined[:0], rule.left...), rule.right[len(set.prefix):]...)
		merged, ok := vocab.ids[string(joined)]
		if !ok {
			return nil, fmt.Errorf("merge %d (%q + %q): the result %q is not in the vocabulary", i, rule.left, rule.right, joined)
		}
		m.pairs.set(left, right, uint32(i), merged)
		if m.joints != nil {
			a, _ := utf8.DecodeLastRuneInString(rule.left)
			b, _ := utf8.DecodeRuneInString(rule.right)
			m.joints.add(a, b)
		}
	}
	m.charTables()
	return m, nil
}

func (m *bpe) charTables() {
	for i := range m.ascii {
		m.ascii[i] = noSymbol
	}
	for token, id := range m.vocab.ids {
		c, n := utf8.DecodeRuneInString(token)
		if n != len(token) || n == 0 {
			continue
		}
		m.chars[c] = id
		if c < utf8.RuneSelf {
			m.ascii[c] = id
		}
	}
	m.everyByte = true
	for b := range m.bytes {
		m.bytes[b] = m.char(byteRunes[b])
		m.everyByte = m.everyByte && m.bytes[b] != noSymbol
		m.fallback[b] = noSymbol
		if id, ok := m.vocab.ids[byteToken(byte(b))]; ok {
			m.fallback[b] = id
		}
	}
	if id, ok := m.vocab.ids[m.unk]; ok && m.hasUnk {
		m.unkID = id
	}
}

// char returns the id of a character that is a token, or noSymbol.
func (m *bpe) char(c rune) uint32 {
	if c < utf8.RuneSelf {
		return m.ascii[c]
	}
	if id, ok := m.chars[c]; ok {
		return id
	}
	return noSymbol
}

func (m *bpe) token(id uint32) (string, bool) { return m.vocab.token(id) }
func (m *bpe) size() int                      { return len(m.vocab.ids) }
func (m *bpe) limit() int                     { return len(m.vocab.tokens) }

func (m *bpe) id(token string) (uint32, bool) {
	id, ok := m.vocab.ids[token]
	return id, ok
}

func (m *bpe) kind() string {
	switch {
	case m.raw:
		return "byte-level BPE"
	case m.byteFallback:
		return "BPE with byte fallback"
	}
	return "BPE"
}

func (m *bpe) encode(s *session, text string) error {
	if m.joints != nil && !m.raw && len(text) > maxCachedWord {
		return cutAtJoints(m.joints, text, func(c rune) bool { return m.char(c) != noSymbol }, func(word string) error { return m.word(s, word) })
	}
	return m.word(s, text)
}

// cutAtJoints hands on the parts of text between characters that no merge joins. Both must be known: unknown ones have rules of their own.
func cutAtJoints(joints *runeSet, text string, known func(rune) bool, word func(string) error) error {
	start, last, lastKnown := 0, rune(-1), false
	for i, c := range text {
		k := known(c)
		if k && lastKnown && !joints.has(last, c) {
			if err := word(text[start:i]); err != nil {
				return err
			}
			start = i
		}
		last, lastKnown = c, k
	}
	return word(text[start:])
}

// word encodes text in one go.
func (m *bpe) word(s *session, text string) error {
	if s.cached(text) {
		return nil
	}
	from := len(s.ids)
	if m.ignoreMerges {
		whole := text
		if m.raw {
			whole = mapBytes(text)
		}
		if id, ok := m.vocab.ids[whole]; ok {
			s.ids = append(s.ids, id)
			s.remember(text, from)
			return nil
		}
	}
	s.symbols = s.symbols[:0]
	if cap(s.symbols) < len(text) {
		s.symbols = make([]symbol, 0, len(text)) // there are no more symbols than bytes, byte-level characters apart
	}
	if m.raw && m.everyByte && m.plainChars {
		for i := 0; i < len(text); i++ {
			s.symbols = append(s.symbols, symbol{id: m.bytes[text[i]]})
		}
	} else if err := m.startSymbols(s, text); err != nil {
		return err
	}
	s.merge(m.pairs)
	if len(s.symbols) > 0 {
		for i := int32(0); i >= 0; i = s.symbols[i].next {
			s.ids = append(s.ids, s.symbols[i].id)
		}
	}
	s.remember(text, from)
	return nil
}

// startSymbols cuts text into the symbols that merging starts from. It follows the reference (tokenizers, models/bpe/model.rs, merge_word) to
// the letter: unknown characters without byte fallback or unknown token are left out, and byte tokens come before an unknown token that is
// still waiting to be joined with its neighbours.
func (m *bpe) startSymbols(s *session, text string) error {
	if m.raw {
		text = mapBytes(text)
	}
	add := func(id uint32) { s.symbols = append(s.symbols, symbol{id: id}) }
	waiting := false
	for i, c := range text {
		n := utf8.RuneLen(c)
		id := noSymbol
		spelled := text[i : i+n]
		if m.plainChars {
			id = m.char(c)
		} else {
			if i > 0 {
				spelled = m.prefix + spelled
			}
			if i+n == len(text) {
				spelled += m.suffix
			}
			if known, ok := m.vocab.ids[spelled]; ok {
				id = known
			}
		}
		if id != noSymbol {
			if waiting {
				add(m.unkID)
				waiting = false
			}
			add(id)
			continue
		}
		if m.byteFallback && m.addBytes(s, spelled) {
			continue
		}
		if !m.hasUnk {
			continue
		}
		if m.unkID == noSymbol {
			return fmt.Errorf("tokenizer: character %q is not in the vocabulary, and neither is the unknown token %q", c, m.unk)
		}
		if waiting && !m.fuseUnk {
			add(m.unkID)
		}
		waiting = true
	}
	if waiting {
		add(m.unkID)
	}
	return nil
}

// addBytes adds the byte tokens of a character, all or none.
func (m *bpe) addBytes(s *session, spelled string) bool {
	for i := 0; i < len(spelled); i++ {
		if m.fallback[spelled[i]] == noSymbol {
			return false
		}
	}
	for i := 0; i < len(spelled); i++ {
		s.symbols = append(s.symbols, symbol{id: m.fallback[spelled[i]]})
	}
	return true
}

// splitMerge reads the form "left right".
func splitMerge(line string) (mergeRule, error) {
	left, right, ok := strings.Cut(line, " ")
	if !ok || strings.Contains(right, " ") {
		return mergeRule{}, fmt.Errorf("%q: want two tokens with one space between", line)
	}
	return mergeRule{left, right}, nil
}
