package evalppl

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInTurnIsByTurns demands that both ways of comparing give the same comparison in every bit.
func TestInTurnIsByTurns(t *testing.T) {
	base := newTable(1, 20, 16, 2)
	for name, c := range cases(base) {
		if c.o.Protocol == HF {
			continue
		}
		others := func() []DistributionModel {
			return []DistributionModel{base.noisy(1, 0.1), base.noisy(2, 0), base.noisy(3, 1)}
		}
		want, err := CompareDocuments(context.Background(), base, others(), c.docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		passes := 0
		c.o.Passed = func(model, first, last, total int) {
			if model != passes%4 || first != passes/4 || last != first+1 || total != want.TotalWindows {
				t.Fatalf("%s: pass %d is announced as one of model %d over windows %d to %d of %d", name, passes, model, first, last, total)
			}
			passes++
		}
		got, err := CompareInTurn(context.Background(), base, others(), DocumentsText(c.docs), c.o)
		if err != nil {
			t.Fatal(err)
		}
		if passes != 4*want.TotalWindows {
			t.Errorf("%s: %d passes announced, want %d", name, passes, 4*want.TotalWindows)
		}
		for _, r := range []*Comparison{&got, &want} {
			r.Seconds, r.TokensPerSecond = 0, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-by turns +in turn):\n%s", name, diff)
		}
		if got.Others[0].KL.Mean == 0 || got.Others[1].KL.Max != 0 || got.Others[2].KL.Mean < 5*got.Others[0].KL.Mean {
			t.Errorf("%s: divergences %g, %g, %g of noise 0.1, 0 and 1", name, got.Others[0].KL.Mean, got.Others[1].KL.Max, got.Others[2].KL.Mean)
		}
	}
}

// TestInTurnInterrupted: what has read the first window is kept; a later window that not all have read is dropped.
func TestInTurnInterrupted(t *testing.T) {
	base := newTable(1, 20, 16, 2)
	tokens := randomTokens(base, 5, 100)
	o := Options{Ctx: 16, Stride: 16}
	noises := []float64{0.1, 0.2, 0.3}
	for _, stop := range []struct{ window, model, others, windows int }{
		{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 3, 2, 1}, {1, 0, 3, 1}, {1, 2, 3, 1}, {4, 3, 3, 4},
	} {
		t.Run(fmt.Sprintf("window %d model %d", stop.window, stop.model), func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var models []*tableModel
			for i := range 4 {
				m := base.noisy(0, 0)
				if i > 0 {
					m = base.noisy(uint64(i), noises[i-1])
				}
				models = append(models, m)
			}
			models[stop.model].cancel = func(pass int) {
				if pass == stop.window+1 {
					cancel()
				}
			}
			got, err := CompareInTurn(ctx, models[0], []DistributionModel{models[1], models[2], models[3]}, DocumentsText([][]uint32{tokens}), o)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			if len(got.Others) != stop.others || got.Windows != stop.windows {
				t.Fatalf("%d others on %d windows, want %d on %d", len(got.Others), got.Windows, stop.others, stop.windows)
			}
			if stop.others == 0 {
				return
			}
			if !got.Partial {
				t.Error("is not partial")
			}
			var others []DistributionModel
			for i := range stop.others {
				others = append(others, base.noisy(uint64(i+1), noises[i]))
			}
			want, err := Compare(context.Background(), base, others, tokens[:16*stop.windows], o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.Others {
				if diff := cmp.Diff(want.Others[i].KL, got.Others[i].KL); diff != "" {
					t.Errorf("other %d (-the windows alone +interrupted):\n%s", i, diff)
				}
			}
		})
	}
}

func TestInTurnNotFinite(t *testing.T) {
	base := newTable(1, 20, 16, 2)
	tokens := randomTokens(base, 5, 100)
	for _, at := range []int{0, 1, 2} {
		models := []*tableModel{base.noisy(0, 0), base.noisy(1, 0.1), base.noisy(2, 0.2)}
		models[at].poison = func(window []uint32) bool { return beginsWith(tokens[32:], window) }
		o := Options{Ctx: 16, Stride: 16}
		others := []DistributionModel{models[1], models[2]}
		_, err := CompareInTurn(context.Background(), models[0], others, DocumentsText([][]uint32{tokens}), o)
		var bad *NonFiniteError
		if !errors.As(err, &bad) || bad.Window != 2 || !strings.HasPrefix(err.Error(), modelName(at)) {
			t.Errorf("model %d: %v", at, err)
		}
		o.NonFinite = SkipNonFinite
		got, err := CompareInTurn(context.Background(), models[0], others, DocumentsText([][]uint32{tokens}), o)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Compare(context.Background(), models[0], others, tokens, o)
		if err != nil {
			t.Fatal(err)
		}
		if got.WindowsLeftOut != 1 || len(got.NonFinite) != 1 || got.NonFinite[0] != want.NonFinite[0] || math.IsNaN(got.Others[1].KL.Mean) || got.Others[1].KL.Mean != want.Others[1].KL.Mean {
			t.Errorf("model %d: %d windows left out (%v), divergence %g, want %g", at, got.WindowsLeftOut, got.NonFinite, got.Others[1].KL.Mean, want.Others[1].KL.Mean)
		}
	}
}

// badRows gives a wrong number of rows, or rows of a wrong length.
type badRows struct {
	*tableModel
	less, shorter int
}

func (m badRows) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	return m.tableModel.Logits(ctx, window[:len(window)-m.less], from, func(i int, logits []float32) error {
		return fn(i, logits[m.shorter:])
	})
}

func TestInTurnWrongRows(t *testing.T) {
	base := newTable(1, 20, 16, 2)
	tokens := randomTokens(base, 5, 40)
	for want, m := range map[string]badRows{"rows of logits, want": {base.noisy(1, 1), 1, 0}, "19 logits, want 20": {base.noisy(1, 1), 0, 1}} {
		for i, models := range [][2]DistributionModel{{m, base}, {base, m}} {
			_, err := CompareInTurn(context.Background(), models[0], []DistributionModel{models[1]}, DocumentsText([][]uint32{tokens}), Options{})
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), modelName(i)) {
				t.Errorf("%q, model %d: %v", want, i, err)
			}
		}
	}
}

// What only models that take turns can do is refused, not left undone.
func TestCompareInTurnRefuses(t *testing.T) {
	base := newTable(3, 40, 64, 2)
	docs := DocumentsText([][]uint32{randomTokens(base, 5, 100)})
	for want, o := range map[string]Options{"no model": {}, "take turns": {SaveBase: nothingSaved{}}} {
		var others []DistributionModel
		if o.SaveBase != nil {
			others = append(others, base.noisy(1, 0.1))
		}
		if _, err := CompareInTurn(context.Background(), base, others, docs, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

type nothingSaved struct{}

func (nothingSaved) Begin(BaseInfo) error                      { return nil }
func (nothingSaved) Rows([]float32, []uint32, []float64) error { return nil }
