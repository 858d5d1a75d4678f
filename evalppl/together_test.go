package evalppl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl/reading"
)

// batching is a table model that reads several windows together.
type batching struct {
	*tableModel
	lists int // of more than one
	most  int // tokens in one
}

func (m *batching) LossesOf(ctx context.Context, windows []reading.Window) error {
	m.note(windows, 1)
	for i := range windows {
		if err := m.Losses(ctx, windows[i].Tokens, windows[i].From, windows[i].Losses); err != nil {
			return err
		}
	}
	return nil
}

func (m *batching) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	m.note(windows, 0)
	for k := range windows {
		if err := m.Logits(ctx, windows[k].Tokens, windows[k].From, func(i int, l []float32) error { return fn(k, i, l) }); err != nil {
			return err
		}
	}
	return nil
}

func (m *batching) note(windows []reading.Window, unread int) {
	tokens := 0
	for i := range windows {
		tokens += len(windows[i].Tokens) - unread
	}
	m.lists++
	m.most = max(m.most, tokens)
}

// shortCases are the cases, and texts of so short documents that many of them are read together.
func shortCases(m *tableModel) map[string]struct {
	docs [][]uint32
	o    Options
} {
	c := cases(m)
	long := randomTokens(m, 11, 4000)
	one := c[Document]
	one.docs = nil
	for n := 1; len(long) > n; n = n%7 + 1 {
		one.docs = append(one.docs, long[:n])
		long = long[n:]
	}
	c["short documents"] = one
	one.o = c[LMEval].o
	c["short documents, lm-eval"] = one
	one = c[Strided]
	one.docs, one.o = [][]uint32{randomTokens(m, 12, 2000)}, Options{Ctx: 3, Stride: 1}
	c["short windows"] = one
	return c
}

// TestRunTogether: windows that are read together have the result of windows read alone, whatever ends the run.
func TestRunTogether(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	for name, c := range shortCases(m) {
		for what, change := range map[string]func(o *Options){
			"all":         func(*Options) {},
			"shard":       func(o *Options) { o.Shard = Shard{2, 3} },
			"until error": func(o *Options) { o.UntilError = 0.05 },
			"half of it": func(o *Options) {
				half := *o
				ctx, cancel := context.WithCancel(context.Background())
				half.Progress = func(done, total int, _ Result) {
					if done > total/2 {
						cancel()
					}
				}
				r, err := RunDocuments(ctx, m, c.docs, half)
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				o.Resume = &r
			},
		} {
			o := c.o
			change(&o)
			run := func(m Model) (r Result, losses []float64, progress []string) {
				o.Losses = func(l []float64) error { losses = append(losses, l...); return nil }
				o.Progress = func(done, total int, so Result) {
					progress = append(progress, fmt.Sprint(done, total, so.NLL, so.Windows, so.Partial))
				}
				r, err := RunDocuments(context.Background(), m, c.docs, o)
				if err != nil {
					t.Fatal(err)
				}
				return timeless(r), losses, progress
			}
			want, wantLosses, wantProgress := run(m)
			b := &batching{tableModel: m}
			got, losses, progress := run(b)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-alone +together):\n%s", name, what, diff)
			}
			if !slices.Equal(losses, wantLosses) || !slices.Equal(progress, wantProgress) {
				t.Errorf("%s, %s: other losses or progress", name, what)
			}
			if want.Windows > 1 && (b.lists == 0 || b.most > reading.TogetherTokens) {
				t.Errorf("%s, %s: %d lists of windows, at most %d tokens", name, what, b.lists, b.most)
			}
		}
	}
}

