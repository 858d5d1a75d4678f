package tasks

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl"
)

// entrantsOf returns two models, with conditions as a command gives them.
func entrantsOf() []Entrant {
	return []Entrant{
		{Model: &fakeModel{context: 25}, Tokenizer: fakeTokenizer{bos: true}, Setup: evalppl.Setup{Model: "a", ContainerSHA256: "a1", KernelSet: "generic"}},
		{Model: &fakeModel{context: 30, seed: 1}, Tokenizer: fakeTokenizer{}, Setup: evalppl.Setup{Model: "b", KernelSet: "generic"}},
	}
}

// interrupted runs n items and ends.
func interrupted(t *testing.T, set Set, n int) Result {
	t.Helper()
	enough := errors.New("enough")
	r, err := Run(context.Background(), set, entrantsOf(), Options{Data: "f.jsonl", Item: func(number int, _ Item, _ []Score) error {
		if number == n {
			return enough
		}
		return nil
	}})
	if err != enough || r.Items != n {
		t.Fatalf("%d items, %v", r.Items, err)
	}
	return r
}

func withoutTimes(r Result) Result {
	for i := range r.Models {
		r.Models[i].Seconds, r.Models[i].TokensPerSecond = 0, 0
	}
	return r
}

// TestResume: a run that goes on from an interrupted one, wherever that was, gives the result of a whole one and scores only what was left.
func TestResume(t *testing.T) {
	for _, set := range []Set{choicesSet(t, 20), completionSet(t, 20)} {
		whole, err := Run(context.Background(), set, entrantsOf(), Options{Data: "f.jsonl"})
		if err != nil {
			t.Fatal(err)
		}
		want := withoutTimes(whole)
		for _, n := range []int{1, 7, 19, 20} {
			old := want
			if n < 20 {
				old = interrupted(t, set, n)
			}
			var seen []int
			got, err := Run(context.Background(), set, entrantsOf(), Options{
				Data: "f.jsonl", Resume: &old,
				Item: func(number int, _ Item, _ []Score) error { seen = append(seen, number); return nil },
				Progress: func(done, total int, acc []Accuracy, so func() Result) {
					r := so()
					if r.Items != done || r.Partial != (done < total) || r.Models[1].Acc != acc[1] {
						t.Errorf("after %d of %d items: %d, partial %v, %+v and %+v", done, total, r.Items, r.Partial, r.Models[1].Acc, acc[1])
					}
				},
			})
			if d := cmp.Diff(want, withoutTimes(got)); err != nil || d != "" {
				t.Errorf("from item %d: %v (-whole +resumed):\n%s", n, err, d)
			}
			if len(seen) != 20-n || n < 20 && seen[0] != n {
				t.Errorf("from item %d: scored %v", n, seen)
			}
		}
	}
}

// TestResumeInterruptedAtOnce: nothing of the earlier result is lost.
func TestResumeInterruptedAtOnce(t *testing.T) {
	set := choicesSet(t, 20)
	old := interrupted(t, set, 7)
	stopping := entrantsOf()
	ctx, cancel := context.WithCancel(context.Background())
	stopping[1].Model.(*fakeModel).stop = func(int) { cancel() } // when the first model has answered
	got, err := Run(ctx, set, stopping, Options{Data: "f.jsonl", Resume: &old})
	if d := cmp.Diff(withoutTimes(old), withoutTimes(got)); !errors.Is(err, context.Canceled) || d != "" {
		t.Errorf("%v (-before +after):\n%s", err, d)
	}
}

func TestResumeRefused(t *testing.T) {
	set := choicesSet(t, 20)
	for _, c := range []struct {
		change func(*Result)
		want   string
	}{
		{func(r *Result) { r.Task.Name = "piqa" }, `field "task.name" is piqa there and choices in this run`},
		{func(r *Result) { r.Task.Clean = "strip" }, `field "task" is {`},
		{func(r *Result) { r.ItemsSHA256 = "x" }, `field "items_sha256" is x there`},
		{func(r *Result) { r.ItemsWanted = 21 }, `field "items_wanted" is 21 there and 20 in this run`},
		{func(r *Result) { r.Models = r.Models[:1] }, `field "number of models" is 1 there and 2 in this run`},
		{func(r *Result) { r.Models[0].ContainerSHA256 = "a2" }, `field "models[0].container_sha256" is a2 there and a1 in this run`},
		{func(r *Result) { r.Models[1].KernelSet = "avx2" }, `field "models[1].kernel_set" is avx2 there and generic in this run`},
		{func(r *Result) { r.Models[1].TokenizerSHA256 = "x" }, `field "models[1].tokenizer_sha256"`},
		{func(r *Result) { r.Models[1].Activations = "x" }, `field "models[1].activations"`},
		{func(r *Result) { r.Models[1].Context = 31 }, `field "models[1].context" is 31 there and 30 in this run`},
		{func(r *Result) { r.Models[1].TokensRead++ }, "the file was changed or is damaged"},
	} {
		old := interrupted(t, set, 7)
		c.change(&old)
		r, err := Run(context.Background(), set, entrantsOf(), Options{Resume: &old})
		if err == nil || !strings.HasPrefix(err.Error(), "the run cannot go on from the earlier result: ") || !strings.Contains(err.Error(), c.want) || r.Items != 0 {
			t.Errorf("%d items, %v, want %q", r.Items, err, c.want)
		}
	}
}
