//go:build !purego && (amd64 || arm64)

package kernels

// prefetch is for lines cache lines from b on, at least one.
//
//go:noescape
func prefetch(b *byte, lines int)
