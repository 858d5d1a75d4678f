package parquet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"

	"nibble/evalppl/corpus"
)

// question has the columns of a task: texts, lists, lists in groups, integers, and all that can be missing.
type question struct {
	Question string   `parquet:"question,dict"`
	Maybe    *string  `parquet:"maybe,optional"`
	Endings  []string `parquet:"endings,list"`
	Bare     []string `parquet:"bare"`
	Choices  choice   `parquet:"choices"`
	Label    int64    `parquet:"label"`
	Small    *int32   `parquet:"small,optional"`
	Narrow   int32    `parquet:"narrow,delta"`
	Wide     int64    `parquet:"wide,delta"`
	Coded    int64    `parquet:"coded,dict"`
	Numbers  []int64  `parquet:"numbers,list"`
	Score    float64  `parquet:"score"`
}

type choice struct {
	Text  []*string `parquet:"text,list,optional"`
	Label []string  `parquet:"label,list"`
}

func questions(n int) []question {
	rng := rand.New(rand.NewPCG(5, 6))
	list := func() []string {
		out := make([]string, rng.IntN(5))
		for i := range out {
			out[i] = strings.Repeat("é<\"\\\n", rng.IntN(3)) + fmt.Sprint(rng.IntN(100))
		}
		return out
	}
	rows := make([]question, n)
	for i := range rows {
		q := &rows[i]
		q.Question, q.Endings, q.Bare = fmt.Sprint("question ", i%17), list(), list()
		q.Choices.Label, q.Label, q.Numbers = list(), int64(rng.Uint64()), []int64{math.MinInt64, math.MaxInt64}[:rng.IntN(3)]
		q.Narrow, q.Wide, q.Coded = int32(rng.Uint32()), int64(rng.Uint64()), int64(rng.IntN(3))-1
		if rng.IntN(2) == 0 {
			s, small := fmt.Sprint(i), int32(-i)
			q.Maybe, q.Small = &s, &small
		}
		for _, s := range list() {
			q.Choices.Text = append(q.Choices.Text, &s)
		}
	}
	return rows
}

func readRecords(data []byte, columns ...string) ([]string, error) {
	var out []string
	for b, err := range Records(bytes.NewReader(data), int64(len(data)), columns, corpus.MaxDocument) {
		if err != nil {
			return out, err
		}
		out = append(out, string(b))
	}
	return out, nil
}

