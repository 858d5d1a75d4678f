package convert

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"nibble/format"
)

// About how many weights are converted at a time. A slab is whole tiles, so it has at least 16 rows. Weights and what they decode to
// stay in a core's L2 cache. Strips of a transposed source are wider: each of its rows is a read of its own.
const (
	slabWeights           = 64 << 10
	transposedSlabWeights = 512 << 10
)

// slab is a run of rows of one tensor. The cut into slabs does not depend on the number of threads, nor does anything computed
// from it.
type slab struct{ tensor, first, rows int }

func (j *job) slabs() []slab {
	var slabs []slab
	for i, t := range j.tensors {
		rows, cols := t.readShape()
		step := rows
		if !t.vector() {
			weights := slabWeights
			if slices.ContainsFunc(t.Pieces, func(p Piece) bool { return p.Transposed }) {
				weights = transposedSlabWeights
			}
			step = max(16, weights/cols&^15)
		}
		for first := 0; first < rows; first += step {
			slabs = append(slabs, slab{i, first, min(step, rows-first)})
		}
	}
	return slabs
}

// runBytes is about how much of the container is written at a time. Systems allot memory for a file's data in pieces as large as the
// writes.
const runBytes = 128 << 10

// runs joins slabs of one tensor to runs of about runBytes, so few that there are several for each worker.
func (j *job) runs(slabs []slab, threads int) [][]slab {
	most := max(1, len(slabs)/(16*threads))
	var runs [][]slab
	for len(slabs) > 0 {
		t := j.tensors[slabs[0].tensor]
		n, bytes := 0, 0
		for n < min(most, len(slabs)) && slabs[n].tensor == slabs[0].tensor && (n == 0 || bytes < runBytes) {
			bytes += t.encodedBytes(slabs[n])
			n++
		}
		runs, slabs = append(runs, slabs[:n]), slabs[n:]
	}
	return runs
}

// run converts all runs of slabs side by side and writes them in order.
//
// A worker takes a free set of buffers first and the next run's number after that, so the runs in flight are always
// consecutive and no more than there are sets: run k waits for its turn in place k modulo their number.
//
// Half of the workers do the hashing (nil: none) first, a file each at a time, since one file's hash cannot be shared out.
func (j *job) run(ctx context.Context, w *format.Writer, h *hashing, o Options) error {
	threads := o.threads()
	runs := j.runs(j.slabs(), threads)
	out := &queue{runs: runs, ready: make([]*buffers, 2*threads), free: make(chan *buffers, 2*threads),
		sink: sink{j: j, w: w, progress: o.Progress}}
	for range 2 * threads {
		out.free <- &buffers{}
	}
	var next atomic.Int64
	var faulty atomic.Bool // weights cannot be converted: look on, but encode no more
	group, ctx := errgroup.WithContext(ctx)
	for i := range threads {
		group.Go(func() error {
			if h != nil && i < (threads+1)/2 {
				if err := h.run(ctx); err != nil {
					return err
				}
			}
			for ctx.Err() == nil {
				var b *buffers
				select {
				case b = <-out.free:
				case <-ctx.Done():
					return ctx.Err()
				}
				k := int(next.Add(1)) - 1
				if k >= len(runs) {
					out.free <- b
					if h != nil {
						h.release()
					}
					return nil
				}
				if err := b.convert(j, runs[k], &faulty); err != nil {
					return err
				}
				if err := out.put(ctx, k, b); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return out.sink.faults.err()
}

// queue puts the runs in order. There is no thread for that: the worker that comes with the run whose turn it is writes it, and all
// that come after it meanwhile. So no worker waits for another that writes, and there are no more threads at work than were asked for.
type queue struct {
	runs [][]slab
	free chan *buffers

	mu      sync.Mutex
	ready   []*buffers // by run, modulo their number; nil: not converted yet
	next    int        // whose turn it is
	writing bool       // some worker is at it

	sink sink // of the worker that is writing
}

// put adds run k, converted.
func (q *queue) put(ctx context.Context, k int, b *buffers) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready[k%len(q.ready)] = b
	if q.writing {
		return nil
	}
	q.writing = true // and for good where there is an error
	for {
		at := q.next
		b := q.ready[at%len(q.ready)]
		if b == nil {
			q.writing = false
			return nil
		}
		q.ready[at%len(q.ready)] = nil
		q.next++
		q.mu.Unlock()
		err := ctx.Err()
		if err == nil {
			err = q.sink.take(q.runs[at], b)
		}
		q.free <- b
		q.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// sink receives the runs in order.
type sink struct {
	j        *job
	w        *format.Writer
	progress func(done, total int64, tensor string)
	done     int64

	tensor *format.TensorWriter
	sums   sums
	faults faults
}

func (s *sink) take(run []slab, b *buffers) error {
	first, last := run[0], run[len(run)-1]
	end := last.first + last.rows
	t := s.j.tensors[first.tensor]
	rows, _ := t.readShape()
	s.faults.add(b.faults, t.copy)
	if b.encoded != nil && s.faults.none() {
		if first.first == 0 {
			var err error
			if s.tensor, err = s.w.Tensor(first.tensor); err != nil {
				return err
			}
			s.sums = sums{}
		}
		if _, err := s.tensor.Write(b.encoded); err != nil {
			return err
		}
		for _, slab := range b.sums {
			s.sums.add(slab)
		}
		if end == rows {
			if err := s.tensor.Close(s.sums.tensorError()); err != nil {
				return err
			}
		}
	}
	s.done += s.j.c.sourceBytes(t.Tensor, first.first, end)
	if s.progress != nil {
		s.progress(s.done, s.j.total, t.Name)
	}
	return nil
}
