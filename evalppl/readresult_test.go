package evalppl

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// someResult is a result with every optional field set.
func someResult(t testing.TB) Result {
	m := newTable(1, 20, 16, 2)
	bos := uint32(1)
	tokens := randomTokens(m, 9, 100)
	r, err := RunDocuments(context.Background(), m, [][]uint32{tokens[:40], tokens[40:41], tokens[41:]}, Options{
		Protocol: LMEval, BOS: &bos, Words: 30, Bytes: 150, Conditions: Conditions{TextInfo: TextInfo{Text: "t.txt", TextKind: "plain", TextDocuments: 5}, Setup: Setup{Model: "m", Tool: "nibble 0", Threads: 2, CPU: "c"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadResult(t *testing.T) {
	want := someResult(t)
	b, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := ReadResult(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if _, err := ReadResult(path + ".no"); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, b[:len(b)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadResult(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("half a file: %v", err)
	}
}

// TestParseResultRefuses changes one thing at a time.
func TestParseResultRefuses(t *testing.T) {
	good := someResult(t)
	for _, c := range []struct {
		name, want string
		change     func(map[string]any)
	}{
		{"no schema", `"schema" is missing`, func(m map[string]any) { delete(m, "schema") }},
		{"other schema", `schema "nibble-ppl/9"`, func(m map[string]any) { m["schema"] = "nibble-ppl/9" }},
		{"unknown field", `unknown field "hello"`, func(m map[string]any) { m["hello"] = 1 }},
		{"missing", `field "ctx" is missing`, func(m map[string]any) { delete(m, "ctx") }},
		{"null", `field "window_scores" is missing`, func(m map[string]any) { m["window_scores"] = nil }},
		{"type", "cannot unmarshal", func(m map[string]any) { m["ctx"] = "16" }},
		{"protocol", `field "protocol"`, func(m map[string]any) { m["protocol"] = "own" }},
		{"ctx", `field "ctx"`, func(m map[string]any) { m["ctx"] = 1 }},
		{"stride", `field "stride"`, func(m map[string]any) { m["stride"] = 8 }},
		{"negative", `field "tokens_read"`, func(m map[string]any) { m["tokens_read"] = -1 }},
		{"documents", `field "documents"`, func(m map[string]any) { m["documents"] = 0 }},
		{"changed setting", `field "settings_sha256"`, func(m map[string]any) { m["words"] = 31 }},
		{"perplexity", `field "perplexity"`, func(m map[string]any) { m["perplexity"] = 3.0 }},
		{"word perplexity", `field "word_perplexity"`, func(m map[string]any) { m["word_perplexity"] = 3.0 }},
		{"error method", `field "standard_error_method"`, func(m map[string]any) { m["standard_error_method"] = "tokens" }},
		{"partial", `field "partial"`, func(m map[string]any) { m["partial"] = true }},
		{"shard", `shard "9"`, func(m map[string]any) { m["shard"] = "9" }},
		{"shard range", `field "first_window"`, func(m map[string]any) { m["shard"] = "2/2" }},
		{"fewer windows", `field "partial"`, func(m map[string]any) { m["window_scores"] = m["window_scores"].([]any)[1:] }},
		{"window", `field "window_scores"`, func(m map[string]any) {
			m["window_scores"].([]any)[0].(map[string]any)["tokens"] = 99
		}},
		{"window loss", `field "nll"`, func(m map[string]any) {
			m["window_scores"].([]any)[0].(map[string]any)["nll"] = 1
		}},
	} {
		b, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		c.change(m)
		if b, err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseResult(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzParseResult: whatever is accepted can be written and read again, and merged or refused without a panic.
func FuzzParseResult(f *testing.F) {
	r := someResult(f)
	b, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte(`{"schema":"nibble-ppl/1"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseResult(b)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseResult(out); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		_, _ = Merge([]Part{{"a", r}})
	})
}
