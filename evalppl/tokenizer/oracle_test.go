package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func readTestdata(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestPipelines compares random pipelines with the official Rust library: testdata/pipelines.py made the tokenizers, the texts and the answers.
func TestPipelines(t *testing.T) {
	var f struct {
		Models     map[string]json.RawMessage
		Tokenizers []struct {
			Tokenizer map[string]json.RawMessage
			Cases     []struct {
				Text             string
				IDs, Plain       []uint32
				Decoded, Skipped string
			}
		}
	}
	readTestdata(t, "pipelines.json", &f)
	refused, texts := 0, 0
	for i, x := range f.Tokenizers {
		var name string
		if err := json.Unmarshal(x.Tokenizer["model"], &name); err != nil {
			t.Fatal(err)
		}
		description, _ := json.Marshal(x.Tokenizer)
		x.Tokenizer["model"] = f.Models[name]
		file, err := json.Marshal(x.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := New(Files{fileJSON: file})
		if err != nil {
			t.Logf("tokenizer %d: %v", i, err)
			refused++
			continue
		}
		for _, c := range x.Cases {
			texts++
			for _, noSpecial := range []bool{false, true} {
				want := c.IDs
				if noSpecial {
					want = c.Plain
				}
				got, err := tok.Encode([]byte(c.Text), EncodeOptions{NoSpecial: noSpecial})
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("tokenizer %d %s: text %q, NoSpecial %v: %d, %v, want %d", i, description, c.Text, noSpecial, got, err, want)
				}
			}
			for _, skip := range []bool{false, true} {
				want := c.Decoded
				if skip {
					want = c.Skipped
				}
				got, err := tok.Decode(c.IDs, DecodeOptions{SkipSpecial: skip})
				if err != nil || string(got) != want {
					t.Errorf("tokenizer %d %s: ids %d, SkipSpecial %v: %q, %v, want %q", i, description, c.IDs, skip, got, err, want)
				}
			}
		}
	}
	// What is refused is refused for a reason (Metaspace "first" behind a normalizer, an added token that normalizes to nothing); most is not.
	if refused > len(f.Tokenizers)/10 || texts < 500 {
		t.Errorf("%d of %d tokenizers refused, %d texts compared", refused, len(f.Tokenizers), texts)
	}
}

// TestSentencePieceModels compares with the official library: testdata/sentencepiece_models.py trained the models and made the answers.
func TestSentencePieceModels(t *testing.T) {
	var f struct {
		Models []struct {
			Options string
			Model   []byte
			Cases   []struct {
				Text          string
				IDs, Random   []uint32
				Decoded       string
				RandomDecoded string `json:"random_decoded"`
			}
		}
	}
	readTestdata(t, "sentencepiece.json", &f)
	if len(f.Models) == 0 {
		t.Fatal("no models")
	}
	for _, m := range f.Models {
		t.Run(m.Options, func(t *testing.T) {
			tok, err := New(Files{fileModel: m.Model})
			if err != nil {
				t.Fatal(err)
			}
			if !tok.AddsBOS() {
				t.Error("BOS is not added")
			}
			for _, c := range m.Cases {
				got, err := tok.Encode([]byte(c.Text), EncodeOptions{NoSpecial: true})
				if err != nil || !slices.Equal(got, c.IDs) {
					t.Errorf("text %q: %d, %v, want %d", c.Text, got, err, c.IDs)
				}
				for _, x := range []struct {
					ids  []uint32
					want string
				}{{c.IDs, c.Decoded}, {c.Random, c.RandomDecoded}} {
					if back, err := tok.Decode(x.ids, DecodeOptions{}); err != nil || string(back) != x.want {
						t.Errorf("ids %d: %q, %v, want %q", x.ids, back, err, x.want)
					}
				}
			}
		})
	}
}
