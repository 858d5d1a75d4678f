package corpus_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
)

// TestPieces: pieces make up the documents, and CopyTo writes what ReadAll returns, of every kind and with every option.
func TestPieces(t *testing.T) {
	dir := t.TempDir()
	long := []byte(strings.Repeat("a line of \xc3\xa9 text\r\n", 60_000)) // several pieces
	jsonl := []byte("{\"text\":\"one\\n\"}\n\n{\"text\":\"\"}\n{\"text\":\"three\"}\n")
	write(t, dir, "folder/a.txt", long)
	write(t, dir, "folder/b.jsonl", jsonl)
	write(t, dir, "folder/c/d.txt.zst", zst(t, long[:777_777]))
	write(t, dir, "folder/e.parquet", parquetFile(t, "x", "", "y z"))
	write(t, dir, "folder/f.txt", []byte("short"))
	for _, c := range []struct {
		path string
		o    corpus.Options
	}{
		{write(t, dir, "a.txt", long), corpus.Options{}},
		{write(t, dir, "a.txt.gz", gz(t, long)), corpus.Options{}},
		{write(t, dir, "b.txt", long[:1<<18]), corpus.Options{}}, // exactly one piece
		{write(t, dir, "c.txt", []byte("a\x00b")), corpus.Options{AllowNUL: true}},
		{write(t, dir, "d.txt", nil), corpus.Options{AllowEmpty: true}},
		{write(t, dir, "e.jsonl", jsonl), corpus.Options{}},
		{write(t, dir, "lines.txt", long), corpus.Options{Kind: "lines"}},
		{dir + "/folder", corpus.Options{}},
		{dir + "/folder", corpus.Options{Separator: new(""), Each: bytes.ToUpper}},
		{"-", corpus.Options{Kind: "plain"}},
		{"-", corpus.Options{Kind: "plain", Keep: true}},
		{"-", corpus.Options{Kind: "lines", Keep: true}},
	} {
		open := func() *corpus.Corpus {
			t.Helper()
			o := c.o
			o.Parquet, o.Stdin = parquet.Texts, iotest.HalfReader(bytes.NewReader(long))
			in, err := corpus.Open(c.path, o)
			if err != nil {
				t.Fatal(err)
			}
			return in
		}
		want, wantDocs, err := open().ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		in := open()
		times := 1
		if c.o.Keep {
			times = 2
		}
		for range times {
			var got bytes.Buffer
			if docs, err := in.CopyTo(&got); err != nil || docs != wantDocs || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s: %d bytes of %d documents, %v; want %d of %d", c.path, got.Len(), docs, err, len(want), wantDocs)
			}
		}
		var docs []corpus.Document
		for d, err := range open().Documents() {
			if err != nil {
				t.Fatal(err)
			}
			docs = append(docs, d)
		}
		at, text := 0, []byte(nil)
		for p, err := range open().Pieces() {
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, p.Text...)
			if at == len(docs) || p.ID != docs[at].ID {
				t.Fatalf("%s: a piece of %s", c.path, p.ID)
			}
			if p.Last {
				if !bytes.Equal(text, docs[at].Text) {
					t.Errorf("%s: document %s has %d bytes in pieces, want %d", c.path, p.ID, len(text), len(docs[at].Text))
				}
				at, text = at+1, nil
			}
		}
		if at != len(docs) {
			t.Errorf("%s: %d documents in pieces, want %d", c.path, at, len(docs))
		}
	}
}

func TestCopyToErrors(t *testing.T) {
	in, err := corpus.Open(write(t, t.TempDir(), "a.txt", []byte("text")), corpus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	if _, err := in.CopyTo(failing{full}); !errors.Is(err, full) {
		t.Errorf("error %v, want the writer's", err)
	}
	for range in.Pieces() {
		break // a reader may stop at any piece
	}
	// A NUL byte far into a text is found where it is.
	late := append(bytes.Repeat([]byte("x"), 1<<20), 0)
	if in, err = corpus.Open("-", corpus.Options{Kind: "plain", Stdin: bytes.NewReader(late)}); err != nil {
		t.Fatal(err)
	}
	_, err = in.CopyTo(io.Discard)
	checkError(t, "a late NUL byte", err, corpus.ErrBinary, []string{"offset 1048576"})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzWords: counted in pieces or as a whole, a text has the same number of words.
func FuzzWords(f *testing.F) {
	f.Add([]byte("a  b\u3000c\u2028 \xe3\x80"), uint64(1))
	f.Add([]byte("\xe3\x80\x80\xe3\x80a\xff\x1c \u0085"), uint64(7))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w corpus.WordCounter
		for rest := text; len(rest) > 0; {
			n := min(len(rest), r.IntN(4))
			w.Write(rest[:n])
			rest = rest[n:]
		}
		want := len(bytes.FieldsFunc(append([]byte("x"), append(bytes.Clone(text), 'x')...), isSpace))
		if got := w.Words(); got != int64(corpus.Words(text)) || got != int64(want) {
			t.Errorf("%q: %d words in pieces, %d as a whole, want %d", text, got, corpus.Words(text), want)
		}
	})
}

func isSpace(r rune) bool {
	return r >= 0x1c && r <= 0x1f || strings.ContainsRune("\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000", r)
}
