package testdata

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nibble/testdata/text"
)

// valid.txt is what its generator writes, byte for byte.
func TestTextRegenerates(t *testing.T) {
	var b bytes.Buffer
	if err := text.Write(&b, text.ValidSeed, text.ValidBytes); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), Text()) {
		t.Errorf("text/valid.txt (%d bytes) is not what the generator writes (%d bytes): run go run ./testdata/text/gen -valid -o testdata/text/valid.txt, then train the models again", len(Text()), b.Len())
	}
}

// No document of valid.txt is among the first 20,000 of the training text,
// which is more than the models saw.
func TestValidWasNotTrainedOn(t *testing.T) {
	held := map[string]bool{}
	for _, d := range bytes.Split(bytes.TrimSpace(Text()), []byte("\n\n")) {
		held[string(d)] = true
	}
	for i := range uint64(20_000) {
		if d := text.Document(text.TrainSeed, i); held[d] {
			t.Errorf("document %d of the training text is in valid.txt:\n%s", i, d)
		}
	}
}

func TestTextIsACopy(t *testing.T) {
	b := Text()
	b[0] ^= 1
	if bytes.Equal(b, Text()) {
		t.Error("writing into what Text returned changed the embedded text")
	}
}

// The folders hold what a checkpoint consists of, and stay small.
func TestModels(t *testing.T) {
	want := map[string][]string{
		"nibble-gpt2": {"config.json", "merges.txt", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
			"model.safetensors.index.json", "tokenizer_config.json", "vocab.json"},
		"nibble-llama": {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"},
	}
	models := Models()
	if len(models) != len(want) {
		t.Fatalf("%d models, want %d", len(models), len(want))
	}
	for _, m := range models {
		var names []string
		var total int64
		err := fs.WalkDir(m.FS, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if names = append(names, path); info.Size() > 1_500_000 {
				t.Errorf("%s/%s has %d bytes, want at most 1500000", m.Name, path, info.Size())
			}
			total += info.Size()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(names, want[m.Name]) {
			t.Errorf("%s holds %v, want %v", m.Name, names, want[m.Name])
		}
		if total > 3_000_000 {
			t.Errorf("%s has %d bytes in all, want at most 3000000", m.Name, total)
		}
	}
}

// A model's weights are as many as its config.json implies, in the dtype that
// it names, in as many files as its index names.
func TestWeightsFitTheConfig(t *testing.T) {
	for _, m := range Models() {
		var raw map[string]any
		b, err := fs.ReadFile(m.FS, "config.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &raw); err != nil {
			t.Fatal(err)
		}
		n := func(key string) int {
			v, ok := raw[key].(float64)
			if !ok {
				t.Fatalf("%s: config.json has no number %q", m.Name, key)
			}
			return int(v)
		}
		var weights int
		dtype := "F32"
		switch m.Name {
		case "nibble-gpt2":
			d, v := n("n_embd"), n("vocab_size")
			weights = v*d + n("n_positions")*d + n("n_layer")*(12*d*d+13*d) + 2*d
		case "nibble-llama":
			dtype = "BF16"
			d, kv := n("hidden_size"), n("num_key_value_heads")*n("head_dim")
			weights = 2*n("vocab_size")*d + n("num_hidden_layers")*(2*d*d+2*d*kv+3*d*n("intermediate_size")+2*d) + d
		}
		if got := countWeights(t, m, dtype); got != weights {
			t.Errorf("%s holds %d weights, its config.json implies %d", m.Name, got, weights)
		}
	}
}

// countWeights adds up the elements of every safetensors file of a model.
func countWeights(t *testing.T, m Model, dtype string) int {
	t.Helper()
	paths, err := fs.Glob(m.FS, "*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, path := range paths {
		b, err := fs.ReadFile(m.FS, path)
		if err != nil {
			t.Fatal(err)
		}
		head := map[string]struct {
			Dtype string
			Shape []int
		}{}
		if err := json.Unmarshal(b[8:8+binary.LittleEndian.Uint64(b)], &head); err != nil {
			t.Fatal(err)
		}
		delete(head, "__metadata__")
		for name, e := range head {
			if e.Dtype != dtype {
				t.Errorf("%s/%s: tensor %q is %s, want %s", m.Name, path, name, e.Dtype, dtype)
			}
			n := 1
			for _, d := range e.Shape {
				n *= d
			}
			sum += n
		}
	}
	return sum
}

// The golden numbers were made from the weights and the text that are here,
// and agree with themselves.
func TestGolden(t *testing.T) {
	for _, m := range Models() {
		var g struct {
			Source map[string]string `json:"sha256"`
			Tokens struct{ Count int }
			Window struct {
				IDs       []int
				Loss      []float64 `json:"next_token_loss"`
				Logits    string    `json:"logits_file"`
				Positions []int     `json:"logits_positions"`
				Vocab     int
				Argmax    []int
			}
			Strided []struct {
				Ctx, Stride, Tokens, Scored int
				NLL, PPL                    float64
				Windows                     [][2]float64
			}
		}
		b, err := os.ReadFile(filepath.Join("models", "golden", m.Name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &g); err != nil {
			t.Fatal(err)
		}
		if len(g.Source) < 4 {
			t.Errorf("%s: the golden numbers name %d source files, want the text, the config, the weights and the tokenizer", m.Name, len(g.Source))
		}
		for path, want := range g.Source {
			b := Text()
			if path != "valid.txt" {
				if b, err = fs.ReadFile(m.FS, path); err != nil {
					t.Fatal(err)
				}
			}
			if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
				t.Errorf("%s: the golden numbers were made with another %s (SHA-256 %s, now %s): run testdata/train/golden.py", m.Name, path, want, got)
			}
		}
		if len(g.Window.IDs) != 256 || len(g.Window.Loss) != 255 || len(g.Window.Argmax) != 256 {
			t.Errorf("%s: window of %d ids, %d losses", m.Name, len(g.Window.IDs), len(g.Window.Loss))
		}
		logits, err := os.ReadFile(filepath.Join("models", "golden", g.Window.Logits))
		if err != nil {
			t.Fatal(err)
		}
		if len(logits) != 4*g.Window.Vocab*len(g.Window.Positions) {
			t.Fatalf("%s: %d bytes of logits for %d rows of %d", m.Name, len(logits), len(g.Window.Positions), g.Window.Vocab)
		}
		for i, position := range g.Window.Positions {
			row := logits[4*g.Window.Vocab*i:][:4*g.Window.Vocab]
			checkRow(t, fmt.Sprintf("%s, position %d", m.Name, position), row, g.Window.Argmax[position])
		}
		for _, s := range g.Strided {
			scored, nll := 0, 0.0
			for _, w := range s.Windows {
				scored, nll = scored+int(w[0]), nll+w[1]
			}
			// Every token but the first, and where windows do not overlap every one but theirs.
			want := s.Tokens - 1
			if s.Stride == s.Ctx {
				want = s.Tokens - len(s.Windows)
			}
			// The sum of some hundred numbers in another order: relative 1e-12 is far above its rounding.
			if scored != s.Scored || scored != want || math.Abs(nll/s.NLL-1) > 1e-12 || math.Abs(math.Exp(nll/float64(scored))/s.PPL-1) > 1e-12 {
				t.Errorf("%s, stride %d: %d scored, nll %v, perplexity %v; the windows give %d and %v", m.Name, s.Stride, s.Scored, s.NLL, s.PPL, scored, nll)
			}
			if s.PPL > 2.5 {
				t.Errorf("%s: perplexity %v is not a trained model's", m.Name, s.PPL)
			}
		}
	}
}

// checkRow wants finite logits whose greatest is at argmax.
func checkRow(t *testing.T, where string, row []byte, argmax int) {
	t.Helper()
	best, at := math.Inf(-1), -1
	for i := range len(row) / 4 {
		x := float64(math.Float32frombits(binary.LittleEndian.Uint32(row[4*i:])))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Errorf("%s: logit %d is %v", where, i, x)
		}
		if x > best {
			best, at = x, i
		}
	}
	if at != argmax {
		t.Errorf("%s: the greatest logit is at %d, the golden argmax is %d", where, at, argmax)
	}
}
