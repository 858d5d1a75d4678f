//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package format

import (
	"io"
	"os"
)

// mapFile reads the first size bytes of f into memory, on systems without a mapping.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	b := alignedBuffer(size)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, nil, err
	}
	return b, func() error { return nil }, nil
}
