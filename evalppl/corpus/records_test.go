package corpus

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readRecords(path string, o RecordOptions) (ids []string, records []Record, err error) {
	for r, err := range Records(path, o) {
		if err != nil {
			return ids, records, err
		}
		ids, records = append(ids, r.ID), append(records, r)
	}
	return ids, records, nil
}

func TestRecords(t *testing.T) {
	const lines = "\ufeff{\"a\":{\"b\":[\"x\",\"\\u00e9\"],\"b.c\":\"dot\"},\"a.d\":\"whole\",\"n\":-3}\r\n\n {\"a\":{\"b\":[]},\"n\":\"7\"}"
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, lines)
	z.Close()
	for name, content := range map[string][]byte{"r.jsonl": []byte(lines), "r.anything": []byte(lines), "r.jsonl.gz": packed.Bytes()} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		ids, records, err := readRecords(path, RecordOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff([]string{path + ":1", path + ":3"}, ids); d != "" {
			t.Errorf("%s: (-want +got):\n%s", name, d)
		}
		list, err := records[0].Texts("a.b")
		if d := cmp.Diff([]string{"x", "é"}, list); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
		for field, want := range map[string]string{"a.b.c": "dot", "a.d": "whole", "n": "-3"} {
			if got, err := records[0].Scalar(field); err != nil || got != want {
				t.Errorf("%s: %s is %q, %v, want %q", name, field, got, err, want)
			}
		}
		if !records[1].IsArray("a.b") || records[1].IsArray("n") || records[1].IsArray("none") {
			t.Errorf("%s: IsArray is wrong", name)
		}
	}
	ids, _, err := readRecords("-", RecordOptions{Stdin: &packed})
	if d := cmp.Diff([]string{"standard input:1", "standard input:3"}, ids); err != nil || d != "" {
		t.Errorf("standard input: %v (-want +got):\n%s", err, d)
	}
}

func TestRecordsErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path string
		o    RecordOptions
		want string
	}{
		{write("empty.jsonl", ""), RecordOptions{}, "no text: not one record"},
		{write("blank.jsonl", "\n \n"), RecordOptions{}, "not one record"},
		{write("list.json", "[{\"a\":1}]\n"), RecordOptions{}, "line 1: found an array, want a JSON object"},
		{write("broken.jsonl", "{}\n{\"a\":\n"), RecordOptions{}, "line 2: not valid JSON"},
		{write("latin.jsonl", "{\"a\":\"\xe9\"}\n"), RecordOptions{}, "line 1: byte 7 is not UTF-8"},
		{write("long.jsonl", `{"a":"0123456789"}`), RecordOptions{Limit: 10}, "line 1: too large"},
		{write("t.parquet", "x"), RecordOptions{}, "it is Parquet, which is not read here"},
		{write("kind.jsonl", "{}"), RecordOptions{Kind: "plain"}, `kind "plain" has no fields`},
		{dir, RecordOptions{}, "it is a folder, want one file"},
		{filepath.Join(dir, "none"), RecordOptions{}, "no such file"},
		{"-", RecordOptions{}, "no standard input"},
	} {
		_, _, err := readRecords(c.path, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "reading ") {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
	if _, _, err := readRecords(filepath.Join(dir, "empty.jsonl"), RecordOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("%v is not ErrEmpty", err)
	}
}

func TestRecordFieldErrors(t *testing.T) {
	r, err := NewRecord("f.jsonl:3", []byte(`{"s":"x","n":1,"l":["a",null],"o":{"p":true},"half":"\ud800","twice":1,"twice":2}`))
	if err != nil {
		t.Fatal(err)
	}
	text := func(f string) error { _, err := r.Text(f); return err }
	texts := func(f string) error { _, err := r.Texts(f); return err }
	scalar := func(f string) error { _, err := r.Scalar(f); return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{text("n"), `f.jsonl:3: field "n": found a number (1), want a string`},
		{text("m"), `f.jsonl:3: field "m": not found; the fields are "s", "n", "l", "o", "half", "twice", "twice"`},
		{text("o.q"), `f.jsonl:3: field "o.q": not found; the fields are "p"`},
		{text("s.q"), `f.jsonl:3: field "s.q": "s" holds a string, want an object with the field "q"`},
		{text("half"), `f.jsonl:3: field "half": \ud800 is half a surrogate pair, which is no character: repair the text`},
		{text("twice"), `f.jsonl:3: field "twice" stands twice in the same object: which one is meant cannot be told`},
		{texts("s"), `f.jsonl:3: field "s": found a string, want an array of strings`},
		{texts("l"), `f.jsonl:3: field "l": element 1 is null, want a string`},
		{scalar("o.p"), `f.jsonl:3: field "o.p": found a boolean (true), want a number or a string`},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
}

// FuzzRecord compares with encoding/json: what is read is what it reads.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		`{"a":["x",1,"]"],"a.b":"c"}`, `{"a":{"b":["\u00e9"]}}`, `{"a":[ ]}`, `{"a":[[],{}]}`, `{"a":1e5}`, `[]`, `{"a":["\ud83d\ude00" , "" ]}`, `{"":""}`, "{\"a\":\"x\"} ", `{`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		r, err := NewRecord("x:1", object)
		var want map[string]any
		if jsonErr := json.Unmarshal(object, &want); jsonErr != nil {
			if err == nil {
				t.Fatalf("%q: no error, encoding/json says %v", object, jsonErr)
			}
			return
		}
		if err != nil {
			return // stricter
		}
		for _, field := range []string{"a", "a.b"} {
			r.IsArray(field)
			r.Text(field)
			r.Scalar(field)
		}
		list, err := r.Texts("a")
		if err != nil {
			return
		}
		all := want["a"].([]any)
		if len(all) != len(list) {
			t.Fatalf("%q: %d elements, want %d", object, len(list), len(all))
		}
		for i, s := range list {
			if s != all[i] {
				t.Fatalf("%q: element %d is %q, want %q", object, i, s, all[i])
			}
		}
	})
}
