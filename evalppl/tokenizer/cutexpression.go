package tokenizer

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"
)

// neighbours is an expression as an automaton that takes at least what the expression takes: priorities and the one look-ahead that is
// allowed are left out. What never stands side by side in one of its matches never does in one of the expression's.
type neighbours struct {
	prog *syntax.Prog
	// coversSpace: one alternative is white space alone, so every white space lies in a match.
	coversSpace bool
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9A-F]{4})`)

// newNeighbours returns nil where the expression has a construct that may look further than its match, or can match nothing at all.
func newNeighbours(source string) *neighbours {
	translated, err := translatePattern(source)
	if err != nil {
		return nil
	}
	// (?!\S) behind a character that is no white space is the same before white space and at the end of a text; behind white space it is
	// not evaluated at a cut.
	translated = strings.ReplaceAll(translated, "(?!["+setNotSpace()+"])", "")
	if strings.Contains(translated, "(?=") || strings.Contains(translated, "(?!") || strings.Contains(translated, "(?<") {
		return nil
	}
	translated = strings.ReplaceAll(translated, "(?>", "(?:")
	re, err := syntax.Parse(unicodeEscape.ReplaceAllString(translated, `\x{$1}`), syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil
	}
	for _, i := range prog.Inst {
		if i.Op == syntax.InstEmptyWidth {
			return nil
		}
	}
	x := &neighbours{prog: prog}
	if x.reaches(uint32(prog.Start), func(i *syntax.Inst) bool { return i.Op == syntax.InstMatch }) {
		return nil
	}
	for _, a := range alternatives(source) {
		x.coversSpace = x.coversSpace || a == `\s+`
	}
	return x
}

// alternatives returns the alternatives of the outermost level.
func alternatives(source string) []string {
	var list []string
	depth, start, class := 0, 0, false
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			list = append(list, source[start:i])
			start = i + 1
		}
	}
	return append(list, source[start:])
}

// takesRune reports an instruction that reads a character.
func takesRune(i *syntax.Inst) bool {
	switch i.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// reaches reports that found holds for an instruction that can be come to from pc without reading a character.
func (x *neighbours) reaches(pc uint32, found func(*syntax.Inst) bool) bool {
	seen := map[uint32]bool{}
	var visit func(pc uint32) bool
	visit = func(pc uint32) bool {
		if seen[pc] {
			return false
		}
		seen[pc] = true
		i := &x.prog.Inst[pc]
		if found(i) {
			return true
		}
		switch i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			return visit(i.Out) || visit(i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			return visit(i.Out)
		}
		return false
	}
	return visit(pc)
}

// together reports that a match may hold a character right before another.
func (x *neighbours) together(before, behind rune) bool {
	for k := range x.prog.Inst {
		i := &x.prog.Inst[k]
		if takesRune(i) && i.MatchRune(before) && x.reaches(i.Out, func(j *syntax.Inst) bool { return takesRune(j) && j.MatchRune(behind) }) {
			return true
		}
	}
	return false
}

// cutting is what an expression keeps for cuts.
type cutting struct {
	once sync.Once
	near *neighbours
}

// cut reports (ok) that no match holds both characters and none depends on what lies behind the cut, and that one of them is in a match, which
// then ends or starts there.
func (x *expression) cut(before, behind rune) (covered, ok bool) {
	if unicode.IsSpace(before) || !unicode.IsSpace(behind) {
		return false, false
	}
	x.cutting.once.Do(func() { x.cutting.near = newNeighbours(x.source) })
	n := x.cutting.near
	if n == nil || n.together(before, behind) {
		return false, false
	}
	return n.coversSpace, true
}