func writeQuestions(t testing.TB, rows []question, o ...pq.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pq.NewGenericWriter[question](&out, o...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRecordsRoundTrip reads back what parquet-go wrote: every kind of column, over many pages and row groups, in both page versions.
func TestRecordsRoundTrip(t *testing.T) {
	rows := questions(2000)
	var want []string
	for _, q := range rows {
		nulls := func(s []string) []string { return append([]string{}, s...) }
		text := q.Choices.Text
		if text == nil {
			text = []*string{}
		}
		b, err := json.Marshal(map[string]any{
			"question": q.Question, "maybe": q.Maybe, "endings": nulls(q.Endings), "bare": nulls(q.Bare), "choices.text": text,
			"choices.label": nulls(q.Choices.Label), "label": q.Label, "small": q.Small,
			"coded": q.Coded, "narrow": q.Narrow, "wide": q.Wide, "numbers": append([]int64{}, q.Numbers...),
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(b))
	}
	// json.Marshal sorts the names of a map.
	columns := []string{"bare", "choices.label", "choices.text", "coded", "endings", "label", "maybe", "narrow", "numbers", "question", "small", "wide"}
	for version := 1; version <= 2; version++ {
		data := writeQuestions(t, rows, pq.DataPageVersion(version), pq.PageBufferSize(512), pq.MaxRowsPerRowGroup(700))
		got, err := readRecords(data, columns...)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		for i := range want {
			// An optional list without elements is null to parquet-go.
			want[i] = strings.ReplaceAll(want[i], `"choices.text":[]`, `"choices.text":null`)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("version %d (-want +got):\n%s", version, d)
		}
	}
}

// TestRecordsOfOtherWriters reads files of pyarrow, which the hub's data sets are written with, and compares them with the same
// items as JSON Lines.
func TestRecordsOfOtherWriters(t *testing.T) {
	items := filepath.Join("..", "..", "..", "testdata", "lmeval", "items")
	for name, columns := range map[string][]string{
		"hellaswag": {"ind", "activity_label", "ctx_a", "ctx_b", "endings", "label"},
		"arc_easy":  {"id", "question", "choices.text", "choices.label", "answerKey"},
		"piqa":      {"goal", "sol1", "sol2", "label"},
	} {
		read := func(file string) (records []corpus.Record) {
			for r, err := range corpus.Records(filepath.Join(items, file), corpus.RecordOptions{Fields: columns, Parquet: Records}) {
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, r)
			}
			return records
		}
		a, b := read(name+".jsonl"), read(name+".parquet")
		if len(a) != 40 || len(b) != 40 {
			t.Fatalf("%s: %d and %d items", name, len(a), len(b))
		}
		for i := range a {
			for _, column := range columns {
				va, vb := fieldText(t, a[i], column), fieldText(t, b[i], column)
				if va != vb {
					t.Errorf("%s, item %d, %s: %q in JSON Lines, %q in Parquet", name, i, column, va, vb)
				}
			}
		}
	}
}

func fieldText(t *testing.T, r corpus.Record, field string) string {
	t.Helper()
	if r.IsArray(field) {
		list, err := r.Texts(field)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q", list)
	}
	s, err := r.Scalar(field)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecordErrors(t *testing.T) {
	data := writeQuestions(t, questions(10))
	for _, c := range []struct {
		columns []string
		want    string
	}{
		{nil, "no column is asked for"},
		{[]string{"question", "answer"}, `no column "answer"; the columns are `},
		{[]string{"score"}, `column "score" has type DOUBLE`},
		{[]string{"choices"}, `no column "choices"`},
	} {
		if _, err := readRecords(data, c.columns...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.columns, err, c.want)
		}
	}
	type deep struct {
		L [][]string `parquet:"l,list"`
	}
	var out bytes.Buffer
	w := pq.NewGenericWriter[deep](&out)
	if _, err := w.Write([]deep{{[][]string{{"a"}}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	deepName := ""
	f, err := pq.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range recordLeaves(f.Root()) {
		deepName = l.name
	}
	if _, err := readRecords(out.Bytes(), deepName); err == nil || !strings.Contains(err.Error(), "lists of lists") {
		t.Errorf("%s: %v", deepName, err)
	}
	for b, err := range Records(bytes.NewReader(data), int64(len(data)), []string{"question", "endings"}, 20) {
		if err == nil || !strings.Contains(err.Error(), `row 1: the row has more than 20 bytes`) {
			t.Errorf("limit 20: %q, %v", b, err)
		}
		break
	}
}

// FuzzRecords changes files: whatever they claim, nothing panics, and what comes out is JSON.
func FuzzRecords(f *testing.F) {
	f.Add(writeQuestions(f, questions(3)))
	f.Add(writeQuestions(f, questions(4), pq.DataPageVersion(2), pq.MaxRowsPerRowGroup(3)))
	if b, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "lmeval", "items", "piqa.parquet")); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, columns := range [][]string{{"question", "maybe", "choices.text", "label"}, {"endings", "bare", "small", "numbers", "narrow", "wide", "coded"}, {"goal", "label"}} {
			rows := 0
			for b, err := range Records(bytes.NewReader(data), int64(len(data)), columns, 1<<10) {
				if err == nil && !json.Valid(b) {
					t.Fatalf("%q is not JSON", b)
				}
				if rows++; rows > 1<<12 {
					break
				}
			}
		}
	})
}
