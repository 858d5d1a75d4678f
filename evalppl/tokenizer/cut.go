package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A text may be cut between two characters where both parts, encoded one after the other, have the tokens of the whole. Whether that is so
// is proved from the two characters alone, stage by stage: the first is no white space, the second a space or a line end. A stage is neutral
// to a cut where cutting what goes into it only cuts what comes out of it at the same place; a stage makes a bound where it cuts there by
// itself, so that nothing behind it sees both sides. A cut is safe where all stages up to the first bound are neutral, and there is a bound
// or the model joins nothing across.
//
// The part behind a cut is a continuation (piece.continued): what a stage puts in front of a text it does not put in front of that.

// cutNormalizer is a normalizer that can say that it is neutral to a cut between before and behind. It returns what stands there afterwards:
// the last character that comes of before, and the first of behind.
type cutNormalizer interface {
	cut(before, behind rune) (rune, rune, bool)
}

// cutStage is the same of a pre-tokenizer.
type cutStage interface {
	cut(before, behind rune, s cutState) (_, _ rune, after cutState, ok bool)
}

// cutState says what the stages so far do to a cut.
type cutState uint8

const (
	cutJoined  cutState = iota // certainly no bound: what lies behind is still the same piece
	cutUnknown                 // neutral, and perhaps a bound
	cutBound
)

// or adds a bound where there is one.
func (s cutState) or(bound bool) cutState {
	if bound {
		return cutBound
	}
	return s
}

// maybe adds what may or may not be a bound.
func (s cutState) maybe() cutState { return max(s, cutUnknown) }

// cutModel is a model that can say that it joins nothing across.
type cutModel interface {
	cut(before, behind rune) bool
}

// canCut reports that texts may be cut between two characters.
func (t *Tokenizer) canCut(before, behind rune) bool {
	if unicode.IsSpace(before) || behind != ' ' && behind != '\n' || !t.plain.cut(before, behind) {
		return false
	}
	ok := true
	if t.normalizer != nil {
		if before, behind, ok = cutNormal(t.normalizer, before, behind); !ok {
			return false
		}
	}
	if !t.normalized.cut(before, behind) {
		return false
	}
	state := cutJoined
	for _, stage := range t.stages {
		s, can := stage.(cutStage)
		if !can {
			return false
		}
		if before, behind, state, ok = s.cut(before, behind, state); !ok {
			return false
		}
	}
	if state == cutBound {
		return true
	}
	m, can := t.model.(cutModel)
	return can && m.cut(before, behind)
}

func cutNormal(n normalizer, before, behind rune) (rune, rune, bool) {
	c, ok := n.(cutNormalizer)
	if !ok {
		return 0, 0, false
	}
	return c.cut(before, behind)
}

// matcherEdges is what a cut has to know of a matcher's tokens.
type matcherEdges struct {
	pairs map[[2]rune]bool // neighbours within a token
	last  map[rune]bool    // ends of tokens
	whole map[rune]bool    // starts of tokens that must stand alone (single_word)
}

func newMatcherEdges(tokens []*addedToken, spellings []string) matcherEdges {
	e := matcherEdges{pairs: map[[2]rune]bool{}, last: map[rune]bool{}, whole: map[rune]bool{}}
	for i, text := range spellings {
		last := rune(-1)
		for at, c := range text {
			if at > 0 {
				e.pairs[[2]rune{last, c}] = true
			} else if tokens[i].singleWord {
				e.whole[c] = true
			}
			last = c
		}
		e.last[last] = true
	}
	return e
}

// cut reports that no token lies across, none ends before the cut (what follows would be no continuation), and none of those behind it
// looks across: the character before it is no white space, so white space that a token takes with it ends there.
func (m *tokenMatcher) cut(before, behind rune) bool {
	if m == nil {
		return true
	}
	return !m.edges.pairs[[2]rune{before, behind}] && !m.edges.last[before] && !m.edges.whole[behind]
}

func (q normalizerSequence) cut(before, behind rune) (_, _ rune, ok bool) {
	for _, one := range q {
		if before, behind, ok = cutNormal(one, before, behind); !ok {
			return 0, 0, false
		}
	}
	return before, behind, true
}

func (t prependNormalizer) cut(before, behind rune) (rune, rune, bool) { return before, behind, true }

func (lowercaseNormalizer) cut(before, behind rune) (rune, rune, bool) {
	return edges(lowercaseNormalizer{}, before, behind)
}

func (stripAccentsNormalizer) cut(before, behind rune) (rune, rune, bool) {
	return edges(stripAccentsNormalizer{}, before, behind)
}

func (byteLevelNormalizer) cut(before, behind rune) (rune, rune, bool) {
	return edges(byteLevelNormalizer{}, before, behind)
}

