package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// validText returns text as a string in which every maximal invalid subsequence (Unicode 15.0, section 3.9, table 3-7: the longest start of a
// well-formed sequence, else one byte) has become one U+FFFD.
func validText(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		if c == utf8.RuneError && n == 1 {
			n = invalidPrefix(text)
		}
		b.WriteRune(c)
		text = text[n:]
	}
	return b.String()
}

// invalidPrefix returns how many bytes the maximal subpart at the start of p has; p starts with an ill-formed sequence.
func invalidPrefix(p []byte) int {
	lo, hi, want := byte(0x80), byte(0xBF), 0
	switch c := p[0]; {
	case c >= 0xC2 && c <= 0xDF:
		want = 1
	case c >= 0xE0 && c <= 0xEF:
		want = 2
		if c == 0xE0 {
			lo = 0xA0
		} else if c == 0xED {
			hi = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		want = 3
		if c == 0xF0 {
			lo = 0x90
		} else if c == 0xF4 {
			hi = 0x8F
		}
	}
	n := 1
	for n <= want && n < len(p) && p[n] >= lo && p[n] <= hi {
		lo, hi = 0x80, 0xBF
		n++
	}
	return n
}
