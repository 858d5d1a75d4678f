package corpus

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// FuzzJSONText compares with encoding/json: what is read is what it reads, and nothing that it refuses is read.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{
		`{"text":"a"}`, `{"text":"\u00e9\ud83d\ude00\n\\"}`, `{"a":{"text":[1,"}"]},"text":""}`, `{"te\u0078t":"x"}`, `{"text":"\ud800"}`, `{"text":"a","text":"b"}`,
		`{"text":1}`, `{"a":-1.5e3 , "b":true,"text" : "x" }`, `[1]`, `{}`, `{"text":`, "\xff", `{"text":"\ud800\ud800"}`, `{"":{"":""}}`, `{"text":{"text":"x"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(bytes.Trim(line, " \t\r")) == 0 || bytes.IndexByte(line, '\n') >= 0 {
			t.Skip()
		}
		var text []byte
		err := checkJSON(line)
		if err == nil {
			text, err = findText(line, "text", "text")
		}
		var want map[string]any
		if jsonErr := json.Unmarshal(line, &want); jsonErr != nil {
			if err == nil {
				t.Fatalf("%q: read %q, encoding/json says %v", line, text, jsonErr)
			}
			return
		}
		if err != nil {
			s, ok := want["text"].(string)
			switch msg := err.Error(); {
			case !ok: // missing, or of another type
			case strings.Contains(msg, "surrogate"), strings.Contains(msg, "twice"), strings.Contains(msg, "UTF-8"): // stricter than encoding/json
			default:
				t.Fatalf("%q: %v, encoding/json reads %q", line, err, s)
			}
			return
		}
		if text == nil || string(text) != want["text"] {
			t.Fatalf("%q: read %q, encoding/json reads %q", line, text, want["text"])
		}
	})
}

// FuzzJSONL reads whole files: nothing panics, and lines joined again have the same texts.
func FuzzJSONL(f *testing.F) {
	for _, s := range []string{"{\"text\":\"a\"}\r\n\n{\"text\":\"b\"}", "\xef\xbb\xbf{\"text\":\"a\"}", "\n\n", "{\"text\":\"a\"}{", "{\"text\":\"a\"}\n\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 12
		var again bytes.Buffer
		var texts []string
		for text, err := range jsonlTexts(bytes.NewReader(data), "text", limit) {
			if err != nil {
				return
			}
			if text == nil {
				continue
			}
			if len(text) > limit {
				t.Fatalf("a text of %d bytes", len(text))
			}
			texts = append(texts, string(text))
			line, err := json.Marshal(map[string]string{"text": string(text)})
			if err != nil {
				t.Fatal(err)
			}
			again.Write(append(line, '\n'))
		}
		n := 0
		for text, err := range jsonlTexts(&again, "text", 8*limit) {
			if err != nil || string(text) != texts[n] {
				t.Fatalf("text %d read again: %q, %v, want %q", n, text, err, texts[n])
			}
			n++
		}
		if n != len(texts) {
			t.Fatalf("%d texts read again, want %d", n, len(texts))
		}
	})
}

// FuzzCompressed reads damaged gzip and zstd data: nothing panics and no more than the limit comes out.
func FuzzCompressed(f *testing.F) {
	text := []byte(strings.Repeat("a text to compress ", 20))
	var g, z bytes.Buffer
	gw := gzip.NewWriter(&g)
	gw.Write(text)
	gw.Close()
	zw, err := zstd.NewWriter(&z)
	if err != nil {
		f.Fatal(err)
	}
	zw.Write(text)
	zw.Close()
	for _, b := range [][]byte{nil, g.Bytes(), z.Bytes(), append(bytes.Clone(g.Bytes()), 0), z.Bytes()[:20]} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 16
		for _, compression := range []string{compressionGzip, compressionZstd} {
			s := source{path: "-", layout: layout{kindPlain, compression}, size: -1}
			for doc, err := range s.documents(Options{Stdin: bytes.NewReader(data), Limit: limit, AllowNUL: true}) {
				if err == nil && (len(doc.Text) > limit || len(doc.Text) == 0) {
					t.Fatalf("%s: a text of %d bytes", compression, len(doc.Text))
				}
			}
		}
	})
}

// TestSkipValueEnds: the walk over valid JSON ends where a decoder's would.
func TestSkipValueEnds(t *testing.T) {
	for _, s := range []string{`"a\"b"`, `[[],{"a":"]"}]`, `{"a":[1,2,{"b":null}]}`, `-1.5e3`, `true`} {
		for _, behind := range []string{",", "}", " ,", "\t}"} {
			if got := skipValue([]byte(s+behind), 0); got != len(s) {
				t.Errorf("skipValue(%q) = %d, want %d", s+behind, got, len(s))
			}
		}
	}
}

// TestLineReaderMemory: a file of many lines needs the memory of its longest.
func TestLineReaderMemory(t *testing.T) {
	line := strings.Repeat("x", 1000) + "\n"
	l := newLineReader(&repeated{s: line, n: 10000}, 1<<20)
	for {
		b, err := l.next()
		if err == io.EOF {
			break
		}
		if err != nil || len(b) != 1000 {
			t.Fatalf("line %d: %d bytes, %v", l.number, len(b), err)
		}
	}
	if l.number != 10001 || cap(l.line) > 1<<17 {
		t.Errorf("%d lines, buffer of %d bytes", l.number-1, cap(l.line))
	}
}

// repeated reads s n times.
type repeated struct {
	s string
	n int
	i int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.s[r.i:])
	if r.i += n; r.i == len(r.s) {
		r.i = 0
		r.n--
	}
	return n, nil
}
