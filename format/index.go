package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// The tensor index, SPEC.md "Index": count records of recordBytes, then the names one after the other.
const (
	recordBytes   = 80
	codecBytes    = 16 // of the codec's name, zeros after it
	maxTensors    = 1 << 16
	maxTensorName = 255
)

// Offsets of a record's fields.
const (
	recNameLen  = 0
	recFlags    = 4
	recCodec    = 8
	recRows     = 24
	recCols     = 28
	recOffset   = 32
	recBytes    = 40
	recCRC      = 48
	recReserved = 52
	recRMSE     = 56
	recMaxAbs   = 64
	recSQNR     = 72
)

// flagExact: the tensor's values equal the checkpoint's.
const flagExact = 1

// indexBytes is the length of the index, known before any data is.
func indexBytes(plans []TensorPlan) uint64 {
	n := uint64(len(plans)) * recordBytes
	for _, t := range plans {
		n += uint64(len(t.Name))
	}
	return n
}

func encodeIndex(tensors []TensorInfo) []byte {
	le := binary.LittleEndian
	b := make([]byte, len(tensors)*recordBytes)
	for i, t := range tensors {
		r := b[i*recordBytes:]
		le.PutUint32(r[recNameLen:], uint32(len(t.Name)))
		if t.Error.Exact {
			le.PutUint32(r[recFlags:], flagExact)
		}
		copy(r[recCodec:recCodec+codecBytes], t.Codec)
		le.PutUint32(r[recRows:], uint32(t.Rows))
		le.PutUint32(r[recCols:], uint32(t.Cols))
		le.PutUint64(r[recOffset:], uint64(t.Offset))
		le.PutUint64(r[recBytes:], uint64(t.Bytes))
		le.PutUint32(r[recCRC:], t.CRC32C)
		le.PutUint64(r[recRMSE:], math.Float64bits(t.Error.RMSE))
		le.PutUint64(r[recMaxAbs:], math.Float64bits(t.Error.MaxAbs))
		le.PutUint64(r[recSQNR:], math.Float64bits(t.Error.SQNR))
	}
	for _, t := range tensors {
		b = append(b, t.Name...)
	}
	return b
}

