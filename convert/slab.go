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
	weights, decoded, strip []float32
	bytes                   []byte

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

// convertSlab reads, checks and encodes a slab, and compares what it decodes to with what it was.
func (b *buffers) convertSlab(set *safetensors.Set, t jobTensor, s slab, encoded []byte, faulty *atomic.Bool) error {
	rows, cols := s.rows, t.cols()
	ld := rowDistance(t, cols)
	weights := grow(&b.weights, rows*ld)
	if err := b.read(set, t, s, weights, ld); err != nil {
		return err
	}
	if len(b.faults) > 0 {
		faulty.Store(true)
	}
	if faulty.Load() {
		return nil
	}
	if t.vector() {
		rows, cols, ld = 1, rows, rows
	}
	t.codec.EncodeRows(encoded, weights, ld, rows, cols)
	decoded := grow(&b.decoded, len(weights))
	t.codec.DecodeRows(decoded, ld, encoded, rows, cols)
	signal, square, largest := kernels.ErrorSumsRows(weights, decoded, ld, rows, cols)
	b.sums = append(b.sums, sums{int64(rows * cols), signal, square, largest})
	return nil
}

// rowDistance returns how far apart a slab's rows are kept: at a distance that suits encoders, where kernels.ErrorSumsRows allows that.
func rowDistance(t jobTensor, cols int) int {
	if t.vector() || cols%kernels.BlockCols != 0 {
		return cols
	}
	return quant.Apart(cols)
}

// read fills weights with the slab's rows, ld values apart, piece by piece, and notes values that cannot be converted.
func (b *buffers) read(set *safetensors.Set, t jobTensor, s slab, weights []float32, ld int) error {
	cols := t.cols()
	at := 0 // first row of the piece
	for _, p := range t.Pieces {
		lo, hi := max(s.first, at), min(s.first+s.rows, at+p.Rows)
		if lo < hi {
			dst, rows := weights[(lo-s.first)*ld:(hi-s.first)*ld], hi-lo
			first := p.First + lo - at // row in the source
			var err error
			switch {
			case p.Transposed:
				strip := grow(&b.strip, rows*cols)
				if err = set.ReadColumns(p.Source, strip, int64(first), int64(rows)); err == nil {
					transpose(dst, strip, ld, rows, cols)
				}
			case t.vector():
				err = set.ReadFloat32(p.Source, dst, int64(first))
			default:
				err = set.ReadRows(p.Source, dst, ld, int64(first), int64(rows))
			}
			if err != nil {
				return err
			}
			if f, found := findFault(dst, ld, rows, cols, t.codec); found {
				f.locate(p, first, cols, t.vector())
				b.faults = append(b.faults, f)
			}
		}
		at += p.Rows
	}
	return nil
}

// transpose writes src, row-major [cols x rows], as dst, row-major [rows x cols] with rows ld apart. It goes by squares of 16 x 16, so that both
// sides stay in the cache.
func transpose(dst, src []float32, ld, rows, cols int) {
	const side = 16
	for r0 := 0; r0 < rows; r0 += side {
		for c0 := 0; c0 < cols; c0 += side {
			for r := r0; r < min(r0+side, rows); r++ {
				for c := c0; c < min(c0+side, cols); c++ {
					dst[r*ld+c] = src[c*rows+r]
				}
			}
		}
	}
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
