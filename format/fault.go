package format

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// catchFault runs f, which reads a mapped file, and turns a fault of the memory into an error: a disk that cannot be read, or
// a file that someone cut short while it is mapped. Other panics pass.
func catchFault(f func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // of this goroutine only
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if fault, ok := v.(interface {
			error
			Addr() uintptr
		}); ok {
			err = fmt.Errorf("reading the mapped file failed (%v): the disk has an error, or the file was cut short while in use", fault)
			return
		}
		panic(v)
	}()
	f()
	return nil
}

// aligned returns b, or a copy of it that begins at a multiple of 64 as a mapping does.
func aligned(b []byte) []byte {
	if len(b) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%sectionAlign == 0 {
		return b
	}
	return append(alignedBuffer(len(b))[:0], b...)
}

// alignedBuffer returns n bytes that begin at a multiple of 64.
func alignedBuffer(n int) []byte {
	b := make([]byte, n+sectionAlign)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % sectionAlign
	return b[skip : skip+uintptr(n) : skip+uintptr(n)]
}
