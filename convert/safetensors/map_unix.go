//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package safetensors

import (
	"io"
	"os"
	"syscall"
)

// mapFile maps the first size bytes of f, read-only. The mapping outlives f. Systems whose mappings x/exp/mmap makes give a ReaderAt
// instead of the bytes (map_other.go); here the bytes themselves are hashed and converted, without a copy.
func mapFile(f *os.File, size int) ([]byte, io.ReaderAt, func() error, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, nil, os.NewSyscallError("mmap", err)
	}
	return b, nil, func() error { return os.NewSyscallError("munmap", syscall.Munmap(b)) }, nil
}
