//go:build unix

package kernels

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n elements between two inaccessible pages: at the end of the pages between them (atEnd), or elements after
// their start otherwise. Any access on the guarded side crashes the test; on the other side checkGuards finds writes.
func guarded[T byte | float32 | uint32](t testing.TB, n int, atEnd bool) []T {
	t.Helper()
	var zero T
	size, page := int(unsafe.Sizeof(zero)), os.Getpagesize()
	inner := max((n*size+64+page-1)/page*page, page)
	m, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range [][]byte{m[:page], m[page+inner:]} {
		if err := syscall.Mprotect(p, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	usable := m[page : page+inner]
	for i := range usable {
		usable[i] = guardByte
	}
	from := 0
	if atEnd {
		from = inner - n*size
	}
	t.Cleanup(func() {
		for i, v := range usable {
			if (i < from || i >= from+n*size) && v != guardByte {
				t.Errorf("byte %d of a slice of %d bytes was written", i-from, n*size)
				break
			}
		}
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&usable[from])), n)
}
