// Package pool runs one function on a fixed set of threads that meet at barriers. A forward pass is a few hundred short
// steps; starting goroutines for each would cost more than the steps do, so the threads are started once, run the whole pass
// side by side and spin for the microseconds that a barrier takes.
//
//	p := pool.New(2)
//	defer p.Close()
//	p.Run(func(w *pool.Worker) {
//		w.Each(rows, func(i int) { ... }) // rows shared out; all of them done when Each returns
//	})
package pool

import (
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// Pool is a fixed set of workers. Run must not be called by two goroutines at once; everything else about it is fixed at New.
type Pool struct {
	workers []*Worker

	fn    func(*Worker)
	epoch atomic.Uint32 // counts Runs; a change wakes the workers

	mu     sync.Mutex // guards sleeping workers' wait
	wake   *sync.Cond
	closed bool

	// What a waiting thread looks at lies on another cache line than what the others write to meanwhile: each look would take that line
	// away from them.
	_       cpu.CacheLinePad
	arrived atomic.Int32 // workers at the barrier
	_       cpu.CacheLinePad
	phase   atomic.Uint32 // counts barriers passed
	_       cpu.CacheLinePad
}

// Worker is one thread of a running function.
type Worker struct {
	// Index is the worker's number, 0 for the goroutine that called Run.
	Index int
	pool  *Pool

	_    cpu.CacheLinePad
	next atomic.Int64 // how many of its own pieces of the current Each have been taken
	_    cpu.CacheLinePad
}

// New starts a pool of n workers, n at least 1: the caller of Run and n-1 goroutines.
func New(n int) *Pool {
	p := &Pool{}
	p.wake = sync.NewCond(&p.mu)
	for i := range max(1, n) {
		w := &Worker{Index: i, pool: p}
		p.workers = append(p.workers, w)
		if i > 0 {
			go w.loop()
		}
	}
	return p
}

// Size returns the number of workers.
func (p *Pool) Size() int { return len(p.workers) }

// Close ends the pool's goroutines. The pool must not be running.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wake.Broadcast()
}

// Run calls fn once on every worker and returns when all have returned.
func (p *Pool) Run(fn func(*Worker)) {
	if len(p.workers) == 1 {
		fn(p.workers[0])
		return
	}
	p.fn = fn
	p.mu.Lock()
	p.epoch.Add(1)
	p.mu.Unlock()
	p.wake.Broadcast()
	fn(p.workers[0])
	p.workers[0].Barrier()
}

// spins is how often a waiting thread looks before it lets others run: some microseconds, longer than a step that is evenly
// split takes to end on the other thread, shorter than a scheduler's time slice.
const spins = 4000

func (w *Worker) loop() {
	p := w.pool
	var seen uint32
	for {
		for i := 0; i < spins && p.epoch.Load() == seen; i++ {
			relax()
		}
		if p.epoch.Load() == seen {
			p.mu.Lock()
			for p.epoch.Load() == seen && !p.closed {
				p.wake.Wait()
			}
			closed := p.closed && p.epoch.Load() == seen
			p.mu.Unlock()
			if closed {
				return
			}
		}
		seen++
		p.fn(w)
		w.Barrier()
	}
}

// Barrier returns when every worker has called it. What any worker wrote before is then visible to all.
func (w *Worker) Barrier() {
	p := w.pool
	if len(p.workers) == 1 {
		w.next.Store(0)
		return
	}
	phase := p.phase.Load()
	if int(p.arrived.Add(1)) == len(p.workers) {
		p.arrived.Store(0)
		for _, v := range p.workers {
			v.next.Store(0)
		}
		p.phase.Store(phase + 1)
		return
	}
	for i := 0; p.phase.Load() == phase; i++ {
		if i < spins {
			relax()
		} else {
			runtime.Gosched()
		}
	}
}

// Each calls fn for 0..n-1, each once, and returns after all are done. Every worker must call it with the same n. A worker first takes
// the pieces of its own part of them, from the first one on, so that what it did in an earlier Each of as many is in its cache, and
// then what others have not come to. Which worker does which piece differs from run to run, so fn's result must not depend on it.
func (w *Worker) Each(n int, fn func(i int)) {
	workers := w.pool.workers
	if n == 1 { // a race for it would only move its data from core to core
		if w.Index == 0 {
			fn(0)
		}
		w.Barrier()
		return
	}
	for k := range workers {
		v := workers[(w.Index+k)%len(workers)]
		first, end := n*v.Index/len(workers), n*(v.Index+1)/len(workers)
		for {
			i := first + int(v.next.Add(1)) - 1
			if i >= end {
				break
			}
			fn(i)
		}
	}
	w.Barrier()
}

// relax is a short pause between two looks at a variable that another thread will change.
func relax() {
	for range 8 {
	}
}
