package corpus_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
)

// TestErrors gives each error its cause: the message names the file and every one of want.
func TestErrors(t *testing.T) {
	noise := []byte(strings.Repeat("{\"text\":\"0123456789\"}\n", 1000))
	for i := range noise { // so that the compressed forms are long enough to be cut
		if noise[i] >= '0' && noise[i] <= '9' {
			noise[i] = byte('a' + (i*i*31+i>>3)%26)
		}
	}
	gzipped, zstded := gz(t, noise), zst(t, noise)
	flipped := bytes.Clone(gzipped)
	flipped[len(flipped)-6] ^= 1
	flippedZstd := bytes.Clone(zstded)
	flippedZstd[len(flippedZstd)-2] ^= 1
	rows := parquetFile(t, "one", "two")
	for _, c := range []struct {
		name string
		data string
		o    corpus.Options
		is   error
		want []string
	}{
		{"a.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\"\n", corpus.Options{}, nil, []string{"line 2", "not valid JSON at byte 11", "one whole JSON object a line"}},
		{"a.jsonl", "[{\"text\":\"x\"}]", corpus.Options{}, nil, []string{"line 1", "an array", `"text"`}},
		{"a.jsonl", "{\"id\":1,\"page\":\"x\"}", corpus.Options{}, nil, []string{"line 1", `no field "text"`, `"id", "page"`}},
		{"a.jsonl", "{}", corpus.Options{}, nil, []string{"line 1", "are none"}},
		{"a.jsonl", "{\"m\":{\"a\":1}}", corpus.Options{Field: "m.t"}, nil, []string{`"m.t"`, `"t" inside "m"`, `"a"`}},
		{"a.jsonl", "{\"m\":3}", corpus.Options{Field: "m.t"}, nil, []string{`"m"`, "a number (3)", "an object"}},
		{"a.jsonl", "{\"text\":\"x\"}\n{\"text\":null}", corpus.Options{}, nil, []string{"line 2", `"text"`, "found null", "want a string"}},
		{"a.jsonl", "{\"text\":[\"x\"]}", corpus.Options{}, nil, []string{"an array", "want a string"}},
		{"a.jsonl", "{\"text\":true }", corpus.Options{}, nil, []string{"a boolean (true)"}},
		{"a.jsonl", "{\"text\":\"x\",\"text\":\"y\"}", corpus.Options{}, nil, []string{"line 1", "twice"}},
		{"a.jsonl", "{\"text\":\"\\ud800x\"}", corpus.Options{}, nil, []string{"line 1", `\ud800`, "surrogate"}},
		{"a.jsonl", "{\"text\":\"\\udc00\\ud800\"}", corpus.Options{}, nil, []string{`\udc00`, "surrogate"}},
		{"a.jsonl", "{\"text\":\"a\xff\"}", corpus.Options{}, nil, []string{"line 1", "byte 11", "UTF-8"}},
		{"a.jsonl", "\n \n", corpus.Options{}, corpus.ErrEmpty, nil},
		{"a.jsonl", "{\"text\":\"12345678\"}", corpus.Options{Limit: 10}, corpus.ErrTooLarge, []string{"line 1", "10 bytes"}},
		{"a.jsonl.gz", string(gz(t, bytes.Repeat([]byte("\n"), 1<<16))), corpus.Options{Limit: 1000}, corpus.ErrTooLarge, []string{"blank lines"}},
		{"a.txt", "", corpus.Options{}, corpus.ErrEmpty, []string{"0 bytes"}},
		{"a.txt.gz", string(gz(t, nil)), corpus.Options{}, corpus.ErrEmpty, nil},
		{"a.txt", "ab\x00", corpus.Options{}, corpus.ErrBinary, []string{"offset 2", "allows NUL"}},
		{"a.txt", "\xff\xfea\x00", corpus.Options{}, corpus.ErrBinary, []string{"UTF-16", "iconv"}},
		{"a.txt", string(rows), corpus.Options{}, corpus.ErrBinary, []string{"kind parquet"}},
		{"a.txt", "x\nab\x00", corpus.Options{Kind: "lines"}, corpus.ErrBinary, []string{"line 2", "offset 4"}},
		{"a.txt", strings.Repeat("x", 11), corpus.Options{Limit: 10}, corpus.ErrTooLarge, []string{"11 bytes", "at most 10"}},
		{"a.txt.gz", string(gz(t, make([]byte, 1<<20))), corpus.Options{Limit: 10, AllowNUL: true}, corpus.ErrTooLarge, []string{"more than 10 bytes"}},
		{"a.txt.zst", string(zst(t, make([]byte, 1<<20))), corpus.Options{Limit: 10, AllowNUL: true}, corpus.ErrTooLarge, []string{"more than 10 bytes"}},
		{"a.txt", string(gzipped), corpus.Options{}, nil, []string{"starts as gzip", ".gz"}},
		{"a.jsonl", string(zstded), corpus.Options{}, nil, []string{"starts as zstd", "jsonl.zst"}},
		{"a.txt.gz", "plain text", corpus.Options{}, nil, []string{"not gzip data"}},
		{"a.txt.zst", "plain text", corpus.Options{}, nil, []string{"not zstd data"}},
		{"a.jsonl.gz", string(gzipped[:len(gzipped)-100]), corpus.Options{}, io.ErrUnexpectedEOF, []string{"line", "gzip", "truncated"}},
		{"a.jsonl.gz", string(gzipped[:len(gzipped)-3]), corpus.Options{}, io.ErrUnexpectedEOF, []string{"line", "truncated"}},
		{"a.jsonl.gz", string(flipped), corpus.Options{}, nil, []string{"line", "damaged"}},
		{"a.jsonl.gz", string(gzipped) + "more than a header", corpus.Options{}, nil, []string{"line", "something else than gzip"}},
		{"a.jsonl.zst", string(zstded[:len(zstded)-100]), corpus.Options{}, io.ErrUnexpectedEOF, []string{"line", "zstd", "truncated"}},
		{"a.jsonl.zst", string(zstded[:len(zstded)-2]), corpus.Options{}, io.ErrUnexpectedEOF, []string{"line", "truncated"}},
		{"a.jsonl.zst", string(flippedZstd), corpus.Options{}, nil, []string{"line", "damaged"}},
		{"a.jsonl.zst", string(zstded) + "more!", corpus.Options{}, nil, []string{"line", "something else than zstd"}},
		// A frame (RFC 8878, 3.1.1) with a window of 2^31 bytes and one raw block of one byte.
		{"a.txt.zst", "\x28\xb5\x2f\xfd\x00\xa8\x09\x00\x00a", corpus.Options{}, zstd.ErrWindowSizeExceeded, []string{"window above 128 MiB"}},
		{"a.csv", "1,2", corpus.Options{}, nil, []string{".jsonl", "give the kind"}},
		{"a.txt", "x", corpus.Options{Kind: "json"}, nil, []string{`"json"`, "want plain, lines, jsonl or parquet"}},
		{"a.txt", "x", corpus.Options{Kind: "jsonl.xz"}, nil, []string{`"jsonl.xz"`}},
		{"a.parquet", string(rows), corpus.Options{Field: "page"}, nil, []string{`no column "page"`, `"id" (`, `"text" (`}},
		{"a.parquet", string(rows), corpus.Options{Field: "id"}, nil, []string{`"id"`, "INT", "want strings"}},
		{"a.parquet", string(rows), corpus.Options{Limit: 2}, corpus.ErrTooLarge, []string{"row 1"}},
		{"a.parquet.gz", string(gz(t, rows)), corpus.Options{Limit: 20}, corpus.ErrTooLarge, []string{"at most 20"}},
		{"a.parquet", string(rows[:len(rows)-10]), corpus.Options{}, nil, []string{"truncated"}},
		{"a.parquet", "some text that is no Parquet", corpus.Options{}, nil, []string{"not Parquet", `"some"`}},
		{"a.parquet", "x", corpus.Options{}, nil, []string{"1 bytes"}},
	} {
		c.o.Parquet = parquet.Texts
		path := write(t, t.TempDir(), c.name, []byte(c.data))
		_, _, err := corpus.ReadAll(path, c.o)
		checkError(t, fmt.Sprintf("%s %.30q", c.name, c.data), err, c.is, append(c.want, path))
		if in, err := corpus.Open(path, c.o); err == nil {
			_, err = in.CopyTo(io.Discard)
			checkError(t, fmt.Sprintf("%s %.30q in pieces", c.name, c.data), err, c.is, []string{path})
		}
	}

	dir := t.TempDir()
	_, err := corpus.Open(dir, corpus.Options{})
	checkError(t, "empty folder", err, corpus.ErrEmpty, []string{dir, "no file to read"})
	write(t, dir, "a.csv", []byte("x"))
	_, err = corpus.Open(dir, corpus.Options{})
	checkError(t, "folder of other kinds", err, corpus.ErrEmpty, []string{dir, "1 of other kinds"})
	_, err = corpus.Open(filepath.Join(dir, "none.txt"), corpus.Options{})
	checkError(t, "no file", err, nil, []string{"none.txt"})
	_, err = corpus.Open("-", corpus.Options{})
	checkError(t, "no standard input", err, nil, []string{"standard input", "Options.Stdin"})
	_, err = corpus.Open(write(t, dir, "a.parquet", rows), corpus.Options{})
	checkError(t, "no Parquet reader", err, nil, []string{"a.parquet", "Options.Parquet"})
	_, _, err = corpus.ReadAll("-", corpus.Options{Stdin: strings.NewReader("")})
	checkError(t, "empty standard input", err, corpus.ErrEmpty, []string{"standard input"})
	write(t, dir, "b.jsonl", []byte("{\"text\":\"12345\"}\n{\"text\":\"12345\"}"))
	_, _, err = corpus.ReadAll(filepath.Join(dir, "b.jsonl"), corpus.Options{Limit: 20, Separator: new(strings.Repeat("-", 11))})
	checkError(t, "joined text", err, corpus.ErrTooLarge, []string{"document 2", "b.jsonl:2", "20 bytes"})
	broken := errors.New("the disk is gone")
	_, _, err = corpus.ReadAll("-", corpus.Options{Kind: "jsonl", Stdin: io.MultiReader(strings.NewReader("{\"text\":\"a\"}\n{\"te"), errorReader{broken})})
	checkError(t, "read error", err, broken, []string{"standard input", "line 2"})
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func checkError(t *testing.T, what string, err, is error, want []string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("%s: %v: want it to wrap %v", what, err, is)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v\nwant %q in it", what, err, w)
		}
	}
}