// layout sets Bytes and Offset of tensors that follow the index's end, and returns the file's length. Offsets follow from
// names, codecs and shapes alone.
func layout(tensors []TensorInfo, end uint64) (uint64, error) {
	for i := range tensors {
		t := &tensors[i]
		n, err := CodecBytes(t.Codec, t.Rows, t.Cols)
		if err != nil {
			return 0, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		at := alignUp(end, tensorAlign(uint64(n)))
		if at > math.MaxInt64-uint64(n) {
			return 0, fmt.Errorf("tensor %q: %d bytes at offset %d overflow a 64-bit file", t.Name, n, at)
		}
		t.Offset, t.Bytes = int64(at), n
		end = at + uint64(n)
	}
	return end, nil
}

func tensorAlign(n uint64) uint64 {
	if n >= pageFrom {
		return pageAlign
	}
	return sectionAlign
}

// tensorPart names a tensor in errors.
func tensorPart(name string) string { return fmt.Sprintf("tensor %q", name) }

// index reads the records and checks each against its codec, its neighbours and the file. The number of tensors and the
// index's length are already known to agree with the file.
func (p *parser) index() bool {
	h := p.c.header
	b, count := p.bytes(h.index), int(h.index.count)
	names := b[count*recordBytes:]
	tensors := make([]TensorInfo, 0, count)
	end := h.index.end()
	for i := range count {
		at := int64(h.index.offset) + int64(i*recordBytes)
		rec := b[i*recordBytes : (i+1)*recordBytes]
		n := binary.LittleEndian.Uint32(rec[recNameLen:])
		if n < 1 || n > maxTensorName || int(n) > len(names) {
			return p.fail(ErrInvalid, "index", at, "record %d: name of %d bytes, must have 1 to %d and %d are left", i, n, maxTensorName, len(names))
		}
		name := string(names[:n])
		names = names[n:]
		if err := checkTensorName(name); err != nil {
			return p.fail(ErrInvalid, "index", at, "record %d: %v", i, err)
		}
		t, ok := p.record(name, rec, at, end)
		if !ok {
			return false
		}
		tensors = append(tensors, t)
		end = uint64(t.Offset + t.Bytes)
	}
	if len(names) > 0 {
		return p.fail(ErrInvalid, "index", int64(h.index.end())-int64(len(names)), "%d bytes after the last name", len(names))
	}
	if end != h.fileBytes {
		return p.fail(ErrInvalid, endOfFile, int64(end), "the last tensor ends at %d, the header says the file has %d bytes", end, h.fileBytes)
	}
	p.c.tensors = tensors
	return true
}

// record decodes one record and checks it; end is where the tensor before it ends.
func (p *parser) record(name string, rec []byte, at int64, end uint64) (TensorInfo, bool) {
	le := binary.LittleEndian
	fail := func(kind error, field int64, reason string, args ...any) (TensorInfo, bool) {
		return TensorInfo{}, p.fail(kind, tensorPart(name), at+field, reason, args...)
	}
	codec, zeros, _ := strings.Cut(string(rec[recCodec:recCodec+codecBytes]), "\x00")
	if strings.Trim(zeros, "\x00") != "" {
		return fail(ErrInvalid, recCodec, "bytes after the codec's name %q", codec)
	}
	if _, err := codecBlock(codec); err != nil {
		return fail(ErrUnsupported, recCodec, "%v", err)
	}
	rows, cols := le.Uint32(rec[recRows:]), le.Uint32(rec[recCols:])
	if rows < 1 || cols < 1 || rows > MaxDim || cols > MaxDim {
		return fail(ErrInvalid, recRows, "shape [%d %d], rows and columns must lie in 1..%d", rows, cols, MaxDim)
	}
	want, err := CodecBytes(codec, int(rows), int(cols))
	if err != nil {
		return fail(ErrInvalid, recRows, "%v", err)
	}
	off, n := le.Uint64(rec[recOffset:]), le.Uint64(rec[recBytes:])
	if n != uint64(want) {
		return fail(ErrInvalid, recBytes, "%d bytes, codec %s stores shape [%d %d] in %d", n, codec, rows, cols, want)
	}
	align := tensorAlign(n)
	switch limit := p.c.header.fileBytes; {
	case off > limit || n > limit-off:
		return fail(ErrInvalid, recOffset, "%d bytes at offset %d end beyond the file's %d bytes", n, off, limit)
	case off%align != 0:
		return fail(ErrInvalid, recOffset, "data at offset %d, must be a multiple of %d", off, align)
	case off < end:
		return fail(ErrInvalid, recOffset, "data at offset %d overlaps what ends at %d", off, end)
	case off != alignUp(end, align):
		return fail(ErrInvalid, recOffset, "data at offset %d leaves a hole, the layout puts it at %d", off, alignUp(end, align))
	}
	if f := le.Uint32(rec[recFlags:]); f&^flagExact != 0 {
		return fail(ErrUnsupported, recFlags, "flags %#x, version %d knows %#x", f, version, flagExact)
	}
	if r := le.Uint32(rec[recReserved:]); r != 0 {
		return fail(ErrInvalid, recReserved, "reserved bytes are %#x, must be 0", r)
	}
	e := TensorError{
		RMSE:   math.Float64frombits(le.Uint64(rec[recRMSE:])),
		MaxAbs: math.Float64frombits(le.Uint64(rec[recMaxAbs:])),
		SQNR:   math.Float64frombits(le.Uint64(rec[recSQNR:])),
		Exact:  le.Uint32(rec[recFlags:])&flagExact != 0,
	}
	if err := e.check(); err != nil {
		return fail(ErrInvalid, recRMSE, "%v", err)
	}
	return TensorInfo{
		TensorPlan: TensorPlan{Name: name, Codec: codec, Rows: int(rows), Cols: int(cols)},
		Offset:     int64(off), Bytes: int64(n), CRC32C: le.Uint32(rec[recCRC:]), Error: e,
	}, true
}

// check demands numbers that JSON can carry and that can be an error.
func (e TensorError) check() error {
	for _, v := range []float64{e.RMSE, e.MaxAbs, e.SQNR} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("error rmse %v, max %v, sqnr %v: must be finite", e.RMSE, e.MaxAbs, e.SQNR)
		}
	}
	if e.RMSE < 0 || e.MaxAbs < 0 {
		return fmt.Errorf("error rmse %v, max %v: must not be negative", e.RMSE, e.MaxAbs)
	}
	if e.Exact && e != (TensorError{Exact: true}) {
		return fmt.Errorf("error rmse %v, max %v, sqnr %v of an exact tensor: must be 0", e.RMSE, e.MaxAbs, e.SQNR)
	}
	return nil
}

// checkTensorName admits what canonical names are made of.
func checkTensorName(name string) error {
	if name == "" || len(name) > maxTensorName {
		return fmt.Errorf("tensor name of %d bytes, must have 1 to %d", len(name), maxTensorName)
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' {
			return fmt.Errorf("tensor name %q: byte %#x, allowed are a-z, digits, . and _", name, c)
		}
	}
	return nil
}
