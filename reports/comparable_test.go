package reports

import (
	"strings"
	"testing"
)

func TestComparable(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Record)
		want   []string // parts of the error; none: comparable
	}{
		{"same", func(*Record) {}, nil},
		{"other speed, machine and activations", func(r *Record) { r.Generation, r.Machine, r.Activations = Speed{}, Machine{}, "f32" }, nil},
		{"other model", func(r *Record) { r.Model, r.TokenStreamSHA256, r.Text = "other", "ff", "x.txt" }, nil},
		{"same ids by another tokenizer", func(r *Record) { r.TokenizerSHA256 = "cc" }, nil},
		{"stream", func(r *Record) { r.TokenStreamSHA256 = "ff" }, []string{`token_stream_sha256 is "` + strings.Repeat("a1", 32) + `" and "ff"`}},
		{"stream by another tokenizer", func(r *Record) { r.TokenStreamSHA256, r.TokenizerSHA256 = "ff", "cc" }, []string{"token_stream_sha256", `tokenizer_sha256 is "b2`, `and "cc"`}},
		{"protocol", func(r *Record) { r.Protocol = "strided" }, []string{`protocol is "llama.cpp" and "strided"`}},
		{"ctx", func(r *Record) { r.Ctx = 1024 }, []string{"ctx is 512 and 1024"}},
		{"stride", func(r *Record) { r.Stride = 256 }, []string{"stride is 512 and 256"}},
		{"text", func(r *Record) { r.Text = "stories.txt" }, []string{`text is "wikitext2-test.txt" and "stories.txt"`}},
		{"bos", func(r *Record) { r.BOS = "first" }, []string{`bos is "" and "first"`}},
		{"tokens", func(r *Record) { r.TokensScored = 5 }, []string{"tokens_scored is 10200 and 5"}},
		{"several", func(r *Record) { r.Ctx, r.Text = 8, "y" }, []string{"ctx is 512 and 8", `text is "wikitext2-test.txt" and "y"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := study("m", smol...)
			tc.change(&s.Records[2])
			err := Comparable(s.Records)
			if len(tc.want) == 0 {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range append(tc.want, "records[0] (m f16)", "records[2] (m int4-g32)") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
			if _, rerr := Render(t.TempDir(), s, Options{NoPNG: true}); rerr == nil {
				t.Error("Render accepted what Comparable refuses")
			}
		})
	}
}

// Divergences from different bases do not belong into one table.
func TestComparableBases(t *testing.T) {
	s := study("m", smol...)
	if err := Comparable(s.Records); err != nil {
		t.Fatal(err)
	}
	s.Records[2].KL.BaseSHA256 = strings.Repeat("16", 32)
	err := Comparable(s.Records)
	if err == nil || !strings.Contains(err.Error(), "kl.base_sha256") || !strings.Contains(err.Error(), "records[2]") {
		t.Errorf("got %v, want an error that names the field and the record", err)
	}
	s.Records[2].Model = "another"
	if err := Comparable(s.Records); err != nil {
		t.Errorf("different models: %v", err)
	}
}

// A protocol without a stride is not said to have one of 0.
func TestConditions(t *testing.T) {
	r := smol[0].record("m")
	if got, want := r.conditions(), "wikitext2-test.txt, 10,200 tokens scored, llama.cpp, ctx 512, stride 512"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Stride = 0
	if got, want := r.conditions(), "wikitext2-test.txt, 10,200 tokens scored, llama.cpp, ctx 512"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
