package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/tokenizer"
	"nibble/testdata"
)

// endlessText is a text of n bytes that is made as it is read. It looks at the heap every few megabytes.
type endlessText struct {
	left  int
	state uint64
	heap  *heapPeak
	next  int
}

func (e *endlessText) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	if e.left <= e.next {
		e.heap.sample()
		e.next = e.left - 8<<20
	}
	n := min(len(p), e.left)
	for i := range n {
		e.state = e.state*6364136223846793005 + 1442695040888963407
		p[i] = "etaoin shrdlu. \n"[e.state>>60]
	}
	e.left -= n
	return n, nil
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

// sameLosses is a model that finds every token equally likely, and looks at the heap now and then.
type sameLosses struct {
	vocab  int
	heap   *heapPeak
	passes int
}

func (m *sameLosses) Vocab() int   { return m.vocab }
func (m *sameLosses) Context() int { return 1024 }
func (m *sameLosses) Losses(_ context.Context, _ []uint32, _ int, dst []float64) error {
	if m.passes++; m.passes%20_000 == 0 {
		m.heap.sample()
	}
	for i := range dst {
		dst[i] = 1
	}
	return nil
}

// TestMemoryDoesNotGrow reads a text of 200 MB from standard input (60 MB with -short), tokenizes and scores it. Held as a whole, the text and
// its 160 million tokens would take 840 MB. What may be held: 34 MB of tokens, 12 MB of the encoder's text, words and ids, and
// the windows' scores: 155,000 of 40 bytes, and one and a quarter times as much again while their list grows.
func TestMemoryDoesNotGrow(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, protocol := range []string{evalppl.Strided, evalppl.Document} {
		size := 60_000_000
		if protocol == evalppl.Strided && !testing.Short() {
			size = 200_000_000
		}
		files, err := tokenizer.CollectFiles(testdata.Models()[0].FS)
		if err != nil {
			t.Fatal(err)
		}
		heap := newHeapPeak()
		cmd := &cobra.Command{}
		var sf streamFlags
		sf.add(cmd, 0)
		if err := cmd.ParseFlags([]string{"--text", "-", "--text-kind", "plain"}); err != nil {
			t.Fatal(err)
		}
		cmd.SetContext(context.Background())
		cmd.SetIn(&endlessText{left: size, state: 1, heap: heap, next: size})
		if err := sf.check(cmd, protocol); err != nil {
			t.Fatal(err)
		}
		s, err := sf.read(cmd, "a model", files, protocol)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		r, err := evalppl.RunText(context.Background(), &sameLosses{vocab: 1 << 16, heap: heap}, s.text, evalppl.Options{Protocol: protocol, Ctx: 1024, Stride: 1024})
		if err != nil {
			t.Fatal(err)
		}
		heap.sample()
		t.Logf("%s: %d tokens, %d windows, heap %d bytes", protocol, r.Tokens, r.Windows, heap.peak)
		if r.Tokens < size/4 || r.TokensScored != r.Tokens-r.Windows {
			t.Errorf("%d tokens, %d scored", r.Tokens, r.TokensScored)
		}
		if most := uint64(64 << 20); heap.peak > most {
			t.Errorf("%s: the heap grew by %d bytes, want at most %d", protocol, heap.peak, most)
		}
		if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
			t.Errorf("files with a name: %v, %v", left, err)
		}
		if testing.Short() {
			return
		}
	}
}
