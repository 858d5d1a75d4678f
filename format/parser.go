package format

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
)

const endOfFile = "end of file"

// contents is what everything before the tensors' data says.
type contents struct {
	header      header
	meta        Metadata
	tokenizer   map[string][]byte
	tensors     []TensorInfo
	fingerprint string
}

// parser checks the bytes of a container and collects what is wrong with them.
type parser struct {
	op, path string
	data     []byte // the whole file
	c        contents
	errs     []error
}

// fail notes an error. It returns false, so that a check can end with it.
func (p *parser) fail(kind error, part string, offset int64, reason string, args ...any) bool {
	p.errs = append(p.errs, &Error{Op: p.op, Path: p.path, Part: part, Offset: offset, Reason: fmt.Sprintf(reason, args...), Err: kind})
	return false
}

// bytes returns a section that the header's checks have found to lie inside the file.
func (p *parser) bytes(s section) []byte { return p.data[s.offset:s.end()] }

// parse checks everything but the tensors' data. All parts that can be judged are; it reports whether the index can be
// relied on, errors elsewhere notwithstanding.
func (p *parser) parse() bool {
	if !littleEndian {
		return p.fail(ErrUnsupported, "header", 0, "this host is big-endian, containers are little-endian and are used as they lie")
	}
	if !p.header() {
		return false
	}
	h := &p.c.header
	end := uint64(headerBytes)
	metaOK := p.metadata()
	end = h.metadata.end()
	if !h.tokenizer.absent() {
		p.padding("tokenizer", end, h.tokenizer.offset)
		p.tokenizer()
		end = h.tokenizer.end()
	}
	p.padding("index", end, h.index.offset)
	if !p.sum("index", h.index) || !p.index() {
		return false
	}
	if metaOK {
		p.fit()
	}
	sum := sha256.Sum256(p.data[:h.index.end()])
	p.c.fingerprint = hex.EncodeToString(sum[:])
	return true
}

// err joins what was found; nil if nothing was.
func (p *parser) err() error {
	if len(p.errs) == 1 {
		return p.errs[0]
	}
	return errors.Join(p.errs...)
}

// sum checks a section's checksum.
func (p *parser) sum(part string, s section) bool {
	if got := checksum(p.bytes(s)); got != s.crc {
		return p.fail(ErrDamaged, part, int64(s.offset), "crc32c of %d bytes is %08x, want %08x", s.stored, got, s.crc)
	}
	return true
}

// padding checks that the bytes between two parts are zero.
func (p *parser) padding(before string, from, to uint64) bool {
	b := p.data[from:to]
	if i := firstNonZero(b); i >= 0 {
		return p.fail(ErrDamaged, "padding before "+before, int64(from)+int64(i), "byte is %#x, must be 0", b[i])
	}
	return true
}

func (p *parser) metadata() bool {
	s := p.c.header.metadata
	if !p.sum("metadata", s) {
		return false
	}
	b, err := decompress(p.bytes(s), s.count)
	if err == nil {
		p.c.meta, err = decodeMetadata(b)
	}
	if err != nil {
		return p.fail(ErrInvalid, "metadata", int64(s.offset), "%v", err)
	}
	return true
}

func (p *parser) tokenizer() bool {
	s := p.c.header.tokenizer
	if !p.sum("tokenizer", s) {
		return false
	}
	b, err := decompress(p.bytes(s), s.count)
	if err == nil {
		p.c.tokenizer, err = unpackTokenizer(b)
	}
	if err != nil {
		p.c.tokenizer = nil
		return p.fail(ErrInvalid, "tokenizer", int64(s.offset), "%v", err)
	}
	return true
}

// fit checks that the index holds exactly the tensors that the spec asks for, in their order. Both are walked together: a
// spec that asks for millions of tensors ends at the first that is not there.
func (p *parser) fit() bool {
	at := int64(p.c.header.index.offset)
	next, stop := iter.Pull(p.c.meta.Spec.tensors())
	defer stop()
	for i, t := range p.c.tensors {
		want, ok := next()
		if !ok {
			return p.fail(ErrInvalid, tensorPart(t.Name), at, "the model's spec asks for %d tensors, the index goes on with this one", i)
		}
		if t.Name != want.Name {
			return p.fail(ErrInvalid, tensorPart(want.Name), at, "the index has %q in its place (tensor %d), shape [%d %d] is expected", t.Name, i, want.Rows, want.Cols)
		}
		if err := want.fits(t.TensorPlan); err != nil {
			return p.fail(ErrInvalid, tensorPart(t.Name), at, "%v", err)
		}
		at += recordBytes
	}
	if want, ok := next(); ok {
		return p.fail(ErrInvalid, tensorPart(want.Name), at, "the index ends before it after %d tensors, shape [%d %d] is expected", len(p.c.tensors), want.Rows, want.Cols)
	}
	return true
}
