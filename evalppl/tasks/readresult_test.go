package tasks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResultRoundTrip(t *testing.T) {
	for _, r := range []Result{
		someResult(t, choicesSet(t, 25), 3), someResult(t, completionSet(t, 25), 2), someResult(t, completionSet(t, 1), 1), someResult(t, choicesSet(t, 1), 1),
	} {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := ReadResult(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, got); d != "" {
			t.Errorf("(-written +read):\n%s", d)
		}
	}
}

// change sets a value of the JSON by its path, such as "models.0.acc.value"; nil takes it away.
func change(t *testing.T, b []byte, path string, value any) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	at := root
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if list, ok := at.([]any); ok {
			var i int
			fmt.Sscan(name, &i)
			at = list[i]
		} else {
			at = at.(map[string]any)[name]
		}
	}
	object, last := at.(map[string]any), names[len(names)-1]
	if value == nil {
		delete(object, last)
	} else {
		object[last] = value
	}
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestChangedResults(t *testing.T) {
	choices, err := json.Marshal(someResult(t, choicesSet(t, 4), 2))
	if err != nil {
		t.Fatal(err)
	}
	completion, err := json.Marshal(someResult(t, completionSet(t, 4), 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		of    []byte
		path  string
		value any
		want  string
	}{
		{choices, "schema", nil, `field "schema" is missing`},
		{choices, "schema", "nibble-task/0", `schema "nibble-task/0", this program reads "nibble-task/1"`},
		{choices, "extra", 1, `unknown field "extra"`},
		{choices, "items", nil, `field "items" is missing`},
		{choices, "models.1.outcomes", nil, `field "outcomes" is missing in models[1]`},
		{choices, "models", []any{}, `field "models"`},
		{choices, "items", 3, `field "partial" is false`},
		{choices, "items", 0, `field "items" is 0, want at least 1`},
		{choices, "items_wanted", 3, `field "items_wanted" is 3, want at least the 4`},
		{choices, "limit", 3, `field "limit" is 3`},
		{choices, "partial", true, `field "partial" is true`},
		{choices, "items_sha256", "x", `field "items_sha256" is x, want 64 hexadecimal digits`},
		{choices, "data_sha256", "x", `field "data_sha256"`},
		{choices, "task.gold", nil, `field "task": task "choices": field "gold": is missing`},
		{choices, "models.0.acc.value", 0.99, `field "models[0].acc.value" is 0.99`},
		{choices, "models.0.acc.correct", 9, `field "models[0].acc.correct" is 9`},
		{choices, "models.1.acc_norm.low", 0.9, `field "models[1].acc_norm.low" is 0.9`},
		{choices, "models.1.acc_norm", nil, `field "models[1].acc_norm" is <nil>`},
		{choices, "models.1.outcomes.acc", "0120", `field "models[1].outcomes.acc" is "0120" of 4 characters, want 0 or 1`},
		{choices, "models.1.outcomes.acc", "011", `of 3 characters`},
		{choices, "models.1.outcomes.acc_bytes", nil, `field "models[1].outcomes.acc_bytes"`},
		{choices, "models.1.outcomes.log_likelihoods", []any{-1}, `want none: the task has choices`},
		{choices, "models.1.tokens_computed", 1e9, `field "models[1].tokens_computed"`},
		{choices, "models.1.seconds", -1, `field "models[1].seconds"`},
		{choices, "paired", []any{}, `field "paired" is 0 comparisons, want 1`},
		{choices, "paired.0.acc.p_value", 0.001, `field "paired[0].acc.p_value" is 0.001`},
		{choices, "paired.0.acc.answer", "better", `field "paired[0].acc.answer" is better`},
		{completion, "models.0.perplexity.value", 2, `field "models[0].perplexity.value" is 2`},
		{completion, "models.0.outcomes.acc_norm", "0000", `want none: the task has completions`},
		{completion, "models.0.outcomes.log_likelihoods", []any{-1, -2, -3}, `is 3 values, want 4`},
		{completion, "models.0.outcomes.log_likelihoods", []any{-1, -2, 3, -4}, `is 3 at 2, want at most 0`},
		{completion, "models.0.outcomes.log_likelihoods", []any{-1, -2, -3, -4}, `models[0].perplexity.`},
		{completion, "paired.0.log_perplexity_ratio", nil, `paired[0]`},
	} {
		b := change(t, c.of, c.path, c.value)
		if _, err := ParseResult(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s set to %v: %v, want %q", c.path, c.value, err, c.want)
		}
	}
	for _, s := range []string{"", "[]", "{", `"x"`, `{"schema":"nibble-task/1","models":3}`, `{"schema":"nibble-task/1"}`} {
		if _, err := ParseResult([]byte(s)); err == nil {
			t.Errorf("%q is read", s)
		}
	}
	if _, err := ReadResult(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a file that is not there is read")
	}
}

func TestJoin(t *testing.T) {
	set := choicesSet(t, 30)
	whole := someResult(t, set, 3)
	var parts []Part
	for i := range whole.Models {
		one := whole
		one.Models, one.Paired = whole.Models[i:i+1], []Paired{}
		parts = append(parts, Part{fmt.Sprint("r", i, ".json"), one})
	}
	joined, err := Join(parts)
	if d := cmp.Diff(whole, joined); err != nil || d != "" {
		t.Errorf("%v (-whole +joined):\n%s", err, d)
	}
	if _, err := Join(nil); err == nil {
		t.Error("nothing is joined")
	}
	other := parts[1]
	for _, c := range []struct {
		change func(*Result)
		want   string
	}{
		{func(r *Result) { r.Task.Name = "piqa" }, `field "task.name" is choices in r0.json and piqa in r1.json`},
		{func(r *Result) { r.ItemsSHA256 = "x" }, `field "items_sha256"`},
		{func(r *Result) { r.Items = 12 }, `field "items" is 30 in r0.json and 12 in r1.json: they cannot be compared`},
		{func(r *Result) { r.ItemsWanted = 31 }, `field "items_wanted"`},
	} {
		changed := other
		c.change(&changed.Result)
		if _, err := Join([]Part{parts[0], changed}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// FuzzParseResult: whatever is read is valid, and is read again when it has been written.
func FuzzParseResult(f *testing.F) {
	for _, r := range []Result{someResult(f, choicesSet(f, 3), 2), someResult(f, completionSet(f, 2), 2)} {
		b, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(bytes.ReplaceAll(b, []byte(`"items":`), []byte(`"items":-`)))
	}
	f.Add([]byte(`{"schema":"nibble-task/1","models":[null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseResult(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseResult(again); err != nil {
			t.Fatal(err)
		}
	})
}
