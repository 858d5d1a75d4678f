package tokenizer

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// randomText mixes what the expressions distinguish.
func randomText(r *rand.Rand, n int) string {
	parts := []string{
		" ", "  ", "\n", "\r", "\r\n", "\t", "\u00a0", "\u3000", "\u0085", "\u2028", "'", "'s", "'S", "'ſ", "'t", "'RE", "'ve", "'lL", "'l", "'m", "'d", "’s", "a", "Zz", "é", "e\u0301", "你",
		"א", "ª", "1", "23", "4567", "½", "Ⅷ", "٣", ".", "..", "!?", "_", "-", "€", "🙂", "\u200b", "\u200d", "\x00", "ſ", "K", "ǅ", "ᾳ", "İ", "ß", "ﬁ",
	}
	var b strings.Builder
	for range n {
		if r.IntN(8) == 0 {
			c := rune(r.IntN(0x30000))
			if utf8.ValidRune(c) {
				b.WriteRune(c)
			}
			continue
		}
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// TestScanners proves that each hand-written scanner finds the matches of its expression.
func TestScanners(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", " ", "'", "'l", "'r", "\n ", " \n", "a\r\n\r\n b", " '", " 's", "  's"}
	for range 3000 {
		texts = append(texts, randomText(r, 1+r.IntN(30)))
	}
	// Every character up to the ideographs, and one in 61 of the others, in the company that shows its class.
	var all strings.Builder
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if (c < 0x3400 || c%61 == 0) && utf8.ValidRune(c) {
			all.WriteString(string(c) + "a" + string(c) + "1 " + string(c) + ".'" + string(c))
		}
	}
	texts = append(texts, all.String())
	for _, source := range []string{exprGPT2, exprLlama3, exprQwen2} {
		fast, err := compileExpression(source)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := compileEngine(source)
		if err != nil {
			t.Fatal(err)
		}
		if fast.scan == nil || slow.scan != nil {
			t.Fatalf("%q: the two are not different", source)
		}
		for _, text := range texts {
			if a, b := matchList(t, fast, text), matchList(t, slow, text); a != b {
				t.Fatalf("%q on %.200q:\nscanner %.300s\nengine  %.300s", source, text, a, b)
			}
		}
	}
}

// matchList writes matches one after the other.
func matchList(t *testing.T, x *expression, text string) string {
	t.Helper()
	var b strings.Builder
	err := x.matches(&session{}, text, func(start, end int) error {
		b.WriteString(text[start:end])
		b.WriteByte(0xFF)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An expression that backtracks without end gives an error.
func TestExpressionBounds(t *testing.T) {
	for _, source := range []string{`(?:a|aa)+c`, `(?:a|a?)+c`} {
		x, err := compileEngine(source)
		if err != nil {
			t.Fatal(err)
		}
		x.re.MatchTimeout = 50 * time.Millisecond // New sets more; the way out is the same
		err = x.matches(&session{}, strings.Repeat("a", 5000)+"b", func(int, int) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "expression") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

// The wanted forms follow Oniguruma's doc/RE for Ruby's syntax; testdata/pipelines.json has them against the library itself.
func TestTranslatePattern(t *testing.T) {
	for source, want := range map[string]string{
		`a++`:         `(?>a+)`,
		`a{2,3}+`:     `(?:a{2,3})+`,
		`a{,2}`:       `a{0,2}`,
		`{a}`:         `\x7Ba\x7D`,
		`^a$`:         `(?:\A|(?<=\n)(?!\z))a(?=\n|\z)`,
		`(a)(?<!b)`:   `(?:a)(?<!b)`,
		`(?i:'d)e`:    `(?:\x27[dD])e`,
		`[\]a-c.]`:    `[\x5Da-c\x2E]`,
		`\p{^Lu}`:     `[\P{Lu}]`,
		`\p{Letter}*`: `[\p{L}]*`,
		`\x{1F642}`:   "🙂",
	} {
		if got, err := translatePattern(source); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		`(`: "without ')'", `a)`: "without '('", `[a`: "without ']'", `a\`: "ends with a backslash", `*`: "repeats nothing", `a**`: "quantifier on a quantifier", `a{2}?`: "not built",
		`(?s:.)`: "not built", `(?m:.)`: "not built", `(?<n>a)`: "not built", `\1`: "not built", `\k<n>`: "not built", `\R`: "not built", `\G`: "not built", `[a&&b]`: "intersection",
		`[a[b]]`: "class inside a class", `[b-a]`: "upside down", `\p{Foo}`: "not built", `\p`: "without {name}", `(?i:ss)`: "not built", `(?i:ä)`: "not built", `a(?i)b`: "not built",
		`a{1001}`: "at most 1000", `\xff`: "not built", strings.Repeat("(", 100): "nested deeper", strings.Repeat("a", maxPatternBytes+1): "at most",
	} {
		if got, err := translatePattern(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %q, %v, want an error with %q", source, got, err, want)
		}
	}
}

// TestLargeSets: expressions of nothing but large sets are refused rather than expanded.
func TestLargeSets(t *testing.T) {
	if _, err := translatePattern(strings.Repeat(`[\W]`, 4000)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("error %v", err)
	}
}
