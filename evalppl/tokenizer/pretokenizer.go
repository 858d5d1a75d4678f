package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// preTokenizer cuts a piece into smaller ones and hands them on in order; empty ones are dropped on the way (session.feed).
type preTokenizer interface {
	split(s *session, p piece, emit func(piece) error) error
}

var preTokenizersBuilt = []string{"Sequence", "ByteLevel", "Split", "Digits", "Metaspace", "Whitespace", "WhitespaceSplit", "Punctuation"}

// readPreTokenizers builds the list of pre-tokenizers that tokenizer.json asks for, sequences flattened.
func readPreTokenizers(n node) ([]preTokenizer, error) {
	if n.null() {
		return nil, nil
	}
	typ, err := n.typed()
	if err != nil {
		return nil, err
	}
	if typ != "Sequence" {
		one, err := readPreTokenizer(n, typ)
		return []preTokenizer{one}, err
	}
	if err := n.only("pretokenizers"); err != nil {
		return nil, err
	}
	items, err := n.get("pretokenizers").items()
	if err != nil {
		return nil, err
	}
	var list []preTokenizer
	for _, item := range items {
		some, err := readPreTokenizers(item)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

func readPreTokenizer(n node, typ string) (preTokenizer, error) {
	switch typ {
	case "ByteLevel":
		return readByteLevel(n)
	case "Split":
		return readSplit(n)
	case "Metaspace":
		return readMetaspace(n)
	case "Digits":
		if err := n.only("individual_digits"); err != nil {
			return nil, err
		}
		each, err := n.get("individual_digits").boolean()
		if err != nil {
			return nil, err
		}
		if each {
			return charSplit{unicode.IsNumber, isolated}, nil
		}
		return charSplit{unicode.IsNumber, contiguous}, nil
	case "Whitespace":
		return whitespaceSplit{}, n.only()
	case "WhitespaceSplit":
		return charSplit{unicode.IsSpace, removed}, n.only()
	case "Punctuation":
		if err := n.only("behavior"); err != nil {
			return nil, err
		}
		b, err := readBehavior(n.get("behavior"), "Isolated")
		return charSplit{isPunctuation, b}, err
	}
	return nil, n.notBuilt("a pre-tokenizer", typ, preTokenizersBuilt)
}

// readBehavior reads a split behaviour; def "" means that it must be there.
func readBehavior(n node, def string) (behavior, error) {
	name, err := n.strOr(def)
	if err != nil {
		return 0, err
	}
	b, ok := behaviors[name]
	if !ok {
		return 0, n.errorf("found %q, want Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", name)
	}
	return b, nil
}

// part is p.text[start:end] as a piece.
func (p piece) part(start, end int) piece {
	return piece{text: p.text[start:end], atStart: p.atStart && start == 0, continued: p.continued && start == 0}
}

// charSplit splits at every character of a set.
type charSplit struct {
	in       func(rune) bool
	behavior behavior
}

func (c charSplit) split(_ *session, p piece, emit func(piece) error) error {
	sp := splitter{text: p.text, behavior: c.behavior, emit: func(start, end int) error { return emit(p.part(start, end)) }}
	for i, r := range p.text {
		if c.in(r) {
			if err := sp.match(i, i+utf8.RuneLen(r)); err != nil {
				return err
			}
		}
	}
	return sp.finish()
}

// whitespaceSplit is the expression \w+|[^\w\s]+ of Rust's regex crate; what lies between the matches is dropped.
type whitespaceSplit struct{}

func (whitespaceSplit) split(_ *session, p piece, emit func(piece) error) error {
	const space, word, other = 0, 1, 2
	kind := func(c rune) int {
		switch {
		case isWordJoin(c):
			return word
		case unicode.IsSpace(c):
			return space
		}
		return other
	}
	start, last := 0, space
	for i, c := range p.text {
		k := kind(c)
		if k == last {
			continue
		}
		if last != space {
			if err := emit(p.part(start, i)); err != nil {
				return err
			}
		}
		start, last = i, k
	}
	if last == space {
		return nil
	}
	return emit(p.part(start, len(p.text)))
}

// patternSplit is the Split pre-tokenizer.
type patternSplit struct {
	literal  string
	expr     *expression
	behavior behavior
	invert   bool
}

func readSplit(n node) (preTokenizer, error) {
	if err := n.only("pattern", "behavior", "invert"); err != nil {
		return nil, err
	}
	literal, expr, err := readPattern(n.get("pattern"))
	if err != nil {
		return nil, err
	}
	b, err := readBehavior(n.get("behavior"), "")
	if err != nil {
		return nil, err
	}
	invert, err := n.get("invert").boolean()
	if err != nil {
		return nil, err
	}
	if expr == nil && literal == "" {
		return nil, n.get("pattern").errorf("an empty string to split at is not built")
	}
	return &patternSplit{literal, expr, b, invert}, nil
}

func (x *patternSplit) split(s *session, p piece, emit func(piece) error) error {
	part := func(start, end int) error { return emit(p.part(start, end)) }
	if x.expr != nil && x.expr.scan != nil && (x.behavior == isolated || x.behavior == removed && x.invert) {
		return x.expr.matches(s, p.text, part) // the scanners' matches leave nothing between them
	}
	sp := splitter{text: p.text, behavior: x.behavior, invert: x.invert, emit: part}
	if x.expr != nil {
		if err := x.expr.matches(s, p.text, sp.match); err != nil {
			return err
		}
		return sp.finish()
	}
	for i := 0; ; {
		at := strings.Index(p.text[i:], x.literal)
		if at < 0 {
			return sp.finish()
		}
		if err := sp.match(i+at, i+at+len(x.literal)); err != nil {
			return err
		}
		i += at + len(x.literal)
	}
}

// byteLevelSplit is the ByteLevel pre-tokenizer. mapped is false on the last one of a pipeline: the model then takes raw bytes.
type byteLevelSplit struct {
	prefixSpace, expr, mapped bool
}

func readByteLevel(n node) (preTokenizer, error) {
	if err := n.only("add_prefix_space", "trim_offsets", "use_regex"); err != nil {
		return nil, err
	}
	prefix, err := n.get("add_prefix_space").boolean()
	if err != nil {
		return nil, err
	}
	expr, err := n.get("use_regex").boolOr(true)
	return &byteLevelSplit{prefixSpace: prefix, expr: expr, mapped: true}, err
}

func (x *byteLevelSplit) split(_ *session, p piece, emit func(piece) error) error {
	if x.prefixSpace && !p.continued && !strings.HasPrefix(p.text, " ") {
		p.text = " " + p.text
	}
	if !x.expr {
		return emit(x.finished(p))
	}
	table := classTable()
	for i := 0; i < len(p.text); {
		end := scanGPT2(table, p.text, i)
		if err := emit(x.finished(p.part(i, end))); err != nil {
			return err
		}
		i = end
	}
	return nil
}

func (x *byteLevelSplit) finished(p piece) piece {
	if x.mapped {
		p.text = mapBytes(p.text)
	}
	return p
}
