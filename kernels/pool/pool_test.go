package pool

import (
	"fmt"
	"sync/atomic"
	"testing"
)

func TestEachDoesEveryPieceOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			p := New(workers)
			defer p.Close()
			const steps, pieces = 200, 37
			for run := range 5 {
				counts := make([][pieces]atomic.Int32, steps)
				sums := make([]int, steps)
				p.Run(func(w *Worker) {
					for s := range steps {
						w.Each(pieces, func(i int) { counts[s][i].Add(int32(i + 1)) })
						// After Each, every piece is visible to every worker.
						if w.Index == 0 {
							for i := range counts[s] {
								sums[s] += int(counts[s][i].Load())
							}
						}
					}
				})
				for s, sum := range sums {
					if want := pieces * (pieces + 1) / 2; sum != want {
						t.Fatalf("run %d step %d: sum %d, want %d", run, s, sum, want)
					}
				}
			}
		})
	}
}

func TestRunReachesEveryWorker(t *testing.T) {
	p := New(4)
	defer p.Close()
	for range 100 {
		var mask atomic.Uint32
		p.Run(func(w *Worker) { mask.Or(1 << w.Index) })
		if mask.Load() != 15 {
			t.Fatalf("workers %b ran", mask.Load())
		}
	}
}

func TestNoAllocation(t *testing.T) {
	p := New(2)
	defer p.Close()
	var n atomic.Int64
	piece := func(int) { n.Add(1) }
	fn := func(w *Worker) { w.Each(10, piece) }
	if a := testing.AllocsPerRun(100, func() { p.Run(fn) }); a != 0 {
		t.Errorf("%g allocations a run", a)
	}
}

func BenchmarkBarrier(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			p := New(workers)
			defer p.Close()
			p.Run(func(w *Worker) {
				for range b.N {
					w.Barrier()
				}
			})
		})
	}
}
