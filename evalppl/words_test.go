package evalppl

import "testing"

// TestCountWords: what Python's len(re.split(r"\s+", text)) gives.
func TestCountWords(t *testing.T) {
	for text, want := range map[string]int64{
		"": 1, "a": 1, "a b": 2, "a  \n\t b": 2, " a": 2, "a ": 2, " ": 2, " a b \n": 4, "a\u00a0b\u3000c\u2028d": 4, "a\x1cb\x1fc": 3,
		"a\x85b\u0085c": 2, "a\u200bb": 1, "\xff\xfe x": 2,
	} {
		if got := CountWords([]byte(text)); got != want {
			t.Errorf("%q: %d words, want %d", text, got, want)
		}
	}
}