// edges is the cut of a normalizer that takes each character on its own. A character that vanishes would leave its neighbour at the cut.
func edges(n normalizer, before, behind rune) (rune, rune, bool) {
	a, err := n.normalize(nil, piece{text: string(before)})
	b, err2 := n.normalize(nil, piece{text: string(behind)})
	if err != nil || err2 != nil || a.text == "" || b.text == "" {
		return 0, 0, false
	}
	x, _ := utf8.DecodeLastRuneInString(a.text)
	y, _ := utf8.DecodeRuneInString(b.text)
	return x, y, true
}

func (r *replacer) cut(before, behind rune) (rune, rune, bool) {
	if r.expr != nil {
		return 0, 0, false
	}
	first, n := utf8.DecodeRuneInString(r.literal)
	if n == len(r.literal) {
		return edges(r, before, behind)
	}
	last, _ := utf8.DecodeLastRuneInString(r.literal)
	// Nothing that is replaced touches the cut.
	return before, behind, before != last && behind != first && !strings.Contains(r.literal, string(before)+string(behind))
}

// cut rests on two facts: ASCII characters never combine with what stands before them, and a character that starts a segment not either.
func (f normalForm) cut(before, behind rune) (rune, rune, bool) {
	if behind >= utf8.RuneSelf {
		return 0, 0, false
	}
	if before < utf8.RuneSelf {
		return before, behind, true
	}
	s := string(before)
	if !f.form.PropertiesString(s).BoundaryBefore() || !norm.NFKD.PropertiesString(s).BoundaryBefore() {
		return 0, 0, false
	}
	last, n := utf8.DecodeLastRuneInString(f.apply(s))
	return last, behind, n > 0
}

// cut: spellings of a character map may lie across, and a space behind the text would come behind each part; neither is looked into.
func (n *spNormalizer) cut(before, behind rune) (rune, rune, bool) {
	if n.charsmap != nil || n.prefix && n.proto.suffixSpace || string(before) == spaceMark || !n.user.cut(before, behind) {
		return 0, 0, false
	}
	if behind == ' ' && n.proto.escapeSpace {
		behind, _ = utf8.DecodeRuneInString(spaceMark)
	}
	return before, behind, true
}

func (c charSplit) cut(before, behind rune, s cutState) (rune, rune, cutState, bool) {
	a, b := c.in(before), c.in(behind)
	switch c.behavior {
	case isolated, removed:
		s = s.or(a || b)
	case contiguous:
		s = s.or(a != b)
	case mergedWithPrevious:
		s = s.or(a)
	case mergedWithNext:
		s = s.or(b)
	}
	return before, behind, s, true
}

// cut: white space is dropped.
func (whitespaceSplit) cut(before, behind rune, s cutState) (rune, rune, cutState, bool) {
	if !unicode.IsSpace(behind) {
		return before, behind, s.maybe(), true
	}
	return before, behind, cutBound, true
}

func (x *patternSplit) cut(before, behind rune, s cutState) (rune, rune, cutState, bool) {
	if s == cutBound {
		return before, behind, s, true
	}
	if x.expr == nil {
		single := string(behind) == x.literal && !x.invert && x.behavior != mergedWithPrevious
		return before, behind, s.maybe().or(single), !strings.Contains(x.literal, string(before)+string(behind))
	}
	covered, ok := x.expr.cut(before, behind)
	return before, behind, s.maybe().or(covered && (x.behavior == isolated || x.behavior == removed)), ok
}

// gpt2Expression is what ByteLevel splits by.
var gpt2Expression = &expression{source: exprGPT2, scan: scanGPT2}

// cut: a space that is put in front of a piece is put there in the whole text too where there is a bound.
func (x *byteLevelSplit) cut(before, behind rune, s cutState) (rune, rune, cutState, bool) {
	if s != cutJoined && x.prefixSpace && behind != ' ' {
		return 0, 0, s, false
	}
	if s != cutBound && x.expr {
		covered, ok := gpt2Expression.cut(before, behind)
		if !ok {
			return 0, 0, s, false
		}
		s = s.maybe().or(covered)
	}
	if x.mapped {
		var b [utf8.UTFMax]byte
		n := utf8.EncodeRune(b[:], before)
		before = byteRunes[b[n-1]]
		utf8.EncodeRune(b[:], behind)
		behind = byteRunes[b[0]]
	}
	return before, behind, s, true
}

func (m *metaspaceSplit) cut(before, behind rune, s cutState) (rune, rune, cutState, bool) {
	if behind == ' ' {
		behind = m.char
	}
	if before == ' ' {
		before = m.char
	}
	if s != cutJoined && m.when == prependAlways && behind != m.char {
		return 0, 0, s, false
	}
	return before, behind, s.or(m.parts && behind == m.char), true
}

// cut: see cutAtJoints.
func (m *bpe) cut(before, behind rune) bool {
	return m.joints != nil && !m.raw && m.char(before) != noSymbol && m.char(behind) != noSymbol && !m.joints.has(before, behind)
}

func (m *sentencePiece) cut(before, behind rune) bool {
	known := func(c rune) bool { return m.char(c) < uint32(m.limit()) }
	return m.user.cut(before, behind) && known(before) && known(behind) && !m.joints.has(before, behind)
}
