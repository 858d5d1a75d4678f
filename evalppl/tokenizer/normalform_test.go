package tokenizer

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestNormalFormsSlowly compares the algorithm written out with package norm where that follows the standard: in texts without long runs of marks.
func TestNormalFormsSlowly(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	chars := []rune("aAeoE\u0300\u0301\u0323\u0327\u0345\u05b0\u093cकखdé½ﬁÅ가각ᄀ\u1161\u11a8\u0344\u0958\u1100ΐϓ\u0308≠<\u0338\u3099か\U0001D15E")
	forms := map[string]normalForm{"NFC": {norm.NFC, norm.NFD, true}, "NFD": {norm.NFD, norm.NFD, false}, "NFKC": {norm.NFKC, norm.NFKD, true}, "NFKD": {norm.NFKD, norm.NFKD, false}}
	for range 5000 {
		var b strings.Builder
		for range 1 + r.IntN(12) {
			b.WriteRune(chars[r.IntN(len(chars))])
		}
		for name, f := range forms {
			if got, want := f.applySlowly(b.String()), f.form.String(b.String()); got != want {
				t.Fatalf("%s of %+q: %+q, want %+q", name, b.String(), got, want)
			}
		}
	}
}

func TestNormalFormsApart(t *testing.T) {
	long := strings.Repeat("\u0327\u0301", 40)
	for _, c := range []struct{ in, want string }{
		// No U+034F after 30 marks. ç takes the first cedilla (class 202), the acute accents (230) follow the other cedillas.
		{"c" + long, "ḉ" + strings.Repeat("\u0327", 39) + strings.Repeat("\u0301", 39)},
		{"e\u0301\U00011938\U00011935\U00011930", "é\U00011938\U00011935\U00011930"}, // U+11938 came with Unicode 13
		{"é", "é"},
	} {
		if got := (normalForm{norm.NFC, norm.NFD, true}).apply(c.in); got != c.want {
			t.Errorf("%+q: %+q, want %+q", c.in, got, c.want)
		}
	}
}
