package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"nibble/convert"
	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/evalppl/tokenizer"
	"nibble/format"
)

// The golden numbers were made with transformers in float32. nibble adds in another order, so logits differ by rounding:
// 2e-4 is what a few hundred float32 roundings of logits around 30 come to, and is the bound the project has set itself; a term
// left out or a wrong constant moves the tiny models' logits by 1e-2 and more.
const (
	logitTolerance = 2e-4
	lossTolerance  = 1e-4
	pplTolerance   = 1e-5 // relative
)

// shared returns a path in the folder of checkpoints and golden numbers beside the repository. It is not part of the
// repository: a machine without it skips, but CI has it and must not.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and CI must have it", path)
		}
		t.Skipf("%s is not on this machine: golden numbers are not compared", path)
	}
	return path
}

// converted converts a checkpoint folder and loads it.
func converted(t testing.TB, dir string, o convert.Options, activations string) (*model.Model, *format.Reader) {
	t.Helper()
	c, err := convert.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := filepath.Join(t.TempDir(), "model.nbl")
	if _, err := c.Convert(context.Background(), out, o); err != nil {
		t.Fatal(err)
	}
	r, err := format.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(r, model.Options{Activations: activations})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); r.Close() })
	return m, r
}

func readFloats(t testing.TB, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// compareLogits compares rows of logits and returns the largest difference.
func compareLogits(t *testing.T, m *model.Model, ids []uint32, want func(pos int) []float32) {
	t.Helper()
	var worst float64
	err := m.Logits(context.Background(), ids, 0, func(i int, logits []float32) error {
		w := want(i)
		if w == nil {
			return nil
		}
		for j := range w {
			d := math.Abs(float64(logits[j]) - float64(w[j]))
			if !(d <= logitTolerance) {
				t.Fatalf("position %d, id %d: logit %g, want %g", i, j, logits[j], w[j])
			}
			worst = max(worst, d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("largest logit difference %.2g", worst)
}

func compareLosses(t *testing.T, m *model.Model, ids []uint32, want []float64) {
	t.Helper()
	got := make([]float64, len(ids)-1)
	if err := m.Losses(context.Background(), ids, 0, got); err != nil {
		t.Fatal(err)
	}
	var worst float64
	for i := range want {
		d := math.Abs(got[i] - want[i])
		if !(d <= lossTolerance) {
			t.Fatalf("position %d: loss %g, want %g", i, got[i], want[i])
		}
		worst = max(worst, d)
	}
	t.Logf("largest loss difference %.2g", worst)
}

func TestGoldenTiny(t *testing.T) {
	for _, name := range []string{"tiny-gpt2", "tiny-gpt-neo", "tiny-llama", "tiny-llama-rope3"} {
		t.Run(name, func(t *testing.T) {
			var g struct {
				Cases []struct {
					IDs        []uint32  `json:"ids"`
					LogitsFile string    `json:"logits_file"`
					Losses     []float64 `json:"next_token_loss"`
				}
			}
			readJSON(t, shared(t, "golden", "tiny", name+".json"), &g)
			m, _ := converted(t, shared(t, "models", "tiny", name), convert.Options{Type: "f32"}, model.Float32Activations)
			for _, c := range g.Cases {
				logits := readFloats(t, shared(t, "golden", "tiny", c.LogitsFile))
				compareLogits(t, m, c.IDs, func(i int) []float32 { return logits[i*m.Vocab() : (i+1)*m.Vocab()] })
				compareLosses(t, m, c.IDs, c.Losses)
			}
		})
	}
}

type realGolden struct {
	Text   string
	Window struct {
		IDs        []uint32  `json:"ids"`
		Losses     []float64 `json:"next_token_loss"`
		LogitsFile string    `json:"logits_file"`
		Positions  []int     `json:"logits_positions"`
		Argmax     []int     `json:"argmax"`
	}
	TokensUsed int `json:"tokens_used"`
	Strided    []struct {
		Ctx, Stride, Scored int
		PPL                 float64
		Windows             [][2]float64
	}
	LlamaCpp []struct {
		NCtx   int `json:"n_ctx"`
		BOS    *uint32
		Scored int
		PPL    float64
	} `json:"llama_cpp"`
}

func TestGoldenReal(t *testing.T) {
	for _, name := range []string{"stories260k", "smollm2-135m-instruct"} {
		t.Run(name, func(t *testing.T) {
			var g realGolden
			readJSON(t, shared(t, "golden", "real", name+".json"), &g)
			m, r := converted(t, realCheckpoint(t, name), convert.Options{Type: "f32"}, model.Float32Activations)
			_ = r
			logits := readFloats(t, shared(t, "golden", "real", g.Window.LogitsFile))
			at := map[int]int{}
			for i, p := range g.Window.Positions {
				at[p] = i
			}
			compareLogits(t, m, g.Window.IDs, func(i int) []float32 {
				if k, ok := at[i]; ok {
					return logits[k*m.Vocab() : (k+1)*m.Vocab()]
				}
				return nil
			})
			compareLosses(t, m, g.Window.IDs, g.Window.Losses)

			tokens := goldenTokens(t, name, g.Text)[:g.TokensUsed]
			for _, s := range g.Strided {
				if len(g.Window.IDs) == 1024 && (s.Ctx != 1024 || s.Stride != 512) {
					continue // a 135M model in float32 takes a minute a run: the headline case stands for the others
				}
				res, err := evalppl.Run(context.Background(), m, tokens, evalppl.Options{Ctx: s.Ctx, Stride: s.Stride})
				if err != nil {
					t.Fatal(err)
				}
				comparePerplexity(t, res, s.PPL, s.Scored)
			}
			for _, s := range g.LlamaCpp {
				res, err := evalppl.Run(context.Background(), m, tokens, evalppl.Options{Protocol: evalppl.LlamaCpp, Ctx: s.NCtx, BOS: s.BOS})
				if err != nil {
					t.Fatal(err)
				}
				comparePerplexity(t, res, s.PPL, s.Scored)
			}
		})
	}
}

func comparePerplexity(t *testing.T, res evalppl.Result, ppl float64, scored int) {
	t.Helper()
	if res.TokensScored != scored {
		t.Errorf("%s ctx %d stride %d: %d tokens scored, want %d", res.Protocol, res.Ctx, res.Stride, res.TokensScored, scored)
	}
	if d := math.Abs(res.Perplexity/ppl - 1); !(d <= pplTolerance) {
		t.Errorf("%s ctx %d stride %d: perplexity %.6f, want %.6f", res.Protocol, res.Ctx, res.Stride, res.Perplexity, ppl)
	} else {
		t.Logf("%s ctx %d stride %d: perplexity %.6f, relative difference %.1g, %.0f tokens/s", res.Protocol, res.Ctx, res.Stride, res.Perplexity, d, res.TokensPerSecond)
	}
}

// realCheckpoint returns the folder of a checkpoint that the golden numbers name.
func realCheckpoint(t testing.TB, name string) string {
	t.Helper()
	if name == "stories260k" {
		return shared(t, "models", name)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "nibble-models", name)
	if _, err := os.Stat(filepath.Join(dir, ".complete")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: run go run ../shared/tools/smollm2.go", dir)
		}
		t.Skipf("%s is not on this machine: run go run ../shared/tools/smollm2.go to make it", dir)
	}
	return dir
}

// goldenTokens returns the ids of a whole text.
func goldenTokens(t testing.TB, name, text string) []uint32 {
	t.Helper()
	tok := folderTokenizer(t, realCheckpoint(t, name))
	b, err := os.ReadFile(shared(t, "texts", text))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := tok(b)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// folderTokenizer returns the encoder of a checkpoint's own tokenizer.
func folderTokenizer(t testing.TB, dir string) func([]byte) ([]uint32, error) {
	t.Helper()
	tok, err := loadTokenizer(dir)
	if err != nil {
		t.Fatal(err)
	}
	return func(b []byte) ([]uint32, error) { return tok.Encode(b, tokenizer.EncodeOptions{}) }
}
