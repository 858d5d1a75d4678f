// Package hugepage allocates memory in pages of 2 MB, which a processor finds far faster than the usual 4 KB when it reads much of it.
// On Linux that is anonymous memory with MADV_HUGEPAGE (madvise(2)); elsewhere there is none.
package hugepage

// Size is a huge page's size on amd64 and, usually, arm64.
const Size = 2 << 20

// Allocate returns size bytes of zeros in huge pages, which lie at the beginning of a page, and the function that returns them to the
// system. It returns nil where size is below [Size], where the system has no huge pages, or where size is more than half of the memory
// that system and control groups leave to this process: then other memory has to do.
func Allocate(size int) (memory []byte, free func()) {
	if size < Size {
		return nil, nil
	}
	return allocate(size)
}
