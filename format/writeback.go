package format

import (
	"os"
	"sync"
)

// writebackBytes is what is handed to the disk at a time: enough for it to be busy with, little enough to leave Sync little to do.
const writebackBytes = 8 << 20

// writeback has the system write data to the disk while more is still being made: what Sync would do in the end, with the
// processors waiting for it.
type writeback struct {
	f *os.File // nil: nothing is done

	mu         sync.Mutex
	begin, end int64 // written, and not handed over
}

// wrote notes n bytes written to the file at an offset. Data that does not follow what came before begins anew.
//
// Handing over takes the processor about as long as writing does, and is not given to another goroutine: that would take its turns from
// a worker that has no time to lose.
func (b *writeback) wrote(offset, n int64) {
	if b.f == nil {
		return
	}
	b.mu.Lock()
	if offset != b.end {
		b.begin = offset
	}
	b.end = offset + n
	begin, n := b.begin, (b.end-b.begin)&^(pageAlign-1) // the last page may still be written to
	if n < writebackBytes {
		n = 0
	}
	b.begin += n
	b.mu.Unlock()
	if n > 0 {
		startWriteback(b.f, begin, n)
	}
}
