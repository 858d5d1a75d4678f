//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package format

import (
	"errors"
	"os"
	"syscall"
)

// renameOpen: a file that is open can be renamed and removed, so its lock is held until it has its name.
const renameOpen = true

// lockFile takes an exclusive lock, which ends with the process at the latest.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOSYS):
			return errNoLocks
		}
		return os.NewSyscallError("flock", err)
	}
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // file systems that have no such thing
	}
	return errors.Join(err, d.Close())
}
