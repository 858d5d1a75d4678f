package tasks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
)

func TestFilters(t *testing.T) {
	for _, c := range []struct{ filter, in, want string }{
		{"strip", "\u00a0 a b\x1f\n", "a b"},
		{"capitalize", "", ""},
		{"capitalize", "then SHE Goes", "Then she goes"},
		{"capitalize", "ßA", "Ssa"},
		{"capitalize", "ǆA", "ǅa"},
		{"capitalize", "éCOLE", "École"},
		{"capitalize", "ΑΣ ΣΑΣ", "Ας σας"}, // a sigma at the end of a word
		{"capitalize", "[step] A", "[step] a"},
		{"last_word", "one two", "two"},
		{"but_last_word", "one two", "one"},
		{"last_word", "one", "one"},
		{"but_last_word", "one", ""},
		{"last_word", "one  ", ""},
		{"but_last_word", "one  ", "one "},
		{"last_word", "a\nb", "a\nb"},
		{"wikihow", " [header] How to [title] Go [step]  on.\u2003", " How to. Go  on."},
		{"wikihow", "a [x\ny] b", "a [x\ny] b"},
		{"wikihow", "a   b", "a  b"},
	} {
		f, err := findFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f(c.in); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.filter, c.in, got, c.want)
		}
	}
}

func record(t testing.TB, object string) corpus.Record {
	t.Helper()
	r, err := corpus.NewRecord("f.jsonl:7", []byte(object))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestItems(t *testing.T) {
	for _, c := range []struct {
		task, object string
		want         Item
	}{
		{"lambada_openai", `{"text":"In my palm is a clear stone"}`, Item{Context: "In my palm is a clear", Choices: []string{" stone"}}},
		{"lambada_openai", `{"text":"Word"}`, Item{Context: "", Choices: []string{" Word"}}},
		{
			"hellaswag", `{"activity_label":"Baking","ctx_a":"A man stirs [title] dough.","ctx_b":"he THEN","endings":["sits [step] down.","x"],"label":"1"}`,
			Item{Context: "Baking: A man stirs. dough. He then", Choices: []string{"sits down.", "x"}, Gold: 1},
		},
		{
			"arc_easy", `{"question":"Which?","choices":{"text":["a","b","c"],"label":["1","2","3"]},"answerKey":"3"}`,
			Item{Context: "Question: Which?\nAnswer:", Choices: []string{"a", "b", "c"}, Gold: 2},
		},
		{"piqa", `{"goal":"G","sol1":"s","sol2":"t","label":1}`, Item{Context: "Question: G\nAnswer:", Choices: []string{"s", "t"}, Gold: 1}},
		{"choices", `{"prompt":"p ","choices":[" a",""],"gold":0}`, Item{Context: "p ", Choices: []string{" a", ""}}},
		{"completion", `{"prompt":"","completion":"c"}`, Item{Context: "", Choices: []string{"c"}}},
	} {
		compiled := compile(t, c.task)
		got, err := compiled.item(record(t, c.object))
		c.want.ID = "f.jsonl:7"
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.task, err, d)
		}
	}
}

