package safetensors

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"nibble/kernels"
)

// copyBytes is what CopyFile hands over at a time.
const copyBytes = 256 << 10

// chunkBytes is read and converted at a time: it stays in the first cache levels, and is a multiple of every element's size.
const chunkBytes = 64 << 10

var chunks = sync.Pool{New: func() any { b := make([]byte, chunkBytes); return &b }}

// ReadFloat32 converts len(dst) elements of a tensor to float32, beginning with element first of its row-major order. F64 and
// the wide integers are rounded to the nearest float32 (ties to even), BOOL gives 0 and 1, all other types convert exactly.
// A tensor that is not there, elements beyond its end, and a type that cannot be converted are errors.
func (s *Set) ReadFloat32(name string, dst []float32, first int64) error {
	t, src, convert, err := s.reading(name)
	if err != nil {
		return err
	}
	if n := t.Elements(); first < 0 || first > n || int64(len(dst)) > n-first {
		return fmt.Errorf("safetensors: %s: tensor %q: reading %d elements from element %d, it has %d", t.File, name, len(dst), first, n)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	width := int64(t.DType.bits() / 8)
	return readRun(src, t, convert, dst, t.Offset+first*width, *buf)
}

// ReadRows converts whole rows, the last dimension, of a tensor to float32, beginning with row first of its row-major order: row i to
// dst[i*ld:]. What lies between the rows stays. Errors are those of [Set.ReadFloat32].
func (s *Set) ReadRows(name string, dst []float32, ld int, first, rows int64) error {
	t, src, convert, err := s.reading(name)
	if err != nil {
		return err
	}
	if len(t.Shape) == 0 {
		return fmt.Errorf("safetensors: %s: tensor %q: a single number, expected a dimension to read rows", t.File, name)
	}
	cols := t.Shape[len(t.Shape)-1]
	if cols == 0 {
		return nil
	}
	if n := t.Elements() / cols; first < 0 || rows < 0 || first > n || rows > n-first || int64(ld) < cols || rows > 0 && (int64(len(dst))-cols)/int64(ld) < rows-1 {
		return fmt.Errorf("safetensors: %s: tensor %q: reading %d rows from row %d, %d values apart, into %d values, shape %v", t.File, name, rows, first, ld, len(dst), t.Shape)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	width := int64(t.DType.bits() / 8)
	offset := t.Offset + first*cols*width
	step := int(chunkBytes / (cols * width)) // rows at a time
	if step == 0 {
		for i := range int(rows) {
			if err := readRun(src, t, convert, dst[i*ld:][:cols], offset+int64(i)*cols*width, *buf); err != nil {
				return err
			}
		}
		return nil
	}
	for at := 0; at < int(rows); at += step {
		n := min(step, int(rows)-at)
		err := readPart(src, t, offset+int64(at)*cols*width, n*int(cols*width), *buf, func(raw []byte) {
			row := int(cols * width)
			for i := range n {
				prefetch(raw, i*row+max(row, aheadBytes), row)
				convert(dst[(at+i)*ld:][:cols], raw[i*row:][:row])
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadColumns converts columns first to first+n-1 of a 2-D tensor [rows, cols] to float32, into dst as row-major [rows][n].
// It is how a matrix that is stored transposed is read in strips. Errors are those of [Set.ReadFloat32].
func (s *Set) ReadColumns(name string, dst []float32, first, n int64) error {
	t, src, convert, err := s.reading(name)
	if err != nil {
		return err
	}
	if len(t.Shape) != 2 {
		return fmt.Errorf("safetensors: %s: tensor %q: shape %v, expected two dimensions to read columns", t.File, name, t.Shape)
	}
	rows, cols := t.Shape[0], t.Shape[1]
	if first < 0 || n < 0 || first > cols || n > cols-first || (n > 0 && int64(len(dst)) != rows*n) {
		return fmt.Errorf("safetensors: %s: tensor %q: reading %d columns from column %d into %d values, shape %v", t.File, name, n, first, len(dst), t.Shape)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	width := int64(t.DType.bits() / 8)
	run := func(part []float32, raw []byte) {
		prefetch(raw, int(cols*width), len(raw)) // of the next row
		convert(part, raw)
	}
	for r := int64(0); r < rows && n > 0; r++ {
		if err := readRun(src, t, run, dst[r*n:][:n], t.Offset+(r*cols+first)*width, *buf); err != nil {
			return err
		}
	}
	return nil
}

// aheadBytes is how far ahead of the rows being converted memory is fetched at least: a page, where processors stop to do so by themselves.
const aheadBytes = 4 << 10

// prefetch has n bytes at an offset of raw fetched, as far as the memory that raw is a part of has them: in a mapped file those that are
// likely to be read next lie beyond its end.
func prefetch(raw []byte, offset, n int) {
	all := raw[:cap(raw)]
	kernels.Prefetch(all[min(len(all), offset):min(len(all), offset+n)])
}

// reading finds what a read of a tensor needs.
func (s *Set) reading(name string) (Tensor, *source, converter, error) {
	t, ok := s.tensors[name]
	if !ok {
		return t, nil, nil, fmt.Errorf("safetensors: no tensor %q in %s", name, list(s.Files()))
	}
	src, ok := s.files[t.File]
	if !ok {
		return t, nil, nil, fmt.Errorf("safetensors: %s: tensor %q: read after Close", t.File, name)
	}
	convert := converterFor(t.DType)
	if convert == nil {
		return t, nil, nil, fmt.Errorf("safetensors: %s: tensor %q: elements of dtype %s cannot be read; readable are %s: use a checkpoint in one of these", t.File, name, t.DType, readableList())
	}
	return t, src, convert, nil
}

// readRun converts len(dst) consecutive elements at a file offset.
func readRun(src *source, t Tensor, convert converter, dst []float32, offset int64, buf []byte) error {
	width := int(t.DType.bits() / 8)
	for part := range slices.Chunk(dst, chunkBytes/width) {
		n := len(part) * width
		if err := readPart(src, t, offset, n, buf, func(raw []byte) { convert(part, raw) }); err != nil {
			return err
		}
		offset += int64(n)
	}
	return nil
}

// readPart calls use with n bytes at a file offset.
func readPart(src *source, t Tensor, offset int64, n int, buf []byte, use func([]byte)) error {
	if err := src.use(offset, n, buf, use); err != nil {
		return fmt.Errorf("safetensors: %s: tensor %q: reading %d bytes at offset %d: %w", t.File, t.Name, n, offset, err)
	}
	return nil
}

// CopyFile writes all bytes of one of the set's data files to w, from its beginning to its end, as they were when the set was opened:
// where the file is mapped, without a copy in between. w must not keep them.
func (s *Set) CopyFile(ctx context.Context, w io.Writer, name string) (n int64, err error) {
	src, ok := s.files[name]
	if !ok {
		return 0, fmt.Errorf("safetensors: no open file %q in %s", name, list(s.Files()))
	}
	var buf []byte
	if src.data == nil {
		buf = make([]byte, copyBytes)
	}
	for n < src.size {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		part := int(min(src.size-n, copyBytes))
		var writing error
		if err := src.use(n, part, buf, func(raw []byte) { _, writing = w.Write(raw) }); err != nil {
			return n, fmt.Errorf("safetensors: %s: reading %d bytes at offset %d: %w", name, part, n, err)
		}
		if writing != nil {
			return n, writing
		}
		n += int64(part)
	}
	return n, nil
}

// Release tells the system that the first n bytes of one of the set's data files will hardly be read again: a part of the work of Close that
// can be done before it. They still can be read.
func (s *Set) Release(name string, n int64) {
	const align = 2 << 20 // pages are not larger
	if src, ok := s.files[name]; ok && src.data != nil && n >= align {
		release(src.data[:min(n, src.size)&^(align-1)])
	}
}
