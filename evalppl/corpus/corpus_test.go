package corpus_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"

	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
)

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zst(t testing.TB, b []byte, o ...zstd.EOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, o...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type row struct {
	ID   int64  `parquet:"id"`
	Text string `parquet:"text,snappy"`
}

func parquetFile(t testing.TB, texts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pq.NewGenericWriter[row](&out)
	for i, s := range texts {
		if _, err := w.Write([]row{{int64(i), s}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// list returns "ID=text" of each document.
func list(t testing.TB, path string, o corpus.Options) ([]string, error) {
	t.Helper()
	c, err := corpus.Open(path, o)
	if err != nil {
		return nil, err
	}
	var docs []string
	for d, err := range c.Documents() {
		if err != nil {
			return docs, err
		}
		docs = append(docs, strings.TrimPrefix(d.ID, filepath.Dir(path)+string(filepath.Separator))+"="+string(d.Text))
	}
	return docs, nil
}

// TestKinds reads the same documents from every kind, alone, compressed, from a file and from standard input.
func TestKinds(t *testing.T) {
	jsonl := []byte("\xef\xbb\xbf{\"text\":\"one\\n\"}\r\n\n {\"id\": [1,{\"text\":2}], \"text\" : \"\"}\n{\"text\":\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\"}")
	rows := parquetFile(t, "one\n", "", "é😀\"\\/")
	plain := []byte("\xef\xbb\xbf one\r\n\n\xff two \n")
	lines := []byte("one\r\n \t\r\n\n two\n")
	for _, c := range []struct {
		name, kind string
		data       []byte
		want       []string // "%" stands for the file
	}{
		{"a.txt", "plain", plain, []string{"%=" + string(plain)}},
		{"a.RAW", "plain", plain, []string{"%=" + string(plain)}},
		{"a.md", "plain", plain, []string{"%=" + string(plain)}},
		{"README", "plain", plain, []string{"%=" + string(plain)}},
		{"a.jsonl", "jsonl", jsonl, []string{"%:1=one\n", "%:3=", "%:4=é😀\"\\/"}},
		{"a.ndjson", "jsonl", jsonl, []string{"%:1=one\n", "%:3=", "%:4=é😀\"\\/"}},
		{"a.json-lines", "jsonl", jsonl, []string{"%:1=one\n", "%:3=", "%:4=é😀\"\\/"}},
		{"a.parquet", "parquet", rows, []string{"%:1=one\n", "%:2=", "%:3=é😀\"\\/"}},
		{"a.odd", "lines", lines, []string{"%:1=one", "%:4= two"}},
	} {
		dir := t.TempDir()
		packed := map[string][]byte{"": c.data, ".gz": gz(t, c.data), ".zst": zst(t, c.data)}
		// Members and frames one after the other are one file.
		half := len(c.data) / 2
		packed[".GZ"] = slices.Concat(gz(t, c.data[:half]), gz(t, c.data[half:]))
		packed[".zstd"] = slices.Concat(zst(t, c.data[:half]), zst(t, c.data[half:]))
		for ext, data := range packed {
			name := c.name + ext
			o := corpus.Options{Parquet: parquet.Texts}
			if c.kind == "lines" {
				o.Kind = "lines"
			}
			path := write(t, dir, name, data)
			check := func(what, id string, got []string, err error) {
				t.Helper()
				want := make([]string, len(c.want))
				for i, w := range c.want {
					want[i] = strings.Replace(w, "%", id, 1)
				}
				if err != nil {
					t.Errorf("%s: %v", what, err)
				} else if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s: documents (-want +got):\n%s", what, d)
				}
			}
			got, err := list(t, path, o)
			check(name, name, got, err)

			o.Kind = c.kind
			o.Stdin = iotest.OneByteReader(bytes.NewReader(data))
			got, err = list(t, "-", o)
			check(name+" on standard input", "-", got, err)

			if ext == ".gz" || ext == ".zst" {
				o.Kind = c.kind + ext
				got, err = list(t, write(t, dir, "blob.1", data), o)
				check(name+" with kind "+o.Kind, "blob.1", got, err)
			}
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b/x.txt", []byte("bx"))
	write(t, dir, "b.txt", []byte("b"))
	write(t, dir, "a.jsonl.gz", gz(t, []byte("{\"text\":\"a1\"}\n{\"text\":\"a2\"}\n")))
	write(t, dir, "c/d/e.parquet", parquetFile(t, "e1", "e2"))
	write(t, dir, "empty.txt", nil)
	write(t, dir, "empty.txt.gz", gz(t, nil))
	write(t, dir, "notes.csv", []byte("1,2"))
	write(t, dir, ".hidden.txt", []byte("hidden"))
	write(t, dir, ".git/x.txt", []byte("hidden"))
	other := write(t, t.TempDir(), "blob", []byte("linked"))
	if err := os.Symlink(other, filepath.Join(dir, "l.txt")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "folder")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	o := corpus.Options{Parquet: parquet.Texts}
	for _, root := range []string{dir, link} {
		text, docs, err := corpus.ReadAll(root, o)
		if want := "a1\n\na2\n\nb\n\nbx\n\ne1\n\ne2\n\nlinked"; err != nil || string(text) != want || docs != 7 {
			t.Errorf("ReadAll = %q, %d, %v, want %q", text, docs, err, want)
		}
	}
	c, err := corpus.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range c.Files() {
		name, err := filepath.Rel(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(name))
	}
	if d := cmp.Diff([]string{"a.jsonl.gz", "b.txt", "b/x.txt", "c/d/e.parquet", "empty.txt.gz", "l.txt"}, names); d != "" {
		t.Errorf("Files (-want +got):\n%s", d)
	}
	for kind, want := range map[string]string{"jsonl": "a1|a2", "parquet": "e1|e2", "jsonl.gz": "a1|a2", "lines": "b|bx|linked"} {
		o.Kind, o.Separator = kind, new("|")
		if text, _, err := corpus.ReadAll(dir, o); err != nil || string(text) != want {
			t.Errorf("kind %s: %q, %v, want %q", kind, text, err, want)
		}
	}
}

func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	jsonl := write(t, dir, "a.jsonl", []byte(`{"m":{"t.x":"deep","y":{"z":"w"}},"m.t":"dotted","text":""}`+"\n"+`{"m":{"t.x":"2","y":{"z":""}},"m.t":"d2","text":""}`))
	for field, want := range map[string]string{"m.t.x": "deep\n\n2", "m.t": "dotted\n\nd2", "m.y.z": "w\n\n"} {
		text, docs, err := corpus.ReadAll(jsonl, corpus.Options{Field: field})
		if err != nil || string(text) != want || docs != 2 {
			t.Errorf("field %s: %q, %d, %v, want %q", field, text, docs, err, want)
		}
	}
	if text, _, err := corpus.ReadAll(jsonl, corpus.Options{Field: "m.t", Separator: new("")}); err != nil || string(text) != "dottedd2" {
		t.Errorf("no separator: %q, %v", text, err)
	}
	if _, _, err := corpus.ReadAll(jsonl, corpus.Options{Separator: new("")}); !errors.Is(err, corpus.ErrEmpty) {
		t.Errorf("only empty documents: %v, want ErrEmpty", err)
	}
	nul := write(t, dir, "nul.txt", []byte("a\x00b"))
	if text, _, err := corpus.ReadAll(nul, corpus.Options{AllowNUL: true}); err != nil || string(text) != "a\x00b" {
		t.Errorf("AllowNUL: %q, %v", text, err)
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	h := sha256.New()
	for _, s := range []string{"one", "", "three"} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		io.WriteString(h, s)
	}
	want := hex.EncodeToString(h.Sum(nil))
	paths := []string{
		write(t, dir, "a.jsonl.zst", zst(t, []byte(`{"text":"one"}`+"\n"+`{"text":""}`+"\n"+`{"text":"three"}`))),
		write(t, dir, "a.parquet", parquetFile(t, "one", "", "three")),
	}
	for _, path := range paths {
		c, err := corpus.Open(path, corpus.Options{Parquet: parquet.Texts})
		if err != nil {
			t.Fatal(err)
		}
		for range c.Documents() {
			break
		}
		if sum, ok := c.Fingerprint(); ok {
			t.Errorf("%s: fingerprint %s before the end", path, sum)
		}
		for range 2 { // a file can be read again
			if _, _, err := c.ReadAll(); err != nil {
				t.Fatal(err)
			}
			if sum, ok := c.Fingerprint(); !ok || sum != want {
				t.Errorf("%s: fingerprint %s, %v, want %s", path, sum, ok, want)
			}
		}
	}
	c, err := corpus.Open("-", corpus.Options{Stdin: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadAll(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadAll(); err == nil || !strings.Contains(err.Error(), "only once") {
		t.Errorf("second reading of standard input: %v", err)
	}
}