// TestRunTogetherInterrupted: the windows before a Ctrl-C in Progress, or before one that is not finite, are those of the result.
func TestRunTogetherInterrupted(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	docs := shortCases(m)["short documents"].docs
	for _, stop := range []int{1, 5, 150, 299} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r, err := RunDocuments(ctx, &batching{tableModel: m}, docs, Options{Protocol: Document, Progress: func(_, _ int, so Result) {
			if so.Windows == stop {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || r.Windows != stop || !r.Partial {
			t.Errorf("stopped after %d windows: %d, partial %v, %v", stop, r.Windows, r.Partial, err)
		}
	}
	bad := docs[200] // has 5 tokens
	m.poison = func(window []uint32) bool { return len(window) >= 4 && slices.Equal(window[:4], bad[:4]) }
	for _, many := range []bool{false, true} {
		var model Model = m
		if many {
			model = &batching{tableModel: m}
		}
		r, err := RunDocuments(context.Background(), model, docs, Options{Protocol: Document})
		var e *NonFiniteError
		if !errors.As(err, &e) || e.Document != 200 || e.Window != r.Windows || r.Windows < 100 {
			t.Errorf("together %v: %d windows, %v", many, r.Windows, err)
		}
		r, err = RunDocuments(context.Background(), model, docs, Options{Protocol: Document, NonFinite: SkipNonFinite})
		if err != nil || r.WindowsLeftOut != 1 || !strings.Contains(r.NonFinite[0], "document 200, window") {
			t.Errorf("together %v: %d windows left out, %v", many, r.WindowsLeftOut, err)
		}
	}
}

// rounded gives logits in steps of 1/64, and exact losses.
type rounded struct {
	*tableModel
	losses []float64
}

func (m *rounded) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	m.losses = m.losses[:0]
	return m.tableModel.Logits(ctx, window, from, func(i int, logits []float32) error {
		m.losses = append(m.losses, float64(logits[0])) // any number will do
		for j, x := range logits {
			logits[j] = float32(math.Round(float64(x)*64) / 64)
		}
		return fn(i, logits)
	})
}

func (m *rounded) WindowLosses() []float64      { return m.losses }
func (m *rounded) LogProbabilityError() float64 { return 1. / 64 }
func (m *rounded) KLBound(kl float64) float64   { return kl }

// TestCompareTogether: so with comparisons, by turns, in turn and with a base that was saved.
func TestCompareTogether(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	for name, c := range shortCases(base) {
		if c.o.Protocol == HF {
			continue
		}
		for _, poisoned := range []bool{false, true} {
			a, b := base.noisy(2, 0.02), base.noisy(3, 1)
			o := c.o
			o.Resamples = 50
			if poisoned {
				o.NonFinite = SkipNonFinite
				b.poison = func(window []uint32) bool {
					var all uint32
					for _, id := range window {
						all += id
					}
					return all%5 == 0
				}
			}
			var progress []string
			o.Compared = func(done, total int, kl []float64) { progress = append(progress, fmt.Sprint(done, total, kl)) }
			compare := func(base DistributionModel, others []DistributionModel, inTurn bool) Comparison {
				run := CompareText
				if inTurn {
					run = CompareInTurn
				}
				r, err := run(context.Background(), base, others, DocumentsText(c.docs), o)
				if err != nil {
					t.Fatal(err)
				}
				r.Seconds, r.TokensPerSecond = 0, 0
				return r
			}
			saved := &rounded{tableModel: base}
			want := compare(base, []DistributionModel{a, b}, false)
			wantSaved := compare(saved, []DistributionModel{a, b}, false)
			wantProgress := progress
			progress = nil
			lists := []*batching{{tableModel: base}, {tableModel: a}, {tableModel: b}}
			got := compare(lists[0], []DistributionModel{lists[1], lists[2]}, false)
			gotSaved := compare(saved, []DistributionModel{lists[1], lists[2]}, false)
			if !slices.Equal(progress, wantProgress) {
				t.Errorf("%s: other progress", name)
			}
			passes, before := 0, 0
			o.Passed = func(model, first, last, total int) {
				if model != passes%3 || first != before || last <= first || total != want.TotalWindows {
					t.Errorf("%s: pass %d is announced as one of model %d over windows %d to %d of %d", name, passes, model, first, last, total)
				}
				if passes++; model == 2 {
					before = last
				}
			}
			inTurn := compare(lists[0], []DistributionModel{lists[1], lists[2]}, true)
			for what, d := range map[string]string{"": cmp.Diff(want, got), "saved base": cmp.Diff(wantSaved, gotSaved), "in turn": cmp.Diff(want, inTurn)} {
				if d != "" {
					t.Errorf("%s, %s (-alone +together):\n%s", name, what, d)
				}
			}
			if poisoned && got.WindowsLeftOut == 0 && c.o.Ctx != 3 { // of which no position is far enough in to be poisoned
				t.Errorf("%s: no window is left out", name)
			}
			for _, l := range lists {
				if got.Windows > 1 && (l.lists == 0 || l.most > reading.TogetherTokens) {
					t.Errorf("%s: %d lists of windows, at most %d tokens", name, l.lists, l.most)
				}
			}
		}
	}
}

// TestCompareTogetherInterrupted: what all models have read of the windows under way is kept.
func TestCompareTogetherInterrupted(t *testing.T) {
	base := newTable(1, 40, 16, 2)
	docs := shortCases(base)["short documents"].docs
	whole, err := CompareDocuments(context.Background(), base, []DistributionModel{base.noisy(2, 0.5)}, docs, Options{Protocol: Document})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{40, 300} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		other := base.noisy(2, 0.5)
		other.cancel = func(pass int) {
			if pass == at {
				cancel()
			}
		}
		got, err := CompareDocuments(ctx, &batching{tableModel: base}, []DistributionModel{&batching{tableModel: other}}, docs, Options{Protocol: Document})
		// A few rows of the window before may wait for the row that failed.
		if !errors.Is(err, context.Canceled) || !got.Partial || got.Windows >= at || got.Windows < at-rowsAtOnce {
			t.Errorf("canceled in window %d of %d: %d are kept, %v", at, whole.Windows, got.Windows, err)
		}
	}
}
