package bench

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"nibble/convert"
	"nibble/evalppl/model"
	"nibble/format"
	"nibble/kernels/roofline"
)

func embedded(t *testing.T, typ string, o model.Options) *model.Model {
	t.Helper()
	c, err := convert.OpenDir(filepath.Join("..", "..", "testdata", "models", "nibble-llama"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := filepath.Join(t.TempDir(), "m.nbl")
	if _, err := c.Convert(t.Context(), path, convert.Options{Type: typ, Tool: "test"}); err != nil {
		t.Fatal(err)
	}
	r, err := format.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	m, err := model.Load(r, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// TestLimit computes limits of a made-up machine by hand: one on which reads are slow, one on which products are.
func TestLimit(t *testing.T) {
	m := embedded(t, "int8-g32", model.Options{Threads: 1})
	ops := m.Operations(0, 100, 1)
	bytes := m.WeightBytes()
	rate := &Rate{Test: Prompt, Tokens: 100, Median: 50}
	l := &limiter{peaks: roofline.Peaks{Int8GOPS: 1e6, BF16GFLOPS: 1e6, F32GFLOPS: 1e6, Int8Loop: "x"}, reads: map[int64]float64{bytes: 1e-3}}
	got := l.limit(m, rate)
	if want := 100 / (float64(bytes) / 1e6); got.By != "reads" || math.Abs(got.TokensPerSecond/want-1) > 1e-12 || math.Abs(got.Share*want/50-1) > 1e-12 {
		t.Errorf("slow reads: %+v, want %g tokens/s", got, want)
	}
	l = &limiter{peaks: roofline.Peaks{Int8GOPS: 2, BF16GFLOPS: 1, F32GFLOPS: 1, Int8Loop: "x"}, reads: map[int64]float64{bytes: 1e6}}
	got = l.limit(m, rate)
	if want := 100 / (ops.Int8/2e9 + ops.Int16/1e9 + ops.BF16/1e9 + ops.F32/1e9); got.By != "int8 products" || math.Abs(got.TokensPerSecond/want-1) > 1e-12 {
		t.Errorf("slow products: %+v, want %g tokens/s", got, want)
	}

	// No limit is better than a wrong one.
	m = embedded(t, "bf16", model.Options{Threads: 1, Activations: model.BF16Activations})
	l.reads[m.WeightBytes()], l.peaks.BF16GFLOPS = 1, 0
	if got := l.limit(m, rate); got != nil {
		t.Errorf("bf16 products without a peak of them: %+v", got)
	}
	l.peaks = roofline.Peaks{Int8Loop: "portable Go loop, not the machine's peak"}
	if got := l.limit(m, rate); got != nil {
		t.Errorf("peaks of portable loops: %+v", got)
	}
}

// TestWork: a batch reads the weights once, generation once for each token, and scoring computes the logits of all tokens but the last.
func TestWork(t *testing.T) {
	m := embedded(t, "int4-g32", model.Options{Threads: 1})
	if w := workOf(m, Prompt, 200); w.passes != 1 || w.passBytes != m.WeightBytes() || w.ops != m.Operations(0, 200, 1) {
		t.Errorf("prompt: %+v", w)
	}
	if w := workOf(m, Generation, 200); w.passes != 200 || w.passBytes != m.WeightBytes()+m.CacheBytes(100) || w.ops != m.Operations(0, 200, 200) {
		t.Errorf("generation: %+v", w)
	}
	if w := workOf(m, Score, 200); w.passes != 1 || w.ops != m.Operations(0, 200, 199) {
		t.Errorf("score: %+v", w)
	}
}

func TestRun(t *testing.T) {
	models := []*model.Model{embedded(t, "int4-g32", model.Options{Threads: 2}), embedded(t, "f16", model.Options{Threads: 2})}
	var order []int
	res, err := Run(t.Context(), models, Options{
		Tests: []Test{{Prompt, 3}, {Score, 2}, {Generation, 2}}, Repeats: 2,
		Progress: func(m int, _ Test, _, _ int) { order = append(order, m) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, rates := range res.Rates {
		for i, r := range rates {
			if want := []string{Prompt, Score, Generation}[i]; r.Test != want || len(r.Repeats) != 2 || !(r.Min > 0 && r.Min <= r.Median && r.Median <= r.Max) {
				t.Errorf("%+v", r)
			}
			if (r.GBPerSecond > 0) != (r.Test == Generation) || r.Limit != nil {
				t.Errorf("%+v", r)
			}
		}
	}
	if res.Peaks != nil || len(order) != 3*3*2 || order[0] != 0 || order[1] != 1 || order[2] != 0 {
		t.Errorf("peaks %v; models took turns as %v", res.Peaks, order)
	}
}

func TestRunErrors(t *testing.T) {
	m := embedded(t, "f16", model.Options{Threads: 1})
	other := embedded(t, "f16", model.Options{Threads: 2})
	for _, c := range []struct {
		models []*model.Model
		o      Options
		want   string
	}{
		{[]*model.Model{m}, Options{Tests: []Test{{Prompt, 1}}}, "0 repeats"},
		{[]*model.Model{m}, Options{Repeats: 1}, "nothing to measure"},
		{[]*model.Model{m}, Options{Repeats: 1, Tests: []Test{{"x", 1}}}, `"x"`},
		{[]*model.Model{m}, Options{Repeats: 1, Tests: []Test{{Score, 1}}}, "at least 2"},
		{[]*model.Model{m}, Options{Repeats: 1, Tests: []Test{{Prompt, 100000}}}, "positions"},
		{[]*model.Model{m, other}, Options{Repeats: 1, Tests: []Test{{Prompt, 1}}}, "on 1 and on 2 threads"},
		{[]*model.Model{m}, Options{Repeats: 1, Tests: []Test{{Prompt, 100000}}, Names: []string{"m.nbl"}}, "m.nbl: bench"},
	} {
		if _, err := Run(t.Context(), c.models, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, []*model.Model{m}, Options{Repeats: 1, Tests: []Test{{Prompt, 1}}, Roofline: true}); err == nil {
		t.Error("cancelled: no error")
	}
}
