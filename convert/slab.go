package convert

import (
	"math"
	"slices"
	"sync/atomic"

	"nibble/convert/safetensors"
	"nibble/format"
	"nibble/kernels"
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
	_, cols := t.readShape()
	weights := grow(&b.weights, s.rows*cols)
	b.encoded, b.sums, b.faults = nil, sums{}, b.faults[:0]
	if err := b.read(j.c.set, t, s, weights); err != nil {
		return err
	}
	if len(b.faults) > 0 {
		faulty.Store(true)
	}
	if faulty.Load() {
		return nil
	}
	rows := s.rows
	if t.vector() {
		rows, cols = 1, s.rows
	}
	b.encoded = grow(&b.bytes, t.codec.Bytes(rows, cols))
	t.codec.Encode(b.encoded, weights, rows, cols)
	decoded := grow(&b.decoded, len(weights))
	t.codec.Decode(decoded, b.encoded, rows, cols)
	b.sums.compare(weights, decoded)
	return nil
}

// read fills weights with the slab's rows, piece by piece, and notes values that cannot be converted.
func (b *buffers) read(set *safetensors.Set, t jobTensor, s slab, weights []float32) error {
	_, cols := t.readShape()
	at := 0 // first row of the piece
	for _, p := range t.Pieces {
		lo, hi := max(s.first, at), min(s.first+s.rows, at+p.Rows)
		if lo < hi {
			dst := weights[(lo-s.first)*cols : (hi-s.first)*cols]
			first := p.First + lo - at // row in the source
			var err error
			if p.Transposed {
				strip := grow(&b.strip, len(dst))
				if err = set.ReadColumns(p.Source, strip, int64(first), int64(hi-lo)); err == nil {
					transpose(dst, strip, hi-lo, cols)
				}
			} else {
				err = set.ReadFloat32(p.Source, dst, int64(first)*int64(cols))
			}
			if err != nil {
				return err
			}
			if f, found := findFault(dst, t.codec); found {
				f.locate(p, first, cols, t.vector())
				b.faults = append(b.faults, f)
			}
		}
		at += p.Rows
	}
	return nil
}

// transpose writes src, row-major [cols x rows], as dst, row-major [rows x cols]. It goes by squares of 16 x 16, so that both
// sides stay in the cache.
func transpose(dst, src []float32, rows, cols int) {
	const side = 16
	for r0 := 0; r0 < rows; r0 += side {
		for c0 := 0; c0 < cols; c0 += side {
			for r := r0; r < min(r0+side, rows); r++ {
				for c := c0; c < min(c0+side, cols); c++ {
					dst[r*cols+c] = src[c*rows+r]
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
func (s *sums) compare(weights, decoded []float32) {
	signal, square, largest := kernels.ErrorSums(weights, decoded)
	s.add(sums{int64(len(weights)), signal, square, largest})
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
