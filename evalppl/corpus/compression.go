package corpus

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// decompressor puts what a decoder reports into words.
type decompressor struct {
	io.Reader
	close func()
	name  string
	done  int64 // bytes decompressed so far
}

func (d *decompressor) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	d.done += int64(n)
	if err != nil && err != io.EOF {
		err = describeDecompression(d.name, d.done, err)
	}
	return n, err
}

func (d *decompressor) Close() error {
	d.close()
	return nil
}

// newGzipReader reads all members of a gzip file (RFC 1952).
func newGzipReader(r *bufio.Reader) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err == io.EOF { // not one byte
		return io.NopCloser(r), nil
	}
	if err != nil {
		return nil, describeDecompression(compressionGzip, 0, err)
	}
	return &decompressor{Reader: z, close: func() {}, name: compressionGzip}, nil
}

// newZstdReader reads all frames of a zstd file (RFC 8878). Memory is bounded by MaxWindow.
func newZstdReader(r *bufio.Reader) (io.ReadCloser, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderMaxMemory(MaxWindow))
	if err != nil {
		return nil, describeDecompression(compressionZstd, 0, err)
	}
	return &decompressor{Reader: z, close: z.Close, name: compressionZstd}, nil
}

// describeDecompression says what is wrong with compressed data after done good bytes of text.
func describeDecompression(name string, done int64, err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the %s data ends too early, after %d bytes of text: the file is truncated: copy or download it again (%w)", name, done, err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		if done > 0 {
			return fmt.Errorf("after %d bytes of text something else than %s data follows: the file is damaged: copy or download it again (%w)", done, name, err)
		}
		return fmt.Errorf("this is not %s data: correct the name or the kind (%w)", name, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd data needs a window above %d MiB: compress it again without --long above 27 (%w)", MaxWindow>>20, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch), errors.As(err, &corrupt):
		return fmt.Errorf("the %s data is damaged after %d bytes of text: copy or download the file again (%w)", name, done, err)
	}
	return fmt.Errorf("decompressing %s data after %d bytes of text: %w", name, done, err)
}
