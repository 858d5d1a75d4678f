package format

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The fixed header, SPEC.md "Header".
const (
	magic       = "\x89NBL\r\n\x1a\n"
	version     = 1
	headerBytes = 256

	sectionAlign = 64      // of sections, and of tensors below pageFrom
	pageAlign    = 4096    // of tensors from pageFrom up
	pageFrom     = 1 << 20 // bytes
)

// Offsets of the header's fields.
const (
	atVersion    = 8
	atHeaderLen  = 12
	atFlags      = 16
	atFileBytes  = 24
	atMetadata   = 32
	atTokenizer  = 64
	atIndex      = 96
	atReserved   = 128
	atHeaderCRC  = headerBytes - 4
	sectionBytes = 32
)

// castagnoli is CRC-32C (RFC 3720, appendix B.4; the polynomial of Castagnoli et al. 1993), for which amd64 and arm64 have
// instructions.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// section is one entry of the header. count is the decompressed length of the metadata and of the tokenizer, and the number of
// tensors of the index.
type section struct {
	offset, stored, count uint64
	crc                   uint32
}

func (s section) end() uint64 { return s.offset + s.stored }

// absent: the tokenizer's entry of a container without one.
func (s section) absent() bool { return s == section{} }

type header struct {
	fileBytes                  uint64
	metadata, tokenizer, index section
}

func (h header) encode() []byte {
	b := make([]byte, headerBytes)
	copy(b, magic)
	le := binary.LittleEndian
	le.PutUint32(b[atVersion:], version)
	le.PutUint32(b[atHeaderLen:], headerBytes)
	le.PutUint64(b[atFileBytes:], h.fileBytes)
	h.metadata.encode(b[atMetadata:])
	h.tokenizer.encode(b[atTokenizer:])
	h.index.encode(b[atIndex:])
	le.PutUint32(b[atHeaderCRC:], checksum(b[:atHeaderCRC]))
	return b
}

func (s section) encode(b []byte) {
	le := binary.LittleEndian
	le.PutUint64(b, s.offset)
	le.PutUint64(b[8:], s.stored)
	le.PutUint64(b[16:], s.count)
	le.PutUint32(b[24:], s.crc)
}

func decodeSection(b []byte) (section, error) {
	le := binary.LittleEndian
	s := section{offset: le.Uint64(b), stored: le.Uint64(b[8:]), count: le.Uint64(b[16:]), crc: le.Uint32(b[24:])}
	if r := le.Uint32(b[28:]); r != 0 {
		return s, fmt.Errorf("reserved bytes are %#x, must be 0", r)
	}
	return s, nil
}

// header checks everything that the header says against the file's length, before anything is used. It reports false if
// nothing else in the file can be judged.
func (p *parser) header() bool {
	b, le := p.data, binary.LittleEndian
	const part = "header"
	if len(b) == 0 {
		return p.fail(ErrNotContainer, part, 0, "the file is empty")
	}
	if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
		return p.fail(ErrNotContainer, part, 0, "begins with % x, a container with % x", b[:n], magic)
	}
	if len(b) < headerBytes {
		return p.fail(ErrDamaged, part, 0, "the file ends after %d bytes, the header has %d", len(b), headerBytes)
	}
	b = b[:headerBytes]
	got, want := checksum(b[:atHeaderCRC]), le.Uint32(b[atHeaderCRC:])
	// A later version keeps magic, version and checksum where they are, so that a damaged version is not taken for a later one.
	if v := le.Uint32(b[atVersion:]); v != version && got == want {
		return p.fail(ErrUnsupported, part, atVersion, "container version %d, this package reads version %d", v, version)
	} else if v != version {
		return p.fail(ErrDamaged, part, atVersion, "container version %d, want %d, and the header's crc32c is %08x, want %08x", v, version, got, want)
	}
	if got != want {
		return p.fail(ErrDamaged, part, 0, "crc32c %08x, want %08x", got, want)
	}
	if n := le.Uint32(b[atHeaderLen:]); n != headerBytes {
		return p.fail(ErrInvalid, part, atHeaderLen, "header length %d, version %d has %d", n, version, headerBytes)
	}
	if f := le.Uint64(b[atFlags:]); f != 0 {
		return p.fail(ErrUnsupported, part, atFlags, "flags %#x, version %d knows none", f, version)
	}
	if i := firstNonZero(b[atReserved:atHeaderCRC]); i >= 0 {
		return p.fail(ErrInvalid, part, int64(atReserved+i), "reserved byte is %#x, must be 0", b[atReserved+i])
	}
	h := &p.c.header
	h.fileBytes = le.Uint64(b[atFileBytes:])
	for _, s := range []struct {
		at  int
		dst *section
	}{{atMetadata, &h.metadata}, {atTokenizer, &h.tokenizer}, {atIndex, &h.index}} {
		var err error
		if *s.dst, err = decodeSection(b[s.at:]); err != nil {
			return p.fail(ErrInvalid, part, int64(s.at+28), "%v", err)
		}
	}
	return p.sections()
}

