package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// byteRunes is GPT-2's mapping of bytes to printable characters (openai/gpt-2 encoder.py, bytes_to_unicode): printable Latin-1 bytes stand
// for themselves, the other 68 take U+0100 onwards in order.
var byteRunes = makeByteRunes()

func makeByteRunes() (t [256]rune) {
	next := rune(256)
	for b := range t {
		c := rune(b)
		if c >= '!' && c <= '~' || c >= 0xA1 && c <= 0xAC || c >= 0xAE && c <= 0xFF {
			t[b] = c
		} else {
			t[b] = next
			next++
		}
	}
	return t
}

// runeBytes is the inverse of byteRunes: the byte, or -1.
var runeBytes = makeRuneBytes()

func makeRuneBytes() (t [324]int16) {
	for i := range t {
		t[i] = -1
	}
	for b, c := range byteRunes {
		t[c] = int16(b)
	}
	return t
}

// mapBytes writes every byte of s as its character.
func mapBytes(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for i := 0; i < len(s); i++ {
		b.WriteRune(byteRunes[s[i]])
	}
	return b.String()
}

// appendUnmapped appends the bytes that a token's characters stand for; a token with any other character is taken as it is.
func appendUnmapped(dst []byte, token string) []byte {
	start := len(dst)
	for _, c := range token {
		if c >= rune(len(runeBytes)) || runeBytes[c] < 0 {
			return append(dst[:start], token...)
		}
		dst = append(dst, byte(runeBytes[c]))
	}
	return dst
}

// byteToken is the name of a byte's token in vocabularies with byte fallback.
func byteToken(b byte) string {
	const hex = "0123456789ABCDEF"
	return "<0x" + string(hex[b>>4]) + string(hex[b&15]) + ">"
}

// lossyString is Rust's String::from_utf8_lossy.
func lossyString(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return validText(b)
}
