package format

import (
	"errors"
	"os"
	"syscall"
)

// reserve gives f its length, and its blocks where the file system can: a disk that is too small shows before the work, not
// after it. The bytes read as zero.
func reserve(f *os.File, size int64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), 0, 0, size)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err == nil, errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
			return f.Truncate(size)
		}
		return os.NewSyscallError("fallocate", err)
	}
}
