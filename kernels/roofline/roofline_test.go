package roofline

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
)

func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	for _, threads := range []int{1, runtime.GOMAXPROCS(0)} {
		p, err := Measure(t.Context(), threads)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", p)
		if p.Threads != threads || p.Int8GOPS <= 0 || p.F32GFLOPS <= 0 || p.ReadGBps <= 0 || p.CacheReadGBps <= 0 {
			t.Errorf("%+v: a rate is missing", p)
		}
		if (p.BF16GFLOPS > 0) != (p.BF16Loop != "") || p.Int8Loop == "" || p.F32Loop == "" || p.ReadLoop == "" {
			t.Errorf("%+v: a rate without a loop's name, or the other way round", p)
		}
	}
}

func TestBest(t *testing.T) {
	p := Peaks{Threads: 2, Int8GOPS: 5, F32GFLOPS: 2, BF16GFLOPS: 4, ReadGBps: 9, CacheReadGBps: 1}
	q := Peaks{Threads: 2, Int8GOPS: 4, F32GFLOPS: 3, BF16GFLOPS: 5, ReadGBps: 8, CacheReadGBps: 2}
	if got, want := p.Best(q), (Peaks{Threads: 2, Int8GOPS: 5, F32GFLOPS: 3, BF16GFLOPS: 5, ReadGBps: 9, CacheReadGBps: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestRead reads few and many bytes: sizes that are no whole pages, and fewer than a page for each thread.
func TestRead(t *testing.T) {
	for _, bytes := range []int64{1, 4097, 1<<20 + 5} {
		if rate, err := Read(t.Context(), 2, bytes); err != nil || !(rate > 0) {
			t.Errorf("%d bytes: %g, %v", bytes, rate, err)
		}
	}
}

func TestMeasureErrors(t *testing.T) {
	for _, threads := range []int{0, -1, MaxThreads + 1} {
		if _, err := Measure(t.Context(), threads); err == nil || !strings.Contains(err.Error(), "want 1 to") {
			t.Errorf("%d threads: %v", threads, err)
		}
	}
	if _, err := Read(t.Context(), 0, 1<<20); err == nil || !strings.Contains(err.Error(), "want 1 to") {
		t.Errorf("read with 0 threads: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Measure(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Read(ctx, 1, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("read, cancelled: %v", err)
	}
}

// TestMachineLoops runs this CPU's loops where nothing is measured.
func TestMachineLoops(t *testing.T) {
	l := machineLoops()
	l.int8.run(10)
	l.f32.run(10)
	if l.bf16.run != nil {
		l.bf16.run(10)
	}
	l.read(make([]byte, 512))
}

// TestPortable keeps the portable loops runnable where assembly is measured.
func TestPortable(t *testing.T) {
	l := portableLoops()
	l.int8.run(100)
	l.f32.run(100)
	l.read(make([]byte, 1024))
	if !strings.HasPrefix(l.int8.name, "portable") || !strings.HasPrefix(l.f32.name, "portable") || !strings.HasPrefix(l.readName, "portable") || l.bf16.run != nil {
		t.Errorf("%+v: a portable loop is not labelled as one", l)
	}
}
