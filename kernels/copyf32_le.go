//go:build amd64 || arm64

package kernels

import "unsafe"

// copyF32 copies: float32 lie in memory as in files here.
func copyF32(dst []float32, src []byte) {
	if len(dst) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&dst[0])), 4*len(dst)), src)
	}
}