func compile(t *testing.T, name string) *compiled {
	t.Helper()
	task, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := task.compile()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestItemErrors(t *testing.T) {
	for _, c := range []struct{ task, object, want string }{
		{"hellaswag", `{"activity_label":"B","ctx_a":"a","ctx_b":"b","endings":["x","y"],"label":""}`, `f.jsonl:7: field "label": found "", want the number of the right choice, 0 to 1; the test splits`},
		{"hellaswag", `{"activity_label":"B","ctx_a":"a","ctx_b":"b","endings":["x","y"],"label":"2"}`, `found "2", want the number of the right choice, 0 to 1`},
		{"hellaswag", `{"activity_label":"B","ctx_a":"a","ctx_b":"b","endings":["x"],"label":"0"}`, `field ["endings"]: found 1 choice, want at least 2`},
		{"hellaswag", `{"activity_label":"B","ctx_a":"a","ctx_b":"b","endings":["x",3],"label":"0"}`, `f.jsonl:7: field "endings": element 1 is a number (3), want a string`},
		{"hellaswag", `{"activity_label":"B","ctx_a":"a","endings":["x","y"],"label":"0"}`, `f.jsonl:7: field "ctx_b": not found; the fields are "activity_label", "ctx_a", "endings", "label"`},
		{"hellaswag", `{"activity_label":null,"ctx_a":"a","ctx_b":"b","endings":["x","y"],"label":"0"}`, `field "activity_label": found null, want a string`},
		{"piqa", `{"goal":"G","sol1":"s","sol2":"t","label":-1}`, `found "-1", want the number of the right choice, 0 to 1`},
		{"piqa", `{"goal":"G","sol1":"s","sol2":"t","label":1.0}`, `found "1.0", want the number`},
		{"piqa", `{"goal":"G","sol1":"s","sol2":"t","label":true}`, `field "label": found a boolean (true), want a number or a string`},
		{"arc_easy", `{"question":"Q","choices":{"text":["a","b"],"label":["A","B"]},"answerKey":"C"}`, `field "answerKey": found "C", want one of the labels ["A" "B"]`},
		{"arc_easy", `{"question":"Q","choices":{"text":["a","b"],"label":["A"]},"answerKey":"A"}`, `field "choices.label": found 1 labels, want one for each of the 2 choices`},
		{"arc_easy", `{"question":{"stem":"Q"},"choices":[],"answerKey":"A"}`, `field "question": found an object, want a string`},
		{"arc_easy", `{"question":"Q","choices":["a"],"answerKey":"A"}`, `field "choices.text": "choices" holds an array, want an object with the field "text"`},
	} {
		compiled := compile(t, c.task)
		if _, err := compiled.item(record(t, c.object)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.task, c.object, err, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	const doc = `{"name":"open","context":"{question_stem}","choices":["{choices.text}"],"gold":"answerKey","labels":"choices.label"}`
	task, err := Parse([]byte(doc))
	want := Task{Name: "open", Context: "{question_stem}", Choices: []string{"{choices.text}"}, Delimiter: " ", Gold: "answerKey", Labels: "choices.label"}
	if d := cmp.Diff(want, task); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	compiled, err := task.compile()
	if d := cmp.Diff([]string{"question_stem", "choices.text", "answerKey", "choices.label"}, compiled.fields()); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	two, err := Parse([]byte(`{"name":"yes-no","context":"{{{q}}}:","choices":["no","yes {a|strip|capitalize}"],"gold":"label","delimiter":""}`))
	if err != nil {
		t.Fatal(err)
	}
	if compiled, err = two.compile(); err != nil {
		t.Fatal(err)
	}
	item, err := compiled.item(record(t, `{"q":"why","a":" sir ","label":"0"}`))
	if d := cmp.Diff(Item{ID: "f.jsonl:7", Context: "{why}:", Choices: []string{"no", "yes Sir"}}, item); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, c := range []struct{ in, want string }{
		{`{`, "not a task's JSON"},
		{`{"name":"x"} {}`, "something follows"},
		{`{"name":"x","prompt":"y"}`, `unknown field "prompt"`},
		{`{"name":"","context":"c","completion":"x"}`, `field "name"`},
		{`{"name":"a b","context":"c","completion":"x"}`, `found "a b", want letters`},
		{`{"name":"x","context":"{a","completion":"x"}`, `"{a" has a { at 0 that is not closed`},
		{`{"name":"x","context":"a}","completion":"x"}`, `has a } at 1 that closes nothing`},
		{`{"name":"x","context":"{}","completion":"x"}`, `{} names no field`},
		{`{"name":"x","context":"{a|upper}","completion":"x"}`, `filter "upper" is not known: want one of but_last_word, capitalize`},
		{`{"name":"x","context":"{a}","completion":"x","clean":"y"}`, `field "clean": filter "y"`},
		{`{"name":"x","context":"{a}"}`, "want either choices or a completion"},
		{`{"name":"x","context":"{a}","completion":"x","choices":["{b}"],"gold":"g"}`, "want either choices or a completion"},
		{`{"name":"x","context":"{a}","completion":"x","gold":"g"}`, `field "gold": found "g", want none`},
		{`{"name":"x","context":"{a}","completion":"x","delimiter":" "}`, `field "delimiter": found " ", want none`},
		{`{"name":"x","context":"{a}","choices":["{b}"]}`, `field "gold": is missing`},
		{`{"name":"x","context":"{a}","choices":["{b} "],"gold":"g"}`, `found one, "{b} ", want several`},
		{`{"name":"x","context":"{a}","choices":["{b}","{c"],"gold":"g"}`, `field "choices": number 1:`},
	} {
		if _, err := Parse([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.in, err, c.want)
		}
	}
	for _, task := range Known() {
		if _, err := task.compile(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Lookup("arc"); err == nil || !strings.Contains(err.Error(), "lambada_openai, hellaswag, arc_easy") {
		t.Errorf("%v", err)
	}
}

// items is the folder of the project's own items.
var items = filepath.Join("..", "..", "testdata", "lmeval", "items")

// TestParquetAndJSONL: the same items come of both, so results of both can be compared.
func TestParquetAndJSONL(t *testing.T) {
	for _, name := range []string{"hellaswag", "arc_easy", "piqa"} {
		task, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var sums []string
		for _, ext := range []string{".jsonl", ".parquet"} {
			set, err := task.Read(context.Background(), filepath.Join(items, name+ext), ReadOptions{Parquet: parquet.Records})
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Items) != 40 {
				t.Errorf("%s%s: %d items, want 40", name, ext, len(set.Items))
			}
			sums = append(sums, set.SHA256())
		}
		if sums[0] != sums[1] {
			t.Errorf("%s: items of JSONL %s, of Parquet %s", name, sums[0], sums[1])
		}
	}
}

func TestRead(t *testing.T) {
	task, err := Lookup("completion")
	if err != nil {
		t.Fatal(err)
	}
	const lines = "{\"prompt\":\"a\",\"completion\":\"b\"}\n\n{\"prompt\":\"c\",\"completion\":\"d\"}\n{\"prompt\":\"e\"}\n"
	set, err := task.Read(context.Background(), "-", ReadOptions{Limit: 2, Stdin: strings.NewReader(lines)})
	want := []Item{{ID: "standard input:1", Context: "a", Choices: []string{"b"}}, {ID: "standard input:3", Context: "c", Choices: []string{"d"}}}
	if d := cmp.Diff(want, set.Items); err != nil || d != "" || set.Limit != 2 {
		t.Errorf("%v, limit %d (-want +got):\n%s", err, set.Limit, d)
	}
	_, err = task.Read(context.Background(), "-", ReadOptions{Stdin: strings.NewReader(lines)})
	if err == nil || err.Error() != `standard input:4: field "completion": not found; the fields are "prompt"` {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := task.Read(ctx, "-", ReadOptions{Stdin: strings.NewReader(lines)}); err != context.Canceled {
		t.Error(err)
	}
	if _, err := task.Read(context.Background(), filepath.Join(t.TempDir(), "none"), ReadOptions{}); !os.IsNotExist(unwrapAll(err)) {
		t.Error(err)
	}
	// What differs in an item differs in the hash.
	sums := map[string]string{}
	for _, i := range []Item{
		{Context: "ab", Choices: []string{"c", "d"}}, {Context: "a", Choices: []string{"bc", "d"}}, {Context: "ab", Choices: []string{"c", "d"}, Gold: 1},
		{Context: "ab", Choices: []string{"cd"}}, {Context: "ab", Choices: []string{"c", "", "d"}},
	} {
		sum := Set{Items: []Item{i}}.SHA256()
		if before, ok := sums[sum]; ok {
			t.Errorf("%+v has the hash of %s", i, before)
		}
		sums[sum] = fmt.Sprintf("%+v", i)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

// FuzzItems makes items of any line with every task: nothing panics, and an item has its right choice among its choices.
func FuzzItems(f *testing.F) {
	for _, name := range []string{"lambada_openai", "hellaswag", "arc_easy", "piqa", "choices", "completion"} {
		b, err := os.ReadFile(filepath.Join(items, name+".jsonl"))
		if err != nil {
			f.Fatal(err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"prompt":"p","choices":["a"],"gold":"00"}`))
	f.Add([]byte(`{"question":"p","choices":{"text":[]},"choices.text":["a","b"],"choices.label":["","x"],"answerKey":""}`))
	f.Add([]byte("{\"prompt\":\"\\ud800\",\"completion\":1}\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, task := range Known() {
			set, err := task.Read(context.Background(), "-", ReadOptions{Stdin: strings.NewReader(string(data)), Limit: 100})
			if err != nil {
				continue
			}
			if len(set.Items) == 0 {
				t.Fatal("no items and no error")
			}
			for _, item := range set.Items {
				if item.Gold < 0 || item.Gold >= len(item.Choices) || len(item.Choices) == 1 && task.Completion == "" {
					t.Fatalf("%+v", item)
				}
			}
		}
	})
}

// FuzzParse reads any JSON as a task: what is taken is taken again when it has been written.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name":"x","context":"{{{q|strip}}}","choices":["{b}"],"gold":"g"}`))
	f.Add([]byte(`{"name":"x","context":"","completion":" {a.b|last_word}"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		task, err := Parse(data)
		if err != nil {
			return
		}
		c, err := task.compile()
		if err != nil {
			t.Fatalf("%+v: %v", task, err)
		}
		for _, field := range c.fields() {
			if field == "" {
				t.Fatal("a field without a name")
			}
		}
	})
}
