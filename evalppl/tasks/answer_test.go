package tasks

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl/reading"
)

// batching reads several windows, and keeps how many.
type batching struct {
	*fakeModel
	lists    []int
	computed int64
	whole    bool // whether lists end between items
}

func (m *batching) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	m.lists = append(m.lists, len(windows))
	m.whole = m.whole && !windows[0].Shared
	for k := range windows {
		w := &windows[k]
		m.computed += int64(len(w.Tokens))
		if k > 0 {
			m.computed -= int64(w.Taken(windows[k-1].Tokens))
		}
		if err := m.Logits(ctx, w.Tokens, w.From, func(i int, l []float32) error { return fn(k, i, l) }); err != nil {
			return err
		}
	}
	return nil
}

// TestTogether: items that are read together have the results of items read alone, and what is computed is counted.
func TestTogether(t *testing.T) {
	set := choicesSet(t, 400)
	run := func(models ...Model) Result {
		var entrants []Entrant
		for i, m := range models {
			entrants = append(entrants, Entrant{Model: m, Tokenizer: fakeTokenizer{bos: i == 0}})
		}
		r, err := Run(context.Background(), set, entrants, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return withoutTimes(r)
	}
	want := run(&fakeModel{context: 30}, &fakeModel{context: 30, seed: 1})
	many := []*batching{{fakeModel: &fakeModel{context: 30}, whole: true}, {fakeModel: &fakeModel{context: 30, seed: 1}, whole: true}}
	got := run(many[0], many[1])
	for i, m := range many {
		if got.Models[i].TokensComputed != m.computed || m.computed >= want.Models[i].TokensComputed {
			t.Errorf("%d tokens computed, the model says %d; %d are read", got.Models[i].TokensComputed, m.computed, want.Models[i].TokensRead)
		}
		if !m.whole || len(m.lists) > 1+int(m.computed)/(reading.TogetherTokens/2) {
			t.Errorf("%d lists of windows for %d tokens, whole items: %v", len(m.lists), m.computed, m.whole)
		}
		got.Models[i].TokensComputed = want.Models[i].TokensComputed
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-alone +together):\n%s", d)
	}
	// A model that reads one window at a time has the others wait for it.
	alone := &batching{fakeModel: &fakeModel{context: 30}, whole: true}
	run(alone, &fakeModel{context: 30, seed: 1})
	if len(alone.lists) != len(set.Items) || !alone.whole {
		t.Errorf("%d lists for %d items", len(alone.lists), len(set.Items))
	}
}

// TestTogetherInterrupted: of items read together, those before the first that cannot be scored by all models are kept, and are those of a
// run over them alone.
func TestTogetherInterrupted(t *testing.T) {
	set := choicesSet(t, 60)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 30 {
		calls := [2]int{1 + rng.IntN(150), 1 + rng.IntN(150)}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var entrants []Entrant
		for i, at := range calls {
			m := &batching{fakeModel: &fakeModel{context: 30, seed: float64(i)}}
			m.stop = func(call int) {
				if call == at {
					cancel()
				}
			}
			entrants = append(entrants, Entrant{Name: fmt.Sprint("m", i), Model: m, Tokenizer: fakeTokenizer{}})
		}
		var items []string
		got, err := Run(ctx, set, entrants, Options{Item: func(n int, item Item, _ []Score) error {
			items = append(items, item.ID)
			return nil
		}})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), fmt.Sprintf(": %s: choice ", set.Items[got.Items].ID)) && got.Items > 0 {
			t.Errorf("%d items, then %v", got.Items, err)
		}
		if len(items) != got.Items {
			t.Fatalf("%d items are told of, %d are in the result", len(items), got.Items)
		}
		if got.Items == 0 {
			continue
		}
		part := set
		part.Items = set.Items[:got.Items]
		for i := range entrants {
			entrants[i].Model.(*batching).stop = nil
		}
		want, err := Run(context.Background(), part, entrants, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(withoutTimes(want).Models, withoutTimes(got).Models); d != "" {
			t.Errorf("(-items alone +interrupted):\n%s", d)
		}
		// A resumed run is an uninterrupted one.
		whole, err := Run(context.Background(), set, entrants, Options{})
		if err != nil {
			t.Fatal(err)
		}
		rest, err := Run(context.Background(), set, entrants, Options{Resume: &got})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(withoutTimes(whole), withoutTimes(rest)); d != "" {
			t.Errorf("(-at once +resumed):\n%s", d)
		}
	}
}
