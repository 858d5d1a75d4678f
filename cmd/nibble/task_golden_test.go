package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nibble/convert"
	"nibble/evalppl/model"
	"nibble/evalppl/tasks"
	"nibble/evalppl/tokenizer"
)

// goldenTasks is a file of testdata/lmeval/tasks.py: what lm-evaluation-harness says of the items beside it.
type goldenTasks struct {
	Model string
	Tasks map[string]struct {
		ItemsSHA256 string `json:"items_sha256"`
		Results     map[string]float64
		Samples     [][][2]any // [item][choice] log-likelihood, is greedy
	}
}

// TestGoldenTasks compares with lm-evaluation-harness on float32 weights and activations. A continuation's log-likelihood is a sum over its
// tokens, each of which may be off by lossTolerance (nibble's bound against transformers; the float32 sums of lm_eval add 1e-5 to
// values around 100). What is counted - accuracies, hence standard errors - must be the same: not one item lies as near to another answer
// as that.
func TestGoldenTasks(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "lmeval")
	for _, name := range []string{"nibble-gpt2", "nibble-llama"} {
		var g goldenTasks
		readJSON(t, filepath.Join(dir, "tasks-"+name+".json"), &g)
		folder := filepath.Join("..", "..", "testdata", "models", name)
		m, _ := converted(t, folder, convert.Options{Type: "f32"}, model.Float32Activations)
		tok, err := loadTokenizer(folder)
		if err != nil {
			t.Fatal(err)
		}
		readers := []tasks.Model{m}
		if name == "nibble-llama" {
			readers = append(readers, struct{ tasks.Model }{m}) // which reads one window at a time
		}
		for _, reader := range readers {
			for task, want := range g.Tasks {
				file := filepath.Join(dir, "items", task+".jsonl")
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want.ItemsSHA256 {
					t.Fatalf("%s is not what the golden numbers were made from: run testdata/lmeval/tasks.py", file)
				}
				known, err := tasks.Lookup(strings.Replace(task, "_edges", "_openai", 1))
				if err != nil {
					t.Fatal(err)
				}
				set, err := known.Read(context.Background(), file, tasks.ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if len(set.Items) != len(want.Samples) {
					t.Fatalf("%s: %d items, want %d", task, len(set.Items), len(want.Samples))
				}
				var worst float64
				compare := func(n int, item tasks.Item, scores []tasks.Score) error {
					for i, l := range scores[0].LogLikelihoods {
						tokens, err := tok.Encode([]byte(known.Delimiter+item.Choices[i]), tokenizer.EncodeOptions{NoSpecial: true})
						if err != nil {
							return err
						}
						// One more: the boundary may fall inside what would be a token.
						bound := lossTolerance * float64(len(tokens)+1)
						wantL, wantGreedy := want.Samples[n][i][0].(float64), want.Samples[n][i][1].(bool)
						if d := math.Abs(l - wantL); !(d <= bound) {
							t.Errorf("%s, %s, %s, choice %d: log-likelihood %.6f, want %.6f", name, task, item.ID, i, l, wantL)
						} else {
							worst = max(worst, d)
						}
						if scores[0].Greedy[i] != wantGreedy {
							t.Errorf("%s, %s, %s, choice %d: greedy %v, want %v", name, task, item.ID, i, scores[0].Greedy[i], wantGreedy)
						}
					}
					return nil
				}
				res, err := tasks.Run(context.Background(), set, []tasks.Entrant{{Model: reader, Tokenizer: itemTokenizer{tok}}}, tasks.Options{Item: compare})
				if err != nil {
					t.Fatal(err)
				}
				got := res.Models[0]
				compareAccuracy(t, name+", "+task+", acc", &got.Acc, len(set.Items), want.Results, "acc")
				if known.Completion == "" {
					compareAccuracy(t, name+", "+task+", acc_norm", got.AccNorm, len(set.Items), want.Results, "acc_norm")
					compareAccuracy(t, name+", "+task+", acc_bytes", got.AccBytes, len(set.Items), want.Results, "acc_bytes")
				} else if d := math.Abs(math.Log(got.Perplexity.Value / want.Results["perplexity"])); !(d <= worst+1e-12) {
					t.Errorf("%s, %s: perplexity %g, want %g", name, task, got.Perplexity.Value, want.Results["perplexity"])
				}
				if task == "lambada_openai" {
					compareBootstrap(t, got, want.Results["perplexity_stderr"])
				}
				t.Logf("%s, %s: largest difference of a log-likelihood %.2g", name, task, worst)
			}
		}
	}
}

func compareAccuracy(t *testing.T, what string, got *tasks.Accuracy, n int, want map[string]float64, metric string) {
	t.Helper()
	if correct := int(math.Round(want[metric] * float64(n))); got.Correct != correct || math.Abs(got.Value-want[metric]) > 1e-15 {
		t.Errorf("%s: %d of %d right, want %d", what, got.Correct, n, correct)
	}
	// The same formula added up in another order.
	if d := math.Abs(got.StandardError - want[metric+"_stderr"]); !(d <= 1e-14) {
		t.Errorf("%s: standard error %.17g, want %.17g", what, got.StandardError, want[metric+"_stderr"])
	}
}

// compareBootstrap explains the difference to lm_eval's standard error of the perplexity, which it draws: the same 100,000 draws of nibble's
// own log-likelihoods come to lm_eval's figure. Of a distribution with kurtosis k, the standard deviation of B draws has a relative standard
// error of sqrt((k-1)/4B): 0.27 % for the 4 of a log-normal one with a spread of 0.24. Of a difference of two such figures four standard
// errors are 1.6 %.
func compareBootstrap(t *testing.T, m tasks.ModelResult, want float64) {
	t.Helper()
	l := m.Outcomes.LogLikelihoods
	rng := rand.New(rand.NewPCG(1, 2))
	const draws = 100_000
	var sum, squares float64
	for range draws {
		var s float64
		for range l {
			s += l[rng.IntN(len(l))]
		}
		x := math.Exp(-s / float64(len(l)))
		sum += x
		squares += x * x
	}
	got := math.Sqrt((squares - sum*sum/draws) / (draws - 1))
	if !(math.Abs(got/want-1) <= 0.016) {
		t.Errorf("bootstrap of the perplexity: %.5f, want %.5f", got, want)
	}
	t.Logf("standard error of the perplexity: delta method %.4f, bootstrap %.4f, lm_eval %.4f", m.Perplexity.StandardError, got, want)
}

// TestGoldenTasksTellMetricsApart: where acc, acc_norm and acc_bytes were the same everywhere, a mixed-up one would not be seen.
func TestGoldenTasksTellMetricsApart(t *testing.T) {
	differ := map[string]bool{}
	for _, name := range []string{"nibble-gpt2", "nibble-llama"} {
		var g goldenTasks
		readJSON(t, filepath.Join("..", "..", "testdata", "lmeval", "tasks-"+name+".json"), &g)
		for _, task := range g.Tasks {
			r := task.Results
			differ["acc and acc_norm"] = differ["acc and acc_norm"] || r["acc"] != r["acc_norm"] && r["acc_norm"] > 0
			differ["acc_norm and acc_bytes"] = differ["acc_norm and acc_bytes"] || r["acc_norm"] != r["acc_bytes"]
		}
	}
	for _, pair := range []string{"acc and acc_norm", "acc_norm and acc_bytes"} {
		if !differ[pair] {
			t.Errorf("%s are the same in all golden results: change testdata/lmeval/items.py", pair)
		}
	}
}
