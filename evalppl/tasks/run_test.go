package tasks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl"
)

func choicesSet(t testing.TB, n int) Set {
	t.Helper()
	task, err := Lookup("choices")
	if err != nil {
		t.Fatal(err)
	}
	set := Set{Task: task}
	rng := rand.New(rand.NewPCG(3, 4))
	word := func() (s string) {
		letters := []string{"é", "ab", "c", "x y"}[rng.IntN(2):]
		for range 1 + rng.IntN(3) {
			s += letters[rng.IntN(len(letters))]
		}
		return s
	}
	for i := range n {
		set.Items = append(set.Items, Item{
			ID: fmt.Sprint("f:", i+1), Context: strings.Repeat("ctx ", i%9) + fmt.Sprint("q", i),
			Choices: []string{word(), word(), word()}[:2+i%2], Gold: i % 2,
		})
	}
	return set
}

func completionSet(t testing.TB, n int) Set {
	t.Helper()
	task, err := Lookup("completion")
	if err != nil {
		t.Fatal(err)
	}
	set := Set{Task: task}
	for i := range n {
		set.Items = append(set.Items, Item{ID: fmt.Sprint("f:", i+1), Context: fmt.Sprint("q", i), Choices: []string{fmt.Sprint(" ", i%7)}})
	}
	return set
}

