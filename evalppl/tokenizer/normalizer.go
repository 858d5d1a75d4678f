package tokenizer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// piece is a part of the text on its way to ids.
type piece struct {
	text string
	// atStart: the piece begins where the whole input begins, which is what Metaspace's prepend scheme "first" asks.
	atStart bool
	// continued: the piece begins behind a cut; what stands before it in the same piece was encoded before.
	continued bool
}

// normalizer rewrites one piece of text. Empty pieces never reach it.
type normalizer interface {
	normalize(s *session, p piece) (piece, error)
}

var normalizersBuilt = []string{"Sequence", "Prepend", "Replace", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "ByteLevel"}

// readNormalizer builds a normalizer from tokenizer.json; nil where there is none.
func readNormalizer(n node) (normalizer, error) {
	if n.null() {
		return nil, nil
	}
	typ, err := n.typed()
	if err != nil {
		return nil, err
	}
	switch typ {
	case "Sequence":
		return readNormalizerSequence(n)
	case "Prepend":
		if err := n.only("prepend"); err != nil {
			return nil, err
		}
		text, err := n.get("prepend").str()
		return prependNormalizer(text), err
	case "Replace":
		if err := n.only("pattern", "content"); err != nil {
			return nil, err
		}
		return readReplace(n)
	case "NFC":
		return normalForm{norm.NFC, norm.NFD, true}, n.only()
	case "NFD":
		return normalForm{norm.NFD, norm.NFD, false}, n.only()
	case "NFKC":
		return normalForm{norm.NFKC, norm.NFKD, true}, n.only()
	case "NFKD":
		return normalForm{norm.NFKD, norm.NFKD, false}, n.only()
	case "Lowercase":
		return lowercaseNormalizer{}, n.only()
	case "StripAccents":
		return stripAccentsNormalizer{}, n.only()
	case "ByteLevel":
		return byteLevelNormalizer{}, n.only("add_prefix_space", "trim_offsets", "use_regex")
	case "Strip":
		if err := n.only("strip_left", "strip_right"); err != nil {
			return nil, err
		}
		left, err := n.get("strip_left").boolean()
		if err != nil {
			return nil, err
		}
		right, err := n.get("strip_right").boolean()
		return stripNormalizer{left, right}, err
	}
	return nil, n.notBuilt("a normalizer", typ, normalizersBuilt)
}

func readNormalizerSequence(n node) (normalizer, error) {
	if err := n.only("normalizers"); err != nil {
		return nil, err
	}
	items, err := n.get("normalizers").items()
	if err != nil {
		return nil, err
	}
	var seq normalizerSequence
	for _, item := range items {
		one, err := readNormalizer(item)
		if err != nil {
			return nil, err
		}
		if one != nil {
			seq = append(seq, one)
		}
	}
	return seq, nil
}

type normalizerSequence []normalizer

func (q normalizerSequence) normalize(s *session, p piece) (piece, error) {
	var err error
	for _, one := range q {
		if p, err = one.normalize(s, p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// prependNormalizer puts text in front of every piece that is not empty.
type prependNormalizer string

func (t prependNormalizer) normalize(_ *session, p piece) (piece, error) {
	if p.text != "" && !p.continued {
		p.text = string(t) + p.text
	}
	return p, nil
}

// replacer is the Replace of normalizers and decoders: each match becomes content, taken literally.
type replacer struct {
	literal string // where expr is nil
	expr    *expression
	content string
}

func readReplace(n node) (*replacer, error) {
	literal, expr, err := readPattern(n.get("pattern"))
	if err != nil {
		return nil, err
	}
	content, err := n.get("content").str()
	if err != nil {
		return nil, err
	}
	if expr == nil && literal == "" {
		return nil, n.get("pattern").errorf("an empty string to replace is not built")
	}
	return &replacer{literal: literal, expr: expr, content: content}, nil
}

func (r *replacer) normalize(s *session, p piece) (piece, error) {
	var err error
	p.text, err = r.replace(s, p.text)
	return p, err
}

func (r *replacer) replace(s *session, text string) (string, error) {
	if r.expr == nil {
		return strings.ReplaceAll(text, r.literal, r.content), nil
	}
	var b strings.Builder
	last := 0
	err := r.expr.matches(s, text, func(start, end int) error {
		b.WriteString(text[last:start])
		b.WriteString(r.content)
		last = end
		return nil
	})
	if last == 0 && b.Len() == 0 || err != nil {
		return text, err
	}
	b.WriteString(text[last:])
	return b.String(), nil
}

// lowercaseNormalizer lowers each character on its own: no final sigma, and U+0130, the only character with a longer lower case, becomes two.
type lowercaseNormalizer struct{}

func (lowercaseNormalizer) normalize(_ *session, p piece) (piece, error) {
	var b strings.Builder
	b.Grow(len(p.text))
	for _, c := range p.text {
		if c == 'İ' {
			b.WriteString("i̇")
		} else {
			b.WriteRune(unicode.ToLower(c))
		}
	}
	p.text = b.String()
	return p, nil
}

type stripNormalizer struct{ left, right bool }

func (n stripNormalizer) normalize(_ *session, p piece) (piece, error) {
	if n.left {
		before := len(p.text)
		p.text = strings.TrimLeftFunc(p.text, unicode.IsSpace)
		p.atStart = p.atStart && before == len(p.text)
	}
	if n.right {
		p.text = strings.TrimRightFunc(p.text, unicode.IsSpace)
	}
	return p, nil
}

// stripAccentsNormalizer drops combining marks (general category M of Unicode 9.0, as in the reference); it decomposes nothing.
type stripAccentsNormalizer struct{}

func (stripAccentsNormalizer) normalize(_ *session, p piece) (piece, error) {
	p.text = strings.Map(func(c rune) rune {
		if isOldMark(c) {
			return -1
		}
		return c
	}, p.text)
	return p, nil
}

// isOldMark reports category M in Unicode 9.0; three characters have changed their category since.
func isOldMark(c rune) bool {
	switch {
	case c < 0x300 || c == 0x111C9:
		return false
	case c == 0x1CF2 || c == 0x1CF3:
		return true
	}
	return unicode.Is(unicode.M, c) && unicode.Is(assignedIn9(), c)
}

// byteLevelNormalizer writes every byte as its character.
type byteLevelNormalizer struct{}

func (byteLevelNormalizer) normalize(_ *session, p piece) (piece, error) {
	p.text = mapBytes(p.text)
	return p, nil
}
