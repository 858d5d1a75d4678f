package convert

import (
	"math"
	"slices"
	"sync/atomic"

	"nibble/convert/safetensors"
	"nibble/format"
	"nibble/kernels"
	"nibble/quant"
)

// buffers is the memory of one run of slabs in flight, reused from run to run.
type buffers struct {
	weights, strip []float32
	bytes          []byte
	meter          quant.ErrorMeter

	encoded []byte // of the run just converted; nil if it was only looked through
	sums    []sums // of each slab
	faults  []fault
}

// grow returns a slice of length n, in buf's memory where that is enough.
func grow[T any](buf *[]T, n int) []T {
	*buf = slices.Grow((*buf)[:0], n)[:n]
	return *buf
}

// convert converts a run of slabs of one tensor.
func (b *buffers) convert(j *job, run []slab, faulty *atomic.Bool) error {
	t, size := j.tensors[run[0].tensor], 0
	for _, s := range run {
		size += t.encodedBytes(s)
	}
	b.encoded, b.sums, b.faults = nil, b.sums[:0], b.faults[:0]
	dst := grow(&b.bytes, size)
	for _, s := range run {
		n := t.encodedBytes(s)
		if err := b.convertSlab(j.c.set, t, s, dst[:n], faulty); err != nil {
			return err
		}
		dst = dst[n:]
	}
	if !faulty.Load() {
		b.encoded = b.bytes[:size]
	}
	return nil
}

// encodedBytes returns the size of a slab in the container.
func (t jobTensor) encodedBytes(s slab) int {
	if t.vector() {
		return t.codec.Bytes(1, s.rows)
	}
	return t.codec.Bytes(s.rows, t.cols())
}

// convertSlab reads and encodes a slab, and checks that its weights can be encoded.
func (b *buffers) convertSlab(set *safetensors.Set, t jobTensor, s slab, encoded []byte, faulty *atomic.Bool) error {
	ld := rowDistance(t, t.cols())
	weights := grow(&b.weights, s.rows*ld)
	if err := b.read(set, t, s, weights, ld); err != nil {
		return err
	}
	if faulty.Load() {
		b.look(t, s, weights, ld)
		return nil
	}
	rows, cols := s.rows, t.cols()
	if t.vector() {
		rows, cols, ld = 1, rows, rows
	}
	e := b.meter.EncodeRows(t.codec, encoded, weights, ld, rows, cols)
	if mayBeFaulty(e, t.codec) {
		b.look(t, s, weights, rowDistance(t, t.cols()))
		if len(b.faults) > 0 {
			faulty.Store(true)
		}
	}
	b.sums = append(b.sums, sums{int64(rows * cols), e.Signal, e.Square, e.Largest})
	return nil
}

// rowDistance returns how far apart a slab's rows are kept: at a distance that suits encoders, where an ErrorMeter allows that.
func rowDistance(t jobTensor, cols int) int {
	if t.vector() || cols%kernels.BlockCols != 0 {
		return cols
	}
	return quant.Apart(cols)
}

// pieces calls f for each of the tensor's pieces that the slab has rows of, with the first one's number in the slab, their number, and the
// first one's number in the source.
func (t jobTensor) pieces(s slab, f func(p Piece, at, rows, first int) error) error {
	begin := 0 // of the piece
	for _, p := range t.Pieces {
		lo, hi := max(s.first, begin), min(s.first+s.rows, begin+p.Rows)
		if lo < hi {
			if err := f(p, lo-s.first, hi-lo, p.First+lo-begin); err != nil {
				return err
			}
		}
		begin += p.Rows
	}
	return nil
}

// read fills weights with the slab's rows, ld values apart, piece by piece.
func (b *buffers) read(set *safetensors.Set, t jobTensor, s slab, weights []float32, ld int) error {
	cols := t.cols()
	return t.pieces(s, func(p Piece, at, rows, first int) error {
		dst := weights[at*ld : (at+rows)*ld]
		switch {
		case p.Transposed:
			strip := grow(&b.strip, rows*cols)
			if err := set.ReadColumns(p.Source, strip, int64(first), int64(rows)); err != nil {
				return err
			}
			kernels.Transpose(dst, ld, strip, rows, cols)
			return nil
		case t.vector():
			return set.ReadFloat32(p.Source, dst, int64(first))
		}
		return set.ReadRows(p.Source, dst, ld, int64(first), int64(rows))
	})
}

// look notes the weights of a slab that cannot be converted, piece by piece.
func (b *buffers) look(t jobTensor, s slab, weights []float32, ld int) {
	cols := t.cols()
	_ = t.pieces(s, func(p Piece, at, rows, first int) error { // which returns no error
		if f, found := findFault(weights[at*ld:(at+rows)*ld], ld, rows, cols, t.codec); found {
			f.locate(p, first, cols, t.vector())
			b.faults = append(b.faults, f)
		}
		return nil
	})
}

// sums are what the error of a tensor is computed from: float64 sums over its slabs, added in order.
type sums struct {
	n              int64
	signal, square float64 // of the weights, of the differences
	maxAbs         float64
}

func (s *sums) add(o sums) {
	s.n += o.n
	s.signal += o.signal
	s.square += o.square
	s.maxAbs = max(s.maxAbs, o.maxAbs)
}

func (s sums) tensorError() format.TensorError {
	if s.maxAbs == 0 {
		return format.TensorError{Exact: true}
	}
	// Logarithms differ in the last bit between architectures, so a millionth of a decibel is as far as it goes.
	return format.TensorError{
		RMSE:   math.Sqrt(s.square / float64(s.n)),
		MaxAbs: s.maxAbs,
		SQNR:   math.Round(1e7*math.Log10(s.signal/s.square)) / 1e6,
	}
}
