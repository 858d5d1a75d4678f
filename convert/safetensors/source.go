package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/exp/mmap"
)

// source is one open file: random access and a size.
type source struct {
	name string
	at   io.ReaderAt
	size int64
	stop func() error
}

// openSource opens a file of fsys: memory-mapped where it is a file of the operating system, by its ReadAt otherwise.
func openSource(fsys fs.FS, name string) (*source, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("safetensors: %w", err), f.Close())
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("safetensors: %s: is a %s, expected a regular file", name, fileKind(info.Mode())), f.Close())
	}
	if osFile, ok := f.(*os.File); ok {
		path := osFile.Name()
		m, err := mmap.Open(path)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("safetensors: map %s: %w", path, err)
		}
		return &source{name, faultReader{m, name}, int64(m.Len()), m.Close}, nil
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("safetensors: %s: this file system's files (%T) have no ReadAt", name, f), f.Close())
	}
	return &source{name, at, info.Size(), f.Close}, nil
}

func fileKind(m fs.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "special file (" + m.Type().String() + ")"
}

// faultReader turns the fault of a mapped file that was cut short meanwhile into an error.
type faultReader struct {
	m    *mmap.ReaderAt
	name string
}

func (f faultReader) ReadAt(p []byte, off int64) (n int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(runtime.Error); !ok {
				panic(e)
			}
			n, err = 0, fmt.Errorf("safetensors: %s: reading %d bytes at offset %d: %v; did the file change while it was read?", f.name, len(p), off, e)
		}
	}()
	return f.m.ReadAt(p, off)
}

// tensors reads and checks the header.
func (s *source) tensors() ([]Tensor, error) {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("safetensors: %s: %w", s.name, fmt.Errorf(format, args...))
	}
	start := make([]byte, min(s.size, 512))
	if _, err := readFull(s.at, start, 0); err != nil {
		return nil, fail("reading the first %d bytes: %w", len(start), err)
	}
	if what := notSafetensors(start); what != "" {
		return nil, fail("%s", what)
	}
	if s.size < 8 {
		return nil, fail("file has %d bytes, expected at least the 8 of the header length; the file is truncated: download it again", s.size)
	}
	n := binary.LittleEndian.Uint64(start)
	switch {
	case n > MaxHeader:
		return nil, fail("header length %d, the format allows at most %d; this is not a safetensors file, or it is damaged: download it again", n, MaxHeader)
	case int64(n) > s.size-8:
		return nil, fail("header length %d, the file has only %d bytes after the length; the file is truncated: download it again", n, s.size-8)
	}
	header := make([]byte, n)
	if _, err := readFull(s.at, header, 8); err != nil {
		return nil, fail("reading the header of %d bytes: %w", n, err)
	}
	return parseHeader(s.name, header, s.size)
}

// notSafetensors recognizes what downloads most often leave in place of a safetensors file, by its first bytes.
func notSafetensors(start []byte) string {
	text := bytes.ToLower(bytes.TrimLeft(start, " \t\r\n\ufeff"))
	switch {
	case bytes.HasPrefix(start, []byte("version https://git-lfs")):
		return "is a Git LFS pointer, not the file itself; run `git lfs pull` in the checkpoint's folder or download the file"
	case bytes.HasPrefix(text, []byte("<!doctype")), bytes.HasPrefix(text, []byte("<html")):
		return "is an HTML page, not a safetensors file; download the file itself (its \"resolve\" address), logged in if the model asks for it"
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return "is a zip archive (PyTorch's .bin format), not a safetensors file; convert it with safetensors.torch.save_file"
	case bytes.HasPrefix(start, []byte("GGUF")):
		return "is a GGUF file, not a safetensors file; download the original checkpoint"
	}
	return ""
}

// readFull reads len(p) bytes at off; a short read is an error.
func readFull(r io.ReaderAt, p []byte, off int64) (int, error) {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return n, nil // an io.ReaderAt may return io.EOF with the last bytes
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
