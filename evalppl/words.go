package evalppl

import (
	"unicode"
	"unicode/utf8"
)

// CountWords counts the words of a raw text as lm-evaluation-harness does for its word perplexity: the pieces between runs of
// white space, so a text that begins or ends with white space has an empty piece there that counts too, and an empty text has 1
// word. White space is that of Python's re module.
func CountWords(text []byte) int64 {
	words, inSpace := int64(1), false
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		space := pythonSpace(r)
		if space && !inSpace {
			words++
		}
		inSpace = space
		text = text[n:]
	}
	return words
}

// pythonSpace says whether str.isspace, and with it \s of re, takes r: Unicode's white space and the separators U+001C to U+001F.
func pythonSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
