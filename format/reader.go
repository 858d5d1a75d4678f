package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
)

// littleEndian: the host keeps numbers as containers do.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Reader is an open container. Its methods may be called from several goroutines.
type Reader struct {
	path   string
	c      contents
	byName map[string]int

	mu    sync.RWMutex // held for reading while data is in use by Verify, for writing by Close
	data  []byte       // the whole file; nil when closed
	unmap func() error
}

// Open maps a container into memory and checks everything but the tensors' data: header, metadata, tokenizer, index, their
// checksums and paddings, every offset and length, and that the tensors are those that the metadata's spec asks for. The file must not be
// written to while it is open: programs that replace a container write a new file and rename it, as [Writer] does.
//
// Errors about the file's bytes are [*Error] (several are joined); others wrap those of package os.
func Open(path string) (*Reader, error) {
	data, unmap, err := openMapped("open", path)
	if err != nil {
		return nil, err
	}
	r, err := newReader(path, data, unmap)
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	return r, nil
}

// openBytes reads a container that is in memory, at any alignment.
func openBytes(name string, data []byte) (*Reader, error) {
	return newReader(name, aligned(data), func() error { return nil })
}

func newReader(path string, data []byte, unmap func() error) (*Reader, error) {
	p := parser{op: "open", path: path, data: data}
	if err := catchFault(func() { p.parse() }); err != nil {
		return nil, fmt.Errorf("format: open %s: %w", path, err)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	r := &Reader{path: path, data: data, unmap: unmap, c: p.c, byName: make(map[string]int, len(p.c.tensors))}
	for i, t := range p.c.tensors {
		r.byName[t.Name] = i
	}
	return r, nil
}

// openMapped opens a regular file and maps it.
func openMapped(op, path string) (data []byte, unmap func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("format: %s container: %w", op, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("format: %s container: %w", op, err)
	}
	if info.IsDir() {
		return nil, nil, fmt.Errorf("format: %s %s: is a folder, not a container; nibble convert makes a container of a checkpoint's folder", op, path)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("format: %s %s: is not a regular file (%v), and only those can be mapped into memory: write it to a file first", op, path, info.Mode().Type())
	}
	if info.Size() > math.MaxInt {
		return nil, nil, fmt.Errorf("format: %s %s: %d bytes, more than this system can map", op, path, info.Size())
	}
	if info.Size() == 0 { // nothing to map: Windows refuses to
		return nil, func() error { return nil }, nil
	}
	data, unmap, err = mapFile(f, int(info.Size()))
	if err != nil {
		return nil, nil, fmt.Errorf("format: %s %s: mapping %d bytes into memory: %w", op, path, info.Size(), err)
	}
	return data, unmap, nil
}

// Close unmaps the file. All slices that Bytes returned become invalid: touching them is a fault. A second call does nothing.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.data == nil {
		return nil
	}
	r.data = nil
	if err := r.unmap(); err != nil {
		return fmt.Errorf("format: close %s: %w", r.path, err)
	}
	return nil
}

// Path returns the path that Open was given.
func (r *Reader) Path() string { return r.path }

// Size returns the file's length in bytes.
func (r *Reader) Size() int64 { return int64(r.c.header.fileBytes) }

// Fingerprint returns the SHA-256, in lower-case hexadecimal, of the file from its beginning to the end of the index. That covers
// the tensors' data through their checksums: it identifies a container without reading all of it. It is no defence against someone
// who makes another file with the same CRC-32C.
func (r *Reader) Fingerprint() string { return r.c.fingerprint }

// Metadata returns the container's metadata. The caller may not change what its slices hold.
func (r *Reader) Metadata() Metadata { return r.c.meta }

// Tokenizer returns the tokenizer's files by name, nil if the container has none. The map and its slices are the caller's; they stay valid
// after Close.
func (r *Reader) Tokenizer() map[string][]byte {
	if r.c.tokenizer == nil {
		return nil
	}
	files := maps.Clone(r.c.tokenizer)
	for name, b := range files {
		files[name] = bytes.Clone(b)
	}
	return files
}

// Tensors returns all tensors in the order of the file, which is that of [Spec.Tensors].
func (r *Reader) Tensors() []TensorInfo { return slices.Clone(r.c.tensors) }

// Lookup returns the tensor of that name.
func (r *Reader) Lookup(name string) (TensorInfo, bool) {
	i, ok := r.byName[name]
	if !ok {
		return TensorInfo{}, false
	}
	return r.c.tensors[i], true
}

// Bytes returns a tensor's data: a view of the mapped file, not a copy, aligned to 64 bytes, with no capacity beyond its length, to be
// read only and only until Close. The checksum is not computed ([Reader.Verify] does). It is an error if t is not one of this
// container's tensors or the reader is closed.
func (r *Reader) Bytes(t TensorInfo) ([]byte, error) {
	have, ok := r.Lookup(t.Name)
	if !ok {
		return nil, fmt.Errorf("format: %s has no tensor %q", r.path, t.Name)
	}
	if t.Offset != have.Offset || t.Bytes != have.Bytes {
		return nil, fmt.Errorf("format: %s: tensor %q lies at offset %d (%d bytes), was asked for at %d (%d bytes): is the TensorInfo from another file?",
			r.path, t.Name, have.Offset, have.Bytes, t.Offset, t.Bytes)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.data == nil {
		return nil, fmt.Errorf("format: %s: tensor %q: %w", r.path, t.Name, fs.ErrClosed)
	}
	end := have.Offset + have.Bytes
	return r.data[have.Offset:end:end], nil
}
