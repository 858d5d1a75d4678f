package format

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps the first size bytes of f, read-only; size is above 0. The mapping outlives f.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	n := uint64(size)
	h, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, uint32(n>>32), uint32(n), nil)
	if err != nil {
		return nil, nil, os.NewSyscallError("CreateFileMapping", err)
	}
	addr, err := windows.MapViewOfFile(h, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	// The view keeps the mapping alive.
	closed := os.NewSyscallError("CloseHandle", windows.CloseHandle(h))
	if err != nil {
		return nil, nil, errors.Join(os.NewSyscallError("MapViewOfFile", err), closed)
	}
	unmap := func() error { return os.NewSyscallError("UnmapViewOfFile", windows.UnmapViewOfFile(addr)) }
	if closed != nil {
		return nil, nil, errors.Join(closed, unmap())
	}
	// addr is outside Go's heap; the indirection tells vet that this is no arithmetic on a Go pointer.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), size), unmap, nil
}
