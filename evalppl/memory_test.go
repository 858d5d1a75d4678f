package evalppl

import (
	"context"
	"math"
	"runtime"
	"testing"
)

// madeText is a text of one document whose tokens are computed from their places: it takes no memory whatever its length.
type madeText struct{ tokens, vocab int }

func (t madeText) Documents() int { return 1 }
func (t madeText) Length(int) int { return t.tokens }

func (t madeText) ReadAt(dst []uint32, at int64) error {
	for i := range dst {
		x := uint64(at+int64(i)) * 0x9e3779b97f4a7c15
		dst[i] = uint32((x >> 40) % uint64(t.vocab))
	}
	return nil
}

// cheapModel has the same logits everywhere. It looks at the heap now and then.
type cheapModel struct {
	logits []float32
	losses []float64
	heap   *heapPeak
	every  int
	passes int
}

func newCheapModel(heap *heapPeak, every int, logits ...float32) *cheapModel {
	m := &cheapModel{logits: logits, heap: heap, every: every}
	for _, p := range exactLogProbabilities(logits) {
		m.losses = append(m.losses, -p)
	}
	return m
}

func (m *cheapModel) Vocab() int   { return len(m.logits) }
func (m *cheapModel) Context() int { return 1024 }

func (m *cheapModel) look() {
	if m.passes++; m.passes%m.every == 0 {
		m.heap.sample()
	}
}

func (m *cheapModel) Losses(_ context.Context, window []uint32, from int, dst []float64) error {
	m.look()
	for i := range dst {
		dst[i] = m.losses[window[from+i+1]]
	}
	return nil
}

func (m *cheapModel) Logits(_ context.Context, window []uint32, from int, fn func(int, []float32) error) error {
	m.look()
	for i := from; i < len(window); i++ {
		if err := fn(i, m.logits); err != nil {
			return err
		}
	}
	return nil
}

// heapPeak is the largest live heap seen, above what there was at first.
type heapPeak struct{ base, peak uint64 }

func newHeapPeak() *heapPeak {
	h := &heapPeak{}
	h.base = h.live()
	return h
}

func (h *heapPeak) live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (h *heapPeak) sample() {
	if now := h.live(); now > h.base {
		h.peak = max(h.peak, now-h.base)
	}
}

// TestRunMemory: of 50 million tokens (200 MB) a run keeps 48 bytes for each window, and while the list of them grows one and a quarter times
// as much again: 100,000 windows stay below 12 MB. A list of windows or tokens would not.
func TestRunMemory(t *testing.T) {
	const tokens = 50_000_000
	heap := newHeapPeak()
	m := newCheapModel(heap, 10_000, 0, 1, 2, 3)
	r, err := RunText(context.Background(), m, madeText{tokens, 4}, Options{Ctx: 1024, Stride: 512})
	if err != nil {
		t.Fatal(err)
	}
	heap.sample()
	if r.Tokens != tokens || r.TokensScored != tokens-1 {
		t.Fatalf("%d tokens, %d scored", r.Tokens, r.TokensScored)
	}
	if most := uint64(12 << 20); heap.peak > most {
		t.Errorf("the heap grew by %d bytes over %d windows, want at most %d", heap.peak, r.Windows, most)
	}
}

// TestCompareMemory: a comparison keeps 8 bytes of each token, of which no more than tallyMemory stays in memory, beside the block of each list
// that is being filled and the counts that select quantiles.
func TestCompareMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("8 million tokens")
	}
	const tokens = 8_000_000 // 64 MB of values
	heap := newHeapPeak()
	base, other := newCheapModel(heap, 1000, 0, 1, 2, 3), newCheapModel(heap, 1000, 0, 1, 2, 3.5)
	c, err := CompareText(context.Background(), base, []DistributionModel{other}, madeText{tokens, 4}, Options{Ctx: 1024, Stride: 1024, Resamples: 10})
	if err != nil {
		t.Fatal(err)
	}
	if most := uint64(tallyMemory + 8<<20); heap.peak > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", heap.peak, most)
	}
	kl := exactKL(base.logits, other.logits)
	if a := c.Others[0].KL; math.Abs(a.Median-kl) > 1e-6 || a.P999 != a.Median || a.Max < kl-1e-6 {
		t.Errorf("divergence %+v, want %g everywhere", a, kl)
	}
}
