package corpus_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
)

// TestNamesThatSayNothing: what is not named as something else is plain text, unless it starts as something else.
func TestNamesThatSayNothing(t *testing.T) {
	rows := string(parquetFile(t, "one"))
	for _, c := range []struct {
		name, data, kind string
		want             string // in the error; "": the data is the text
	}{
		{"wiki.test.tokens", "= a =\n", "", ""},
		{"main.go", "{ \"a\" }", "", ""},
		{"none", "{}", "", ""},
		{"none", "{\"text\": \"x\"}\n", "", "--text-kind jsonl"},
		{"none", "\xef\xbb\xbf \n[\n {\"te\\\"xt\" :\"x\"}]", "", "--text-kind jsonl"},
		{"a.odd.gz", "{\"text\": \"x\"}\n", "", "--text-kind jsonl"},
		{"a.odd", "{\"text\": \"x\"}\n", "plain", ""},
		{"a.txt", "{\"text\": \"x\"}\n", "", ""},
		{"none", rows, "", "--text-kind parquet"},
		{"a.json", "{\"text\": \"x\"}\n", "", "files of this name are not read"},
		{"a.CSV.zst", "text\n", "", "files of this name are not read"},
		{"a.json", "{\"text\": \"x\"}\n", "plain", ""},
	} {
		data := []byte(c.data)
		switch {
		case strings.HasSuffix(c.name, ".gz"):
			data = gz(t, data)
		case strings.HasSuffix(c.name, ".zst"):
			data = zst(t, data)
		}
		path := write(t, t.TempDir(), c.name, data)
		text, _, err := corpus.ReadAll(path, corpus.Options{Kind: c.kind, Parquet: parquet.Texts})
		if c.want != "" {
			checkError(t, c.name, err, nil, []string{path, c.want})
		} else if err != nil || string(text) != c.data {
			t.Errorf("%s %q: %q, %v", c.name, c.data, text, err)
		}
		if strings.Contains(c.name, ".json") || strings.Contains(c.name, ".CSV") || strings.HasSuffix(c.name, ".txt") {
			continue
		}
		_, _, err = corpus.ReadAll("-", corpus.Options{Kind: c.kind, Stdin: bytes.NewReader(data)})
		if c.want != "" {
			checkError(t, "standard input", err, nil, []string{"standard input", c.want})
		} else if err != nil {
			t.Errorf("standard input, %q: %v", c.data, err)
		}
	}
}

// TestKeep: what can be read only once is there again, and is the reader's own.
func TestKeep(t *testing.T) {
	c, err := corpus.Open("-", corpus.Options{Kind: "lines", Keep: true, Stdin: strings.NewReader("one\ntwo\n"), Each: bytes.ToUpper})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var ids []string
		for d, err := range c.Documents() {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, d.ID+"="+string(d.Text))
			d.Text[0] = '?'
		}
		if want := []string{"-:1=one", "-:2=two"}; !slices.Equal(ids, want) {
			t.Errorf("%q, want %q", ids, want)
		}
		text, docs, err := c.ReadAll()
		if err != nil || docs != 2 || string(text) != "ONE\n\nTWO" {
			t.Errorf("%q, %d documents, %v", text, docs, err)
		}
		if sum, ok := c.Fingerprint(); !ok || len(sum) != 64 {
			t.Errorf("fingerprint %q, %v", sum, ok)
		}
	}
}

// TestWhatIsRead: the kinds and the field.
func TestWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.txt", []byte("x"))
	plain, err := corpus.Open(dir, corpus.Options{Field: "page"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.jsonl", []byte("{}"))
	write(t, dir, "c.jsonl", []byte("{}"))
	both, err := corpus.Open(dir, corpus.Options{Field: "page"})
	if err != nil {
		t.Fatal(err)
	}
	if k := plain.Kinds(); !slices.Equal(k, []string{"plain"}) || plain.HasFields() || plain.Field() != "" {
		t.Errorf("a plain text: %q, field %q", k, plain.Field())
	}
	if k := both.Kinds(); !slices.Equal(k, []string{"jsonl", "plain"}) || !both.HasFields() || both.Field() != "page" {
		t.Errorf("a folder: %q, field %q", k, both.Field())
	}
}

// TestAllowEmpty: an empty text is nothing, not an error.
func TestAllowEmpty(t *testing.T) {
	for _, name := range []string{"a.txt", "a.jsonl", "a.txt.gz"} {
		data := []byte(nil)
		if strings.HasSuffix(name, ".gz") {
			data = gz(t, data)
		}
		text, docs, err := corpus.ReadAll(write(t, t.TempDir(), name, data), corpus.Options{AllowEmpty: true})
		if err != nil || docs != 0 || len(text) != 0 {
			t.Errorf("%s: %q, %d documents, %v", name, text, docs, err)
		}
	}
	text, docs, err := corpus.ReadAll("-", corpus.Options{AllowEmpty: true, Stdin: strings.NewReader("")})
	if err != nil || docs != 0 || len(text) != 0 {
		t.Errorf("standard input: %q, %d documents, %v", text, docs, err)
	}
	// Documents that are there but empty are one text of separators, which nobody can want.
	_, _, err = corpus.ReadAll("-", corpus.Options{Kind: "jsonl", Stdin: strings.NewReader("{\"text\":\"\"}\n{\"text\":\"\"}")})
	checkError(t, "empty documents", err, corpus.ErrEmpty, []string{"2 document(s) are all empty"})
}
