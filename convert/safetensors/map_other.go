//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package safetensors

import (
	"io"
	"os"

	"golang.org/x/exp/mmap"
)

// mapFile maps f's file where the system can. The mapping is read through a ReaderAt here, by copies.
func mapFile(f *os.File, _ int) ([]byte, io.ReaderAt, func() error, error) {
	m, err := mmap.Open(f.Name())
	if err != nil {
		return nil, nil, nil, err
	}
	return nil, m, m.Close, nil
}
