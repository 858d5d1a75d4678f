package format

import (
	"os"
	"syscall"
)

// startWriteback asks the system to begin writing n bytes of f at an offset to the disk, and does not wait for that. It is a hint:
// where it fails, Sync does all of the work, and reports what is wrong.
func startWriteback(f *os.File, offset, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	const write = 2 // SYNC_FILE_RANGE_WRITE of sync_file_range(2)
	_ = c.Control(func(fd uintptr) { _ = syscall.SyncFileRange(int(fd), offset, n, write) })
}
