package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// charClass is what the hand-written scanners distinguish.
type charClass uint8

const (
	classOther  charClass = iota
	classLetter           // \p{L}
	classNumber           // \p{N}
	classSpace            // \s (White_Space) but for the two below
	classBreak            // \r and \n
)

// classTable holds the class of every character of the Basic Multilingual Plane.
var classTable = sync.OnceValue(func() *[1 << 16]charClass {
	t := new([1 << 16]charClass)
	for c := range rune(len(t)) {
		t[c] = classify(c)
	}
	return t
})

func classify(c rune) charClass {
	switch {
	case c == '\r' || c == '\n':
		return classBreak
	case unicode.IsSpace(c):
		return classSpace
	case unicode.IsLetter(c):
		return classLetter
	case unicode.IsNumber(c):
		return classNumber
	}
	return classOther
}

// classAt returns the class and length of the character at text[i:], which is valid UTF-8 and not empty.
func classAt(t *[1 << 16]charClass, text string, i int) (charClass, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return t[c], 1
	}
	c, n := utf8.DecodeRuneInString(text[i:])
	if c < 1<<16 {
		return t[c], n
	}
	return classify(c), n
}

// isWord is \w of Unicode regular expressions (UTS 18, annex C: Alphabetic, Mark, Decimal_Number, Connector_Punctuation), without Join_Control.
func isWord(c rune) bool {
	return unicode.In(c, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic, unicode.Pc)
}

// isWordJoin is isWord with Join_Control, as Rust's regex crate defines \w.
func isWordJoin(c rune) bool { return isWord(c) || c == 0x200C || c == 0x200D }

// assignedIn8 holds the characters of Unicode 8.0.
var assignedIn8 = sync.OnceValue(func() *unicode.RangeTable { return rangetable.Assigned("8.0.0") })

// isPunctuation is what the Punctuation pre-tokenizer splits at: the ASCII symbols and general category P of Unicode 8.0, as in the reference
// (crate unicode_categories). Two characters have left the category since.
func isPunctuation(c rune) bool {
	switch {
	case c < utf8.RuneSelf:
		return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
	case c == 0x166D || c == 0x111C9:
		return true
	}
	return unicode.Is(unicode.P, c) && unicode.Is(assignedIn8(), c)
}
