package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestWikitextDetokenize compares with what the package lm_eval gave for random texts (testdata/wikitext.py).
func TestWikitextDetokenize(t *testing.T) {
	data, err := os.ReadFile("testdata/wikitext.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw [][]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	if len(raw) != 200 {
		t.Fatalf("%d cases, want 200", len(raw))
	}
	for _, c := range raw {
		text, want, words := c[0].(string), c[1].(string), int(c[2].(float64))
		in := []byte(text)
		if got := string(WikitextDetokenize(in)); got != want {
			t.Errorf("WikitextDetokenize(%q)\n = %q\nwant %q", text, got, want)
		}
		if string(in) != text {
			t.Errorf("WikitextDetokenize changed its argument %q", text)
		}
		if got := Words(in); got != words {
			t.Errorf("Words(%q) = %d, want %d", text, got, words)
		}
	}
}

// TestWikitextWhole compares whole texts with lm_eval's output, by its SHA-256 (testdata/wikitext.py FILE...).
func TestWikitextWhole(t *testing.T) {
	for _, c := range []struct {
		name, sum string
		words     int
	}{
		{"wikitext2-test.txt", "f7a499621c56efe6af6dfcf0000730cb19f60063656a277e0dc881c165d6c397", 241213},
		{"wikitext2-valid.txt", "690623f8b014db8936214a63f29caee6503f4b9a21f0e883957c278868a9be34", 213888},
	} {
		text := sharedText(t, c.name)
		sum := sha256.Sum256(WikitextDetokenize(text))
		if got := hex.EncodeToString(sum[:]); got != c.sum {
			t.Errorf("%s: SHA-256 of the detokenized text %s, want %s", c.name, got, c.sum)
		}
		if got := Words(text); got != c.words {
			t.Errorf("%s: %d words, want %d", c.name, got, c.words)
		}
	}
}

// FuzzWikitextDetokenize looks for panics, and for bytes that were not in the text.
func FuzzWikitextDetokenize(f *testing.F) {
	for _, s := range []string{"", "/' 7/", "/' ", "( a ) [ b ", "\" x \"", "\xff ' \xfe '", "a @-@ b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		out := WikitextDetokenize(text)
		extra := 3 * bytes.Count(text, []byte("/' ")) // "/'[0-9]/" for "/' 7/"
		if len(out) > len(text)+extra {
			t.Fatalf("%d bytes from %d", len(out), len(text))
		}
	})
}

// sharedText reads a text that lies beside the repository.
func sharedText(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "shared", "texts", name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: the texts are needed in CI", err)
		}
		t.Skipf("%v: the texts are not here", err)
	}
	return text
}
