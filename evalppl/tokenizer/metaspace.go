package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// metaspace is the Metaspace pre-tokenizer and decoder: spaces become a visible character, which also marks the start of the text.
type metaspace struct {
	mark  string
	char  rune
	when  prependScheme
	parts bool // cut the text before each mark
}

type prependScheme uint8

const (
	prependAlways prependScheme = iota
	prependFirst
	prependNever
)

// readMetaspaceSettings reads both the present form (prepend_scheme) and the old one (add_prefix_space alone).
func readMetaspaceSettings(n node) (*metaspace, error) {
	if err := n.only("replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"); err != nil {
		return nil, err
	}
	c, err := n.get("replacement").char()
	if err != nil {
		return nil, err
	}
	m := &metaspace{mark: string(c), char: c}
	scheme := n.get("prepend_scheme")
	prefix, err := n.get("add_prefix_space").boolOr(true)
	if err != nil {
		return nil, err
	}
	def := "always"
	if !prefix {
		def = "never"
	}
	name, err := scheme.strOr(def)
	if err != nil {
		return nil, err
	}
	switch name {
	case "always":
		m.when = prependAlways
	case "first":
		m.when = prependFirst
	case "never":
		m.when = prependNever
	default:
		return nil, scheme.errorf("found %q, want always, first or never", name)
	}
	if !prefix && m.when != prependNever {
		return nil, scheme.errorf("found %q beside add_prefix_space false, which contradict each other", name)
	}
	m.parts, err = n.get("split").boolOr(true)
	return m, err
}

func readMetaspace(n node) (preTokenizer, error) {
	m, err := readMetaspaceSettings(n)
	return (*metaspaceSplit)(m), err
}

type metaspaceSplit metaspace

func (m *metaspaceSplit) split(_ *session, p piece, emit func(piece) error) error {
	p = m.marked(p)
	if !m.parts {
		return emit(p)
	}
	// Merged with next: every mark starts a piece.
	start := 0
	for {
		next := len(p.text)
		if start < len(p.text) {
			// Skip the character that starts this piece.
			if at := strings.Index(p.text[start+1:], m.mark); at >= 0 {
				next = start + 1 + at
			}
		}
		if err := emit(p.part(start, next)); err != nil {
			return err
		}
		if next == len(p.text) {
			return nil
		}
		start = next
	}
}

func (m *metaspaceSplit) marked(p piece) piece {
	text := strings.ReplaceAll(p.text, " ", m.mark)
	if (m.when == prependAlways && !p.continued || m.when == prependFirst && p.atStart) && !strings.HasPrefix(text, m.mark) {
		text = m.mark + text
	}
	p.text = text
	return p
}

// checkPrependFirst refuses Metaspace's scheme "first" where it is not certain which piece starts the text. The reference asks where a piece
// starts in the text before normalization, so that several pieces of what a longer normalized text came from may be first.
func (t *Tokenizer) checkPrependFirst(n node) error {
	for i, stage := range t.stages {
		m, ok := stage.(*metaspaceSplit)
		if !ok || m.when != prependFirst {
			continue
		}
		for _, before := range t.stages[:i] {
			switch before.(type) {
			case *byteLevelSplit, *metaspaceSplit:
				return n.errorf("Metaspace with prepend_scheme first behind a pre-tokenizer that changes the text is not built")
			}
		}
		if (i > 0 || t.normalized != nil) && !keepsPlaces(t.normalizer) {
			return n.errorf("Metaspace with prepend_scheme first is not built together with this normalizer and other pre-tokenizers or normalized added tokens (built: Strip, Replace of one character by one)")
		}
	}
	return nil
}

// keepsPlaces reports that a normalizer makes no more than one character of each.
func keepsPlaces(n normalizer) bool {
	switch n := n.(type) {
	case nil, stripNormalizer:
		return true
	case *replacer:
		return n.expr == nil && utf8.RuneCountInString(n.literal) == 1 && utf8.RuneCountInString(n.content) == 1
	case normalizerSequence:
		for _, one := range n {
			if !keepsPlaces(one) {
				return false
			}
		}
		return true
	}
	return false
}
