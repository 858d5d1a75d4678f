package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"

	// maxFooter bounds the file metadata; a text corpus of 10 columns and 10,000 row groups has about 20 MiB.
	maxFooter = 64 << 20
	// maxElements bounds all list elements of the metadata. The library's largest structure for one has below 1 KiB.
	maxElements = 1 << 22
)

// checkFooter walks over the file metadata before the library reads it (https://github.com/apache/parquet-format, "File Format").
func checkFooter(r io.ReaderAt, size int64) error {
	const least = len(magic) + 4 + len(magic)
	if size < int64(least) {
		return fmt.Errorf("the file has %d bytes, too few for Parquet: is it the right file?", size)
	}
	var head, tail [8]byte
	if err := readFull(r, head[:4], 0); err != nil {
		return err
	}
	if err := readFull(r, tail[:], size-8); err != nil {
		return err
	}
	switch {
	case string(head[:4]) == magicEncrypted || string(tail[4:]) == magicEncrypted:
		return errors.New("the Parquet file is encrypted, which is not read: decrypt it first")
	case string(head[:4]) != magic:
		return fmt.Errorf("this is not Parquet: the file starts with %q, want %q: correct the name or the kind", head[:4], magic)
	case string(tail[4:]) != magic:
		return fmt.Errorf("the Parquet file is truncated: it ends with %q, want %q: copy or download it again", tail[4:], magic)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-int64(least) || n > maxFooter {
		return fmt.Errorf("the Parquet footer claims %d bytes in a file of %d (at most %d are read): the file is damaged: copy or download it again", n, size, maxFooter)
	}
	footer := make([]byte, n)
	if err := readFull(r, footer, size-8-n); err != nil {
		return err
	}
	b := bytes.NewReader(footer)
	c := &compact{r: b, left: n, elements: maxElements, skip: func(n int64) error {
		_, err := b.Seek(n, io.SeekCurrent)
		return err
	}}
	if err := c.walk(nil, func([]int16, int64) {}); err != nil {
		return fmt.Errorf("the Parquet footer is damaged: %w: copy or download the file again", err)
	}
	return nil
}

// readFull fills p from offset.
func readFull(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at offset %d: %w", len(p), offset, err)
}
