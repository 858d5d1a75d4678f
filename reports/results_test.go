package reports

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample is the results file of a small study.
func sample(t testing.TB) []byte {
	t.Helper()
	data, err := encode(withTensors(study("m", smol...), 2).normalized())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadRoundTrip(t *testing.T) {
	want := withTensors(study("m", smol...), 2).normalized()
	path := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(path, sample(t), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the study changed (-want +got):\n%s", d)
	}
	again, err := encode(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, sample(t)) {
		t.Error("writing what was read gives other bytes")
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tc := range []struct {
		name     string
		old, new string // replacement of the first occurrence in the sample
		want     []string
	}{
		{"other schema", "nibble-results/2", "nibble-results/3", []string{`"nibble-results/3"`, `"nibble-results/2"`}},
		{"no schema", `"schema": "nibble-results/2",`, ``, []string{"schema", "not a results file"}},
		{"NaN", `"perplexity": 19.0621`, `"perplexity": NaN`, []string{"records[1].perplexity", "NaN", "line"}},
		{"infinite", `"perplexity": 19.0621`, `"perplexity": -Infinity`, []string{"records[1].perplexity", "Infinity"}},
		{"overflow", `"perplexity": 19.0621`, `"perplexity": 1e999`, []string{"records[1]", "perplexity"}},
		{"negative", `"perplexity": 19.0621`, `"perplexity": -19.0621`, []string{"records[1]", "perplexity is -19.0621", "positive"}},
		{"zero", `"perplexity": 19.0621`, `"perplexity": 0`, []string{"records[1]", "perplexity is missing or 0"}},
		{"missing", `"perplexity": 19.0621,`, ``, []string{"records[1]", "perplexity is missing"}},
		{"null", `"perplexity": 19.0621`, `"perplexity": null`, []string{"records[1]", "perplexity is missing"}},
		{"text for a number", `"perplexity": 19.0621`, `"perplexity": "19"`, []string{"records[1]", "perplexity is a string, want a number"}},
		{"fraction for a count", `"tokens_scored": 10200`, `"tokens_scored": 10.5`, []string{"records[0]", "tokens_scored", "whole number"}},
		{"nll of another run", `"perplexity": 19.0621`, `"perplexity": 20.5`, []string{"records[1]", "exp(nll) is 19.06"}},
		{"unknown field", `"perplexity": 19.0621`, `"perplexity": 19.0621, "perplexty": 1`, []string{"records[1]", `unknown field "perplexty"`}},
		{"unknown top field", `"title"`, `"titel"`, []string{`unknown field "titel"`}},
		{"bytes", `"bytes": 270900000`, `"bytes": -1`, []string{"records[0] (m f16)", "bytes is -1"}},
		{"standard error", `"standard_error": 0.0168`, `"standard_error": -0.1`, []string{"records[0]", "standard_error is -0.1"}},
		{"impossible interval", `"standard_error": 0.0168`, `"standard_error": 1000`, []string{"records[0]", "standard_error is 1000"}},
		{"model", `"model": "m"`, `"model": ""`, []string{"records[0]", "model is missing or empty"}},
		{"stream hash", `"token_stream_sha256": "` + strings.Repeat("a1", 32) + `"`, `"token_stream_sha256": ""`, []string{"records[0]", "token_stream_sha256"}},
		{"control character", `"model": "m"`, `"model": "m\u001b[2J"`, []string{"records[0]", "model", "control"}},
		{"activations", `"activations": "int8"`, `"activations": "int7"`, []string{"records[0]", "activations", `"int7"`}},
		{"speed", `"tokens_per_second": 1293`, `"tokens_per_second": -3`, []string{"records[0]", "prompt.tokens_per_second is -3"}},
		{"speed missing", `"tokens_per_second": 1293`, `"tokens_per_second": 0`, []string{"records[0]", "prompt.tokens_per_second is missing or 0"}},
		{"slowest above fastest", `"min": 1254.21`, `"min": 9999`, []string{"records[0]", "prompt.min is 9999"}},
		{"kl", `"mean": 0.00369`, `"mean": -0.5`, []string{"records[1]", "kl.mean is -0.5"}},
		{"same top", `"same_top": 0.962`, `"same_top": 96.2`, []string{"records[1]", "kl.same_top is 96.2"}},
		{"interval order", `"value": 0.0036`, `"value": 7`, []string{"records[1]", "delta_log_ppl is 7"}},
		{"kl interval order", `"high": 0.0039852`, `"high": 0.001`, []string{"records[1]", "kl.interval is 0.0034317 to 0.001"}},
		{"answer", `"answer": "not distinguishable"`, `"answer": "same"`, []string{"records[1]", `verdict.answer is "same"`, "undecided"}},
		{"tokens needed", `"tokens_needed": 57000`, `"tokens_needed": -1`, []string{"records[1]", "verdict.tokens_needed is -1"}},
		{"interval method", `"unit": "windows"`, `"unit": ""`, []string{"records[1]", "intervals.unit is missing or empty"}},
		{"tensor", `"rmse": 0.`, `"rmse": -0.`, []string{"records[1]", "tensors[0].rmse"}},
		{"time", `"started": "2026-11-25T12:00:00Z"`, `"started": "yesterday"`, []string{"records[0]", "started", "RFC 3339"}},
		{"twice", `"variant": "int8-g32"`, `"variant": "f16"`, []string{"records[1]", "records[0]", "same model, variant and activations"}},
		{"record is a number", `"records": [`, `"records": [ 7,`, []string{"records[0]", "object"}},
		{"records is a number", `"records": [`, `"records": 7, "x": [`, []string{"records", "list"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := string(sample(t))
			if !strings.Contains(data, tc.old) {
				t.Fatalf("the sample has no %s", tc.old)
			}
			wantError(t, []byte(strings.Replace(data, tc.old, tc.new, 1)), tc.want...)
		})
	}
	t.Run("truncated", func(t *testing.T) { wantError(t, sample(t)[:5000], "truncated", "line") })
	t.Run("empty", func(t *testing.T) { wantError(t, nil, "truncated") })
	t.Run("list", func(t *testing.T) { wantError(t, []byte("[]"), "array", "schema") })
	t.Run("no records", func(t *testing.T) { wantError(t, []byte(`{"schema":"nibble-results/2","records":[]}`), "no records") })
	t.Run("two documents", func(t *testing.T) { wantError(t, append(sample(t), "{}"...), "after top-level value") })
}

func wantError(t *testing.T, data []byte, parts ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Read(path)
	if err == nil {
		t.Fatal("the file was accepted")
	}
	for _, p := range append(parts, path) {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}

func TestReadNoFile(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// NaN and Inf are named before anything is written.
func TestRenderRefusesNaN(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for field, set := range map[string]func(*Record){
			"nll":                          func(r *Record) { r.NLL = v },
			"perplexity":                   func(r *Record) { r.Perplexity = v },
			"generation.tokens_per_second": func(r *Record) { r.Generation.TokensPerSecond = v },
			"kl.p99":                       func(r *Record) { r.KL.P99 = v },
			"tensors[0].sqnr_db":           func(r *Record) { r.Tensors[0].SQNRdB = v },
			"delta_log_ppl.high":           func(r *Record) { r.DeltaLogPPL.High = v },
		} {
			s := withTensors(study("m", smol...), 1)
			set(&s.Records[2])
			dir := filepath.Join(t.TempDir(), "out")
			_, err := Render(dir, s, Options{NoPNG: true})
			if err == nil || !strings.Contains(err.Error(), "records[2] (m int4-g32): "+field) {
				t.Errorf("%s = %v: got %v", field, v, err)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s = %v: the folder was made", field, v)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte(`{"schema":"nibble-results/2","records":[{}]}`))
	f.Add([]byte(`{"schema":"nibble-results/2","records":[{"model":NaN}]}`))
	f.Add([]byte(`{"schema":"nibble-results/2","records":null}`))
	f.Add([]byte(`[[[`))
	f.Add([]byte("{\"a\":\"\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decode(data)
		if err != nil {
			return
		}
		// What is accepted can be written, read back the same, and put into words.
		out, err := encode(s)
		if err != nil {
			t.Fatalf("accepted but not writable: %v", err)
		}
		if !json.Valid(out) {
			t.Fatal("not JSON")
		}
		back, err := decode(out)
		if err != nil {
			t.Fatalf("not readable again: %v", err)
		}
		if d := cmp.Diff(s, back); d != "" {
			t.Fatal(d)
		}
		if Comparable(s.Records) == nil && (Answer(s) == "" || Table(s) == "") {
			t.Fatal("no answer")
		}
	})
}

// Files of the first version, which knew no intervals of divergences, are read as before.
func TestReadEarlierSchema(t *testing.T) {
	s := study("m", smol...)
	for i := range s.Records {
		r := &s.Records[i]
		r.Verdict, r.Intervals = nil, nil
		if r.KL != nil {
			r.KL.Interval, r.KL.SameTopInterval, r.KL.BaseSHA256 = nil, nil, ""
		}
	}
	data, err := encode(s.normalized())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.json")
	if err := os.WriteFile(path, bytes.Replace(data, []byte(Schema), []byte(earlierSchema), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Schema != Schema || len(got.Records) != 3 || got.Records[1].KL.Mean != 0.00369 {
		t.Errorf("read %+v", got)
	}
}
