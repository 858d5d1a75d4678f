package baselogits

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"nibble/evalppl"
)

// Reader is saved logits in the place of the base model: it gives the windows of the comparison that saved them, once, in order. It
// implements [evalppl.RoundedBase].
type Reader struct {
	path   string
	file   *os.File
	r      *bufio.Reader
	header Header
	text   *savedText

	next    int64 // number of the next row
	buffer  []byte
	logits  []float32
	losses  []float64 // of the current window
	largest float64   // code error of any row so far
}

// Is reports whether a file begins like saved logits.
func Is(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, len(Magic))
	_, err = io.ReadFull(f, b)
	return err == nil && string(b) == Magic
}

// Open opens saved logits and checks everything but the rows, which are checked when they are read.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open saved logits: %w", err)
	}
	r, err := newReader(path, f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open saved logits %s: %w", path, err), f.Close())
	}
	return r, nil
}

func newReader(path string, f *os.File) (*Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file, whose size could be checked")
	}
	r := &Reader{path: path, file: f, r: bufio.NewReaderSize(f, 1<<20)}
	if r.header, r.text, err = readHeader(r.r, f, info.Size()); err != nil {
		return nil, err
	}
	r.buffer, r.logits = make([]byte, RowBytes(r.header.Vocab)), make([]float32, r.header.Vocab)
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Header says of what the rows are.
func (r *Reader) Header() Header { return r.header }

// Text returns the tokens that the base was run on, which stay in the file; one document where the text is a stream.
func (r *Reader) Text() evalppl.Text { return r.text }

// Vocab implements [evalppl.Model].
func (r *Reader) Vocab() int { return r.header.Vocab }

// Context implements [evalppl.Model].
func (r *Reader) Context() int { return r.header.Context }

// Losses implements [evalppl.Model]: it is an error, for losses alone need no saved logits.
func (r *Reader) Losses(context.Context, []uint32, int, []float64) error {
	return fmt.Errorf("%s holds the base of comparisons, not a model that can be scored", r.path)
}

// Logits implements [evalppl.DistributionModel]: logits relative to the largest. It refuses a window that is not the next one.
func (r *Reader) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	r.losses = r.losses[:0]
	for i := from; i < len(window); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.next == r.header.Rows {
			return fmt.Errorf("%s: has %d rows, and another one is wanted: it was saved with other windows", r.path, r.next)
		}
		if _, err := io.ReadFull(r.r, r.buffer); err != nil {
			return fmt.Errorf("%s: read row %d: %w", r.path, r.next, err)
		}
		row, err := decode(r.buffer, r.logits)
		switch {
		case err != nil:
			return fmt.Errorf("%s: row %d: %w", r.path, r.next, err)
		case row.number != uint64(r.next):
			return fmt.Errorf("%s: row %d stands where row %d belongs: the file is damaged", r.path, row.number, r.next)
		case i+1 < len(window) && row.target != window[i+1]:
			return fmt.Errorf("%s: row %d is followed by token id %d, in this text by %d: it was saved with other windows", r.path, r.next, row.target, window[i+1])
		}
		r.next++
		r.losses = append(r.losses, row.loss)
		r.largest = math.Max(r.largest, row.codeError())
		if err := fn(i, r.logits); err != nil {
			return err
		}
	}
	return nil
}

// WindowLosses implements [evalppl.RoundedBase].
func (r *Reader) WindowLosses() []float64 { return r.losses }

// LogProbabilityError implements [evalppl.RoundedBase]: a logit is off by at most h, and so is the logarithm of the probabilities' sum.
func (r *Reader) LogProbabilityError() float64 { return 2 * r.largest }

// KLBound implements [evalppl.RoundedBase].
func (r *Reader) KLBound(meanKL float64) float64 { return KLBound(meanKL, r.LogProbabilityError()) }

var _ evalppl.RoundedBase = (*Reader)(nil)
