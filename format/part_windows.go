package format

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// renameOpen: Go opens files such that they cannot be renamed while they are open.
const renameOpen = false

// lockFile takes an exclusive lock on one byte that no file reaches: the lock keeps nobody from reading, and ends with the process at
// the latest.
func lockFile(f *os.File) error {
	at := windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return errLocked
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return errNoLocks
	}
	return os.NewSyscallError("LockFileEx", err)
}

func diskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// syncDir does nothing: Windows has no way to sync a folder, and its file systems journal renames.
func syncDir(string) error { return nil }
