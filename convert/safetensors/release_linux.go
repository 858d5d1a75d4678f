package safetensors

import "syscall"

// release unmaps whole pages of a mapped file. They are mapped anew where they are read. A hint: where it fails, they stay until the end.
func release(pages []byte) { _ = syscall.Madvise(pages, syscall.MADV_DONTNEED) }