func someResult(t testing.TB, set Set, models int) Result {
	t.Helper()
	var entrants []Entrant
	for i := range models {
		entrants = append(entrants, Entrant{
			Model: &fakeModel{context: 30, seed: float64(i)}, Tokenizer: fakeTokenizer{bos: i%2 == 0},
			Setup: evalppl.Setup{Model: fmt.Sprint("m", i), Tool: "test"},
		})
	}
	r, err := Run(context.Background(), set, entrants, Options{Data: "f.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRunAgainstDefinition computes every score again from the model's rows in float64, and every figure from the scores.
func TestRunAgainstDefinition(t *testing.T) {
	for _, set := range []Set{choicesSet(t, 60), completionSet(t, 60)} {
		m := &fakeModel{context: 25}
		tok := fakeTokenizer{bos: true}
		completion := set.Task.Completion != ""
		var acc, norm, byBytes, cut int
		var sum float64
		n := 0
		check := func(number int, item Item, scores []Score) error {
			if number != n || len(scores) != 1 {
				t.Fatalf("item %d comes as number %d with %d scores", number, n, len(scores))
			}
			n++
			var best, bestNorm, bestBytes int
			var l []float64
			for i, c := range item.Choices {
				before, _ := tok.Encode(item.Context, true)
				all, _ := tok.Encode(item.Context+set.Task.Delimiter+c, true)
				from := len(before)
				if len(all) > 26 {
					cut++
					from -= len(all) - 26
					all = all[len(all)-26:]
				}
				var want float64
				greedy := true
				for k := from; k < len(all); k++ {
					row := m.row(all, k-1)
					want += exactLogProbability(row, all[k])
					for j := range row {
						greedy = greedy && (row[j] < row[all[k]] || j == int(all[k]))
					}
				}
				// Each token's sum of exponentials is off by 1e-6 at most (kernels.SumExp).
				if d := math.Abs(scores[0].LogLikelihoods[i] - want); !(d <= 2e-6*float64(len(all)-from)) || scores[0].Greedy[i] != greedy {
					t.Errorf("%s, choice %d: %g, greedy %v, want %g, %v", item.ID, i, scores[0].LogLikelihoods[i], scores[0].Greedy[i], want, greedy)
				}
				l = append(l, want)
				if want > l[best] {
					best = i
				}
				if want/float64(len([]rune(c))) > l[bestNorm]/float64(len([]rune(item.Choices[bestNorm]))) {
					bestNorm = i
				}
				if want/float64(len(c)) > l[bestBytes]/float64(len(item.Choices[bestBytes])) {
					bestBytes = i
				}
				if completion && greedy {
					acc++
				}
			}
			sum += l[0]
			if !completion {
				for _, x := range []struct{ got, want, gold int }{{scores[0].Choice, best, item.Gold}, {scores[0].ChoiceNorm, bestNorm, item.Gold}, {scores[0].ChoiceBytes, bestBytes, item.Gold}} {
					if x.got != x.want {
						t.Errorf("%s: choice %d, want %d", item.ID, x.got, x.want)
					}
				}
				if best == item.Gold {
					acc++
				}
				if bestNorm == item.Gold {
					norm++
				}
				if bestBytes == item.Gold {
					byBytes++
				}
			}
			return nil
		}
		r, err := Run(context.Background(), set, []Entrant{{Model: m, Tokenizer: tok}}, Options{Item: check})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Models[0]
		if r.Items != 60 || r.Partial || got.Acc.Correct != acc || got.ContextsCut != cut || cut == 0 && !completion {
			t.Errorf("%+v, want %d right and %d cut", got, acc, cut)
		}
		if completion {
			if d := math.Abs(got.Perplexity.LogLikelihood - sum/60); d > 1e-5 {
				t.Errorf("mean log-likelihood %g, want %g", got.Perplexity.LogLikelihood, sum/60)
			}
		} else if got.AccNorm.Correct != norm || got.AccBytes.Correct != byBytes || norm == byBytes || norm == acc {
			t.Errorf("acc_norm %d, acc_bytes %d, want %d and %d, and %d for acc", got.AccNorm.Correct, got.AccBytes.Correct, norm, byBytes, acc)
		}
	}
}

// TestTies: of equal choices and equally probable tokens the first counts.
func TestTies(t *testing.T) {
	s := Score{LogLikelihoods: []float64{-2, -1, -1, -4}}
	s.choose([]string{"abcd", "a", "b", "1234567890"})
	if s.Choice != 1 || s.ChoiceNorm != 3 || s.ChoiceBytes != 3 {
		t.Errorf("%+v", s)
	}
	s = Score{LogLikelihoods: []float64{-1, -2}}
	s.choose([]string{"", "ab"}) // nothing divided by nothing is the least
	if s.Choice != 0 || s.ChoiceNorm != 1 {
		t.Errorf("an empty choice: %+v", s)
	}
	flat := flatModel{}
	for target, want := range map[uint32]bool{0: true, 1: false} {
		r := request{window: []uint32{1}, targets: []uint32{target}}
		e := Entrant{Model: flat}
		answers, err := e.answer(context.Background(), []Item{{Choices: []string{"a"}}}, [][]request{{r}})
		if err != nil {
			t.Fatal(err)
		}
		l, greedy := answers[0].score.LogLikelihoods[0], answers[0].score.Greedy[0]
		if greedy != want || math.Abs(l+math.Log(3)) > 1e-6 {
			t.Errorf("token %d of equally probable ones: %g, greedy %v", target, l, greedy)
		}
	}
	r := request{window: []uint32{1}, targets: []uint32{3}}
	e := Entrant{Model: flat}
	if _, err := e.answer(context.Background(), []Item{{Choices: []string{"a"}}}, [][]request{{r}}); err == nil || !strings.Contains(err.Error(), "token id 3 is not in the model's vocabulary of 3") {
		t.Error(err)
	}
}

type flatModel struct{}

func (flatModel) Vocab() int   { return 3 }
func (flatModel) Context() int { return 5 }
func (flatModel) Logits(_ context.Context, w []uint32, from int, fn func(int, []float32) error) error {
	for i := from; i < len(w); i++ {
		if err := fn(i, []float32{2, 2, 2}); err != nil {
			return err
		}
	}
	return nil
}

// TestInterrupted: what was done before an interruption is the result of those items alone.
func TestInterrupted(t *testing.T) {
	set := choicesSet(t, 20)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// The second model is in the middle of item 7.
	stopping := &fakeModel{context: 30, seed: 1}
	stopping.stop = func(call int) {
		if call == 16 {
			cancel()
		}
	}
	entrants := []Entrant{{Model: &fakeModel{context: 30}, Tokenizer: fakeTokenizer{bos: true}}, {Name: "second", Model: stopping, Tokenizer: fakeTokenizer{}}}
	var seen []string
	r, err := Run(ctx, set, entrants, Options{Progress: func(done, total int, acc []Accuracy, _ func() Result) {
		seen = append(seen, fmt.Sprintf("%d/%d %d", done, total, len(acc)))
	}})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "second: f:7: choice 0: ") {
		t.Errorf("%v", err)
	}
	if !r.Partial || r.Items != 6 || r.ItemsWanted != 20 || len(seen) != 6 || seen[5] != "6/20 2" {
		t.Errorf("partial %v, %d of %d items, progress %q", r.Partial, r.Items, r.ItemsWanted, seen)
	}
	whole := set
	whole.Items = set.Items[:6]
	stopping.stop = nil
	want, err := Run(context.Background(), whole, entrants, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Models {
		r.Models[i].Seconds, r.Models[i].TokensPerSecond = 0, 0
		want.Models[i].Seconds, want.Models[i].TokensPerSecond = 0, 0
	}
	if d := cmp.Diff(want.Models, r.Models); d != "" {
		t.Errorf("(-six items +interrupted):\n%s", d)
	}
	if d := cmp.Diff(want.Paired, r.Paired); d != "" {
		t.Errorf("(-six items +interrupted):\n%s", d)
	}
	if r, err := Run(ctx, set, entrants, Options{}); !errors.Is(err, context.Canceled) || r.Items != 0 {
		t.Errorf("interrupted before the first item: %d items, %v", r.Items, err)
	}
	failed := errors.New("full")
	r, err = Run(context.Background(), set, entrants, Options{Item: func(n int, _ Item, _ []Score) error {
		if n == 3 {
			return failed
		}
		return nil
	}})
	if err != failed || r.Items != 3 {
		t.Errorf("%d items, %v", r.Items, err)
	}
}

func TestRunErrors(t *testing.T) {
	set := choicesSet(t, 3)
	bad := &fakeModel{context: 30, poison: 'q', where: "layer 2"}
	for _, c := range []struct {
		e    Entrant
		want string
	}{
		{Entrant{Name: "m.nbl", Model: bad, Tokenizer: fakeTokenizer{}}, "m.nbl: f:1: choice 0: the log-probability of the token after position"},
		{Entrant{Model: bad, Tokenizer: fakeTokenizer{}}, "the weights or activations hold NaN or Inf"},
		{Entrant{Model: diagnosing{bad}, Tokenizer: fakeTokenizer{}}, "first seen in layer 2"},
		{Entrant{Name: "m.nbl", Model: &fakeModel{context: 5}, Tokenizer: fakeTokenizer{}}, `m.nbl: f:1: choice 0: " first 0" has 6 tokens, the model was made for 5 positions`},
	} {
		// The digit behind "q" is what follows it in the context; poison strikes where q is the last token read.
		s := set
		s.Items = []Item{{ID: "f:1", Context: "q", Choices: []string{"first 0", "b"}}}
		if _, err := Run(context.Background(), s, []Entrant{c.e}, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, err := Run(context.Background(), Set{Task: set.Task}, []Entrant{{}}, Options{}); err == nil {
		t.Error("no items are no error")
	}
	if _, err := Run(context.Background(), set, nil, Options{}); err == nil {
		t.Error("no models are no error")
	}
}
