package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
)

// source is one open file: its bytes in memory where it is mapped, otherwise random access.
type source struct {
	name string
	data []byte      // nil: not mapped, or mapped behind at
	at   io.ReaderAt // where data is nil
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
	s := &source{name: name, size: info.Size(), stop: f.Close}
	if osFile, ok := f.(*os.File); ok && 0 < s.size && s.size <= math.MaxInt {
		data, at, unmap, err := mapFile(osFile, int(s.size))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("safetensors: map %s: %w", osFile.Name(), err), f.Close())
		}
		s.data, s.at, s.stop = data, at, unmap
		if err := f.Close(); err != nil {
			return nil, errors.Join(fmt.Errorf("safetensors: %w", err), unmap())
		}
		return s, nil
	}
	var ok bool
	if s.at, ok = f.(io.ReaderAt); !ok {
		return nil, errors.Join(fmt.Errorf("safetensors: %s: this file system's files (%T) have no ReadAt", name, f), f.Close())
	}
	return s, nil
}

// use calls f with n bytes at an offset, which it must not keep: those of the mapping, or else read into buf, which has room for them.
func (s *source) use(offset int64, n int, buf []byte, f func([]byte)) (err error) {
	// A mapped file that was cut short meanwhile: make its fault an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // of this goroutine only
	defer func() {
		if v := recover(); v != nil {
			fault, ok := v.(interface {
				error
				Addr() uintptr
			})
			if !ok {
				panic(v)
			}
			err = fmt.Errorf("%v; did the file change while it was read?", fault)
		}
	}()
	if s.data == nil {
		if _, err := readFull(s.at, buf[:n], offset); err != nil {
			return err
		}
		f(buf[:n])
		return nil
	}
	if offset > s.size-int64(n) {
		return io.ErrUnexpectedEOF
	}
	f(s.data[offset:][:n])
	return nil
}

// bytes reads n bytes at an offset.
func (s *source) bytes(offset int64, n int) ([]byte, error) {
	b := make([]byte, n)
	return b, s.use(offset, n, b, func(data []byte) { copy(b, data) })
}

func fileKind(m fs.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "special file (" + m.Type().String() + ")"
}

// tensors reads and checks the header.
func (s *source) tensors() ([]Tensor, error) {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("safetensors: %s: %w", s.name, fmt.Errorf(format, args...))
	}
	start, err := s.bytes(0, int(min(s.size, 512)))
	if err != nil {
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
	header, err := s.bytes(8, int(n))
	if err != nil {
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
