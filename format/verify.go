package format

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// verifyChunk is what one goroutine checks at a time. Large enough for sequential reads, small enough to keep all of them busy at
// a large tensor's end.
const verifyChunk = 8 << 20

// Verify reads the whole file and compares every checksum, every padding and the file's end. It reports all damage, one joined [*Error] for each
// damaged part. progress, which may be nil, is called from one goroutine at a time with bytes checked and bytes in all.
// If ctx is cancelled the error wraps ctx.Err().
func (r *Reader) Verify(ctx context.Context, progress func(done, total int64)) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.data == nil {
		return fmt.Errorf("format: verify %s: %w", r.path, fs.ErrClosed)
	}
	return verify(ctx, r.path, r.data, progress)
}

// VerifyFile does what [Reader.Verify] does to a file that Open may refuse: a damaged tokenizer or metadata does not keep it from
// checking the tensors.
func VerifyFile(ctx context.Context, path string, progress func(done, total int64)) error {
	data, unmap, err := openMapped("verify", path)
	if err != nil {
		return err
	}
	return errors.Join(verify(ctx, path, data, progress), unmap())
}

func verify(ctx context.Context, path string, data []byte, progress func(done, total int64)) error {
	p := parser{op: "verify", path: path, data: data}
	var usable bool
	if err := catchFault(func() { usable = p.parse() }); err != nil {
		return fmt.Errorf("format: verify %s: %w", path, err)
	}
	if !usable {
		return p.err()
	}
	v := verifier{p: &p, progress: progress}
	if err := v.run(ctx); err != nil {
		return errors.Join(fmt.Errorf("format: verify %s: %w", path, err), p.err())
	}
	return p.err()
}

// verifier checks the data of a file whose index has been found good.
type verifier struct {
	p        *parser
	progress func(done, total int64)

	mu   sync.Mutex
	done int64
}

func (v *verifier) run(ctx context.Context) error {
	tensors := v.p.c.tensors
	if err := v.advance(ctx, int64(v.p.c.header.index.end())); err != nil {
		return err
	}
	// The checksum of each chunk, by tensor.
	sums := make([][]uint32, len(tensors))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range tensors {
		b := v.p.data[t.Offset : t.Offset+t.Bytes]
		sums[i] = make([]uint32, (len(b)+verifyChunk-1)/verifyChunk)
		for n := range sums[i] {
			if gctx.Err() != nil {
				break
			}
			chunk := b[n*verifyChunk : min(len(b), (n+1)*verifyChunk)]
			g.Go(func() error {
				if err := catchFault(func() { sums[i][n] = checksum(chunk) }); err != nil {
					return fmt.Errorf("tensor %q at offset %d: %w", t.Name, t.Offset+int64(n)*verifyChunk, err)
				}
				return v.advance(gctx, int64(len(chunk)))
			})
		}
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return err
	}
	return v.judge(sums)
}

// judge compares the checksums, and looks at the padding before each tensor, in the order of the file.
func (v *verifier) judge(sums [][]uint32) error {
	p, end := v.p, v.p.c.header.index.end()
	for i, t := range p.c.tensors {
		if err := catchFault(func() { p.padding(tensorPart(t.Name), end, uint64(t.Offset)) }); err != nil {
			return fmt.Errorf("padding before tensor %q: %w", t.Name, err)
		}
		crc, left := uint32(0), t.Bytes
		for _, sum := range sums[i] {
			n := min(left, verifyChunk)
			crc = crcCombine(crc, sum, n)
			left -= n
		}
		if crc != t.CRC32C {
			p.fail(ErrDamaged, tensorPart(t.Name), t.Offset, "crc32c of %d bytes is %08x, want %08x", t.Bytes, crc, t.CRC32C)
		}
		end = uint64(t.Offset + t.Bytes)
	}
	if v.progress != nil {
		v.progress(int64(p.c.header.fileBytes), int64(p.c.header.fileBytes))
	}
	return nil
}

// advance reports progress and whether to go on.
func (v *verifier) advance(ctx context.Context, n int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += n
	if v.progress != nil {
		v.progress(v.done, int64(v.p.c.header.fileBytes))
	}
	return nil
}
