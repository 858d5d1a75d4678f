package format

import (
	"os"
	"sync"
)

// writebackBytes is what is handed to the disk at a time: enough for it to be busy with, little enough to leave Sync little to do.
const writebackBytes = 16 << 20

// writeback has the system write data to the disk while more is still being made: what Sync would do in the end, with the
// processors waiting for it.
type writeback struct {
	f *os.File // nil: nothing is done

	mu         sync.Mutex
	begin, end int64 // written, and not handed over
	busy       bool
	work       sync.WaitGroup
}

// wrote notes bytes written to the file. Data that does not follow what came before begins anew.
func (b *writeback) wrote(offset, n int64) {
	if b.f == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if offset != b.end {
		b.begin = offset
	}
	b.end = offset + n
	if b.busy || b.end-b.begin < writebackBytes {
		return
	}
	begin := b.begin
	// The last page may still be written to.
	n = (b.end - begin) &^ (1<<16 - 1)
	b.begin, b.busy = begin+n, true
	b.work.Go(func() {
		startWriteback(b.f, begin, n)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.busy = false
	})
}

// wait waits until the file is not in use any more.
func (b *writeback) wait() { b.work.Wait() }
