package roofline

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nibble/kernels/hugepage"
)

// Peaks are the highest rates that were seen with a number of threads. An operation is a multiplication or an addition, so a
// multiply-add counts as two.
type Peaks struct {
	Threads int `json:"threads"`

	Int8GOPS   float64 `json:"int8_gops"`             // products of 8-bit integers, added to 32-bit sums: 10^9 operations a second
	F32GFLOPS  float64 `json:"f32_gflops"`            // float32 multiply-adds: 10^9 operations a second
	BF16GFLOPS float64 `json:"bf16_gflops,omitempty"` // bfloat16 products added to float32 sums; 0 where the CPU has no such instruction

	ReadGBps      float64 `json:"read_gbps"`       // sequential reads from memory, 10^9 bytes a second
	CacheReadGBps float64 `json:"cache_read_gbps"` // sequential reads of CacheBytes bytes by each thread, over and over

	// The loops that were run, for example "VPDPBUSD of 512 bits".
	Int8Loop string `json:"int8_loop"`
	F32Loop  string `json:"f32_loop"`
	BF16Loop string `json:"bf16_loop,omitempty"`
	ReadLoop string `json:"read_loop"`
}

// Portable reports whether the loops were portable Go, whose rates are not the machine's peaks.
func (p Peaks) Portable() bool { return p.Int8Loop == portable }

// Best returns the higher one of each rate of two measurements on the same machine.
func (p Peaks) Best(q Peaks) Peaks {
	p.Int8GOPS, p.F32GFLOPS, p.BF16GFLOPS = max(p.Int8GOPS, q.Int8GOPS), max(p.F32GFLOPS, q.F32GFLOPS), max(p.BF16GFLOPS, q.BF16GFLOPS)
	p.ReadGBps, p.CacheReadGBps = max(p.ReadGBps, q.ReadGBps), max(p.CacheReadGBps, q.CacheReadGBps)
	return p
}

const (
	// MemoryBytes is how much Measure reads from memory, all threads together. It is several times the last cache of most CPUs; where
	// that is larger (some servers), ReadGBps is partly a rate of the cache.
	MemoryBytes = 256 << 20
	// CacheBytes is what each thread reads from cache: more than L2, less than its share of L3, on the CPUs in use.
	CacheBytes = 4 << 20
	// MaxThreads is the largest number of threads that Measure accepts.
	MaxThreads = 1024

	// Each loop runs for about runTime, runs times, and the best one counts: other work on the machine only ever makes one slower.
	runs    = 12
	runTime = 6 * time.Millisecond
	// readBytes is what one run reads at least, all threads together, of few bytes again and again.
	readBytes = 128 << 20
)

// Measure runs each loop on threads threads at once, which takes about a second in all, and MemoryBytes of memory. An impossible
// number of threads is an error; so is a cancelled ctx, which is asked for between runs.
func Measure(ctx context.Context, threads int) (Peaks, error) {
	if err := checkThreads(threads); err != nil {
		return Peaks{}, err
	}
	l := machineLoops()
	p := Peaks{Threads: threads, Int8Loop: l.int8.name, F32Loop: l.f32.name, BF16Loop: l.bf16.name, ReadLoop: l.readName}
	for _, a := range []struct {
		arithmetic
		rate *float64
	}{{l.int8, &p.Int8GOPS}, {l.f32, &p.F32GFLOPS}, {l.bf16, &p.BF16GFLOPS}} {
		if a.run == nil {
			continue
		}
		n := calibrate(a.run)
		seconds, err := best(ctx, threads, func(int) { a.run(n) })
		if err != nil {
			return Peaks{}, err
		}
		*a.rate = float64(threads) * float64(n) * float64(a.ops) / seconds / 1e9
	}

	var err error
	if p.ReadGBps, err = Read(ctx, threads, MemoryBytes); err != nil {
		return Peaks{}, err
	}
	p.CacheReadGBps, err = Read(ctx, threads, int64(min(threads*CacheBytes, MemoryBytes)))
	return p, err
}

// Read measures how many 10^9 bytes a second threads threads read, each its share of the same bytes bytes over and over: the rate of
// the caches where they hold these, of memory where they do not. They lie in huge pages where the system has them. More than MemoryBytes are as good as MemoryBytes, which it takes
// then. Errors are those of [Measure].
func Read(ctx context.Context, threads int, bytes int64) (float64, error) {
	if err := checkThreads(threads); err != nil {
		return 0, err
	}
	const page = 4096
	part := max(page, int(min(bytes, MemoryBytes))/threads&^(page-1))
	memory, free := hugepage.Allocate(threads * part)
	if memory == nil {
		memory, free = make([]byte, threads*part), func() {}
	}
	defer free()
	mine := func(thread int) []byte { return memory[thread*part:][:part] }
	together(threads, func(thread int) { // an untouched page is no memory yet
		for b := mine(thread); len(b) > 0; b = b[page:] {
			b[0] = 1
		}
	})
	read := machineLoops().read
	times := max(1, readBytes/len(memory))
	seconds, err := best(ctx, threads, func(thread int) {
		for range times {
			read(mine(thread))
		}
	})
	return float64(times) * float64(len(memory)) / seconds / 1e9, err
}

// checkThreads refuses an impossible number of threads.
func checkThreads(threads int) error {
	if threads < 1 || threads > MaxThreads {
		return fmt.Errorf("roofline: %d threads, want 1 to %d", threads, MaxThreads)
	}
	return nil
}

// calibrate returns for which n run(n) takes about runTime.
func calibrate(run func(n int)) int {
	for n := 1000; ; n *= 2 {
		start := time.Now()
		run(n)
		if t := time.Since(start); t > runTime/8 {
			return max(1, int(float64(n)*runTime.Seconds()/t.Seconds()))
		}
	}
}

// best returns how many seconds the fastest of several runs took. The threads stay alive and spin between runs: threads that sleep are
// often woken on the same core, and stay there for longer than a run.
func best(ctx context.Context, threads int, run func(thread int)) (float64, error) {
	starts, ends := make([]time.Time, threads), make([]time.Time, threads)
	var arrived atomic.Int64
	meet := func(round int) { // all threads have come here round times
		arrived.Add(1)
		for spins := 1; arrived.Load() < int64(round*threads); spins++ {
			if spins%(1<<20) == 0 {
				runtime.Gosched() // more threads than cores
			}
		}
	}
	least, cancelled := time.Duration(1<<63-1), false // thread 0 writes, others read cancelled after they met
	together(threads, func(thread int) {
		for r := range runs {
			if thread == 0 {
				cancelled = ctx.Err() != nil
			}
			meet(2*r + 1)
			if cancelled {
				return
			}
			starts[thread] = time.Now()
			run(thread)
			ends[thread] = time.Now()
			meet(2*r + 2)
			if thread == 0 {
				least = min(least, slices.MaxFunc(ends, time.Time.Compare).Sub(slices.MinFunc(starts, time.Time.Compare)))
			}
		}
	})
	return max(least, 1).Seconds(), ctx.Err()
}

// together runs f on threads of the system, one for each, and waits for them.
func together(threads int, f func(thread int)) {
	var done sync.WaitGroup
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			f(i)
		})
	}
	done.Wait()
}
