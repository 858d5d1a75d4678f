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

// buffers is the memory of one slab in flight, reused from slab to slab.
type buffers struct {
	weights, decoded, strip []float32
	bytes                   []byte

	encoded []byte // of the slab just converted; nil if it was only looked through
	sums    sums
	faults  []fault
}

// grow returns a slice of length n, in buf's memory where that is enough.
func grow[T any](buf *[]T, n int) []T {
	*buf = slices.Grow((*buf)[:0], n)[:n]
	return *buf
}

// convert reads, checks and encodes a slab, and compares what it decodes to with what it was.
func (b *buffers) convert(j *job, s slab, faulty *atomic.Bool) error {
	t := j.tensors[s.tensor]
	rows, cols := s.rows, t.cols()
	ld := rowDistance(t, cols)
	weights := grow(&b.weights, rows*ld)
	b.encoded, b.sums, b.faults = nil, sums{}, b.faults[:0]
	if err := b.read(j.c.set, t, s, weights, ld); err != nil {
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
	b.encoded = grow(&b.bytes, t.codec.Bytes(rows, cols))
	t.codec.EncodeRows(b.encoded, weights, ld, rows, cols)
	decoded := grow(&b.decoded, len(weights))
	t.codec.DecodeRows(decoded, ld, b.encoded, rows, cols)
	b.sums.compare(weights, decoded, ld, rows, cols)
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

// compare adds a slab.
func (s *sums) compare(weights, decoded []float32, ld, rows, cols int) {
	signal, square, largest := kernels.ErrorSumsRows(weights, decoded, ld, rows, cols)
	s.add(sums{int64(rows * cols), signal, square, largest})
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
