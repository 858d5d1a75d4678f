package safetensors

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxHeader is the largest header the format allows, in bytes.
const MaxHeader = 100_000_000

// Tensor describes one tensor of a file.
type Tensor struct {
	Name   string
	DType  DType
	Shape  []int64 // outermost first; empty for a scalar
	File   string  // base name of the file that holds it
	Offset int64   // of its first byte in the file
	Bytes  int64
}

// Elements returns the number of elements: the product of the shape, 1 for a scalar.
func (t Tensor) Elements() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		n *= d // checked against overflow when the header was read
	}
	return n
}

// parseHeader reads the JSON header of a file of size bytes, of which the header takes the bytes 8 to 8+len(header), and
// checks every rule of the format. The tensors are returned in the order of their data.
func parseHeader(file string, header []byte, size int64) ([]Tensor, error) {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("safetensors: %s: %w", file, fmt.Errorf(format, args...))
	}
	if len(header) == 0 || header[0] != '{' {
		found := "nothing"
		if len(header) > 0 {
			found = strconv.QuoteToASCII(string(header[:1]))
		}
		return nil, fail("header begins with %s, expected '{'", found)
	}
	if !utf8.Valid(header) {
		return nil, fail("header is not valid UTF-8")
	}
	entries, err := readEntries(header)
	if err != nil {
		return nil, fail("header: %w", err)
	}
	dataStart := 8 + int64(len(header))
	dataSize := uint64(size - dataStart)

	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		n, err := e.bytes()
		if err != nil {
			return nil, fail("tensor %q: %w", e.name, err)
		}
		switch {
		case e.end < e.begin:
			return nil, fail("tensor %q: data_offsets [%d, %d], expected the end at or after the beginning", e.name, e.begin, e.end)
		case e.end-e.begin != n:
			return nil, fail("tensor %q: data_offsets [%d, %d] are %d bytes, dtype %s and shape %v need %d",
				e.name, e.begin, e.end, e.end-e.begin, e.dtype, e.shape, n)
		case e.end > dataSize:
			return nil, fail("tensor %q: data ends at byte %d of the data, the file holds only %d bytes of it (file %d bytes); the file is truncated: download it again",
				e.name, e.end, dataSize, size)
		}
		tensors[i] = Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, File: file,
			Offset: dataStart + int64(e.begin), Bytes: int64(n)}
	}
	// Empty tensors sort before the tensor whose data begins where they stand.
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Name, b.Name))
	})
	end, last := dataStart, ""
	for _, t := range tensors {
		switch {
		case t.Offset < end:
			return nil, fail("tensor %q: data begins at byte %d of the file, inside tensor %q, which ends at byte %d; tensors must not overlap",
				t.Name, t.Offset, last, end)
		case t.Offset > end:
			return nil, fail("tensor %q: data begins at byte %d of the file, the data before it ends at byte %d; no tensor covers the %d bytes between",
				t.Name, t.Offset, end, t.Offset-end)
		}
		end, last = t.Offset+t.Bytes, t.Name
	}
	if end != size {
		return nil, fail("data of the last tensor ends at byte %d, the file has %d bytes; no tensor covers the last %d", end, size, size-end)
	}
	return tensors, nil
}

// entry is one tensor as the header states it.
type entry struct {
	name       string
	dtype      DType
	shape      []int64
	begin, end uint64 // relative to the data
}

// bytes returns the size that dtype and shape ask for.
func (e entry) bytes() (uint64, error) {
	width := e.dtype.bits()
	if width == 0 {
		return 0, fmt.Errorf("unknown dtype %q; the format knows %s", string(e.dtype), knownList())
	}
	total := uint64(1)
	for _, d := range append(slices.Clone(e.shape), int64(width)) {
		hi, lo := bits.Mul64(total, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("shape %v of dtype %s overflows a 64-bit size", e.shape, e.dtype)
		}
		total = lo
	}
	if total%8 != 0 {
		return 0, fmt.Errorf("shape %v of dtype %s is %d bits, expected whole bytes", e.shape, e.dtype, total)
	}
	return total / 8, nil
}

// readEntries walks the header token by token, so that duplicate keys, which encoding/json would merge, are seen.
func readEntries(header []byte) ([]entry, error) {
	r := newReader(header)
	if err := r.open('{', "the header"); err != nil {
		return nil, err
	}
	var entries []entry
	seen := map[string]bool{}
	for r.more() {
		name, err := r.key(seen)
		if err != nil {
			return nil, err
		}
		if name == "__metadata__" {
			if err := r.metadata(); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		e, err := r.entry(name)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		entries = append(entries, e)
	}
	if err := r.close('}'); err != nil {
		return nil, err
	}
	rest := header[r.dec.InputOffset():]
	if i := bytes.IndexFunc(rest, func(c rune) bool { return c != ' ' }); i >= 0 {
		return nil, fmt.Errorf("%q at byte %d after the closing '}', only spaces may follow", rest[i], r.dec.InputOffset()+int64(i))
	}
	return entries, nil
}

// metadata reads the free-form text map, of which nothing is used.
func (r *reader) metadata() error {
	_, err := r.strings("its value")
	return err
}

func (r *reader) entry(name string) (entry, error) {
	e := entry{name: name}
	if err := r.open('{', "its value"); err != nil {
		return e, err
	}
	seen := map[string]bool{}
	for r.more() {
		k, err := r.key(seen)
		if err != nil {
			return e, err
		}
		switch k {
		case "dtype":
			var s string
			s, err = r.str("dtype")
			e.dtype = DType(s)
		case "shape":
			e.shape, err = r.integers("shape")
		case "data_offsets":
			var o []int64
			if o, err = r.integers("data_offsets"); err == nil && len(o) != 2 {
				err = fmt.Errorf("data_offsets has %d numbers, expected 2", len(o))
			}
			if err == nil {
				e.begin, e.end = uint64(o[0]), uint64(o[1])
			}
		default:
			err = fmt.Errorf("unknown key %q; known are dtype, shape, data_offsets", k)
		}
		if err != nil {
			return e, err
		}
	}
	if err := r.close('}'); err != nil {
		return e, err
	}
	for _, k := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[k] {
			return e, fmt.Errorf("key %q is missing", k)
		}
	}
	return e, nil
}