// sections checks the header's entries against each other and the file.
func (p *parser) sections() bool {
	h, size := &p.c.header, uint64(len(p.data))
	if h.fileBytes > size {
		return p.fail(ErrDamaged, endOfFile, int64(size), "the file has %d bytes, its header says %d: it is cut short", size, h.fileBytes)
	}
	if h.fileBytes < size {
		// What lies before can still be judged.
		p.fail(ErrDamaged, endOfFile, int64(min(h.fileBytes, size)), "the file has %d bytes, its header says %d: something was appended", size, h.fileBytes)
	}
	limit := h.fileBytes
	if m := h.metadata; !p.section("metadata", atMetadata, m, headerBytes, limit, maxMetadata) {
		return false
	}
	end := h.metadata.end()
	if !h.tokenizer.absent() {
		if !p.section("tokenizer", atTokenizer, h.tokenizer, end, limit, maxTokenizer) {
			return false
		}
		end = h.tokenizer.end()
	}
	x := h.index
	if x.count < 1 || x.count > maxTensors {
		return p.fail(ErrInvalid, "header", atIndex+16, "%d tensors, must lie in 1..%d", x.count, maxTensors)
	}
	if lo, hi := x.count*(recordBytes+1), x.count*(recordBytes+maxTensorName); x.stored < lo || x.stored > hi {
		return p.fail(ErrInvalid, "header", atIndex+8, "index of %d bytes, %d tensors need %d to %d", x.stored, x.count, lo, hi)
	}
	return p.place("index", atIndex, x, end, limit)
}

// section checks the entry of a compressed section that follows what ends at prev.
func (p *parser) section(name string, at int64, s section, prev, limit, content uint64) bool {
	if s.count < 1 || s.count > content {
		return p.fail(ErrInvalid, "header", at+16, "%s of %d bytes when decompressed, must lie in 1..%d", name, s.count, content)
	}
	if s.stored < 1 || s.stored > s.count+s.count/128+64 {
		return p.fail(ErrInvalid, "header", at+8, "%s of %d bytes compressed, %d decompressed", name, s.stored, s.count)
	}
	if !ratioAllowed(s.stored, s.count) {
		return p.fail(ErrInvalid, "header", at+16, "%s of %d bytes would decompress to %d: more than %d-fold", name, s.stored, s.count, maxRatio)
	}
	return p.place(name, at, s, prev, limit)
}

// place checks that a section begins where the layout puts it, at the first aligned offset after prev, and ends inside the file.
func (p *parser) place(name string, at int64, s section, prev, limit uint64) bool {
	// prev is inside the file and stored is below 2^32, so no sum overflows.
	if want := alignUp(prev, sectionAlign); s.offset != want {
		return p.fail(ErrInvalid, "header", at, "%s at offset %d, the layout puts it at %d", name, s.offset, want)
	}
	if s.end() > limit {
		return p.fail(ErrInvalid, "header", at+8, "%s of %d bytes at offset %d ends beyond the file's %d bytes", name, s.stored, s.offset, limit)
	}
	return true
}

func alignUp(n, align uint64) uint64 { return (n + align - 1) / align * align }

func firstNonZero(b []byte) int {
	for i, v := range b {
		if v != 0 {
			return i
		}
	}
	return -1
}
