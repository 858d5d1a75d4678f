//go:build !purego

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// Not every CPU of this level has AVX512_BF16.
var _ = register("avx512", func(t *table) {
	if cpu.X86.HasAVX512BF16 {
		t.mulBF16Dot, t.hasBF16Dot = mulBF16DotAVX512, true
	}
})

// mulBF16DotAVX512 takes pairs of columns as mulFloatColumns takes columns: a pair of activations is as large as a float32.
func mulBF16DotAVX512(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, a []byte, n int) {
	pairs, lda := (cols+1)/2, bf16RowBytes(cols)/4
	if pairs == 0 {
		mulBF16DotGeneric(dst, ldd, w, tiles, tileStride, cols, a, n)
		return
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(a))), len(a)/4)
	chunk := pairs
	if n >= 12 {
		chunk = bf16DotChunk
	}
	mulFloatColumns(bf16DotAVX512, dst, ldd, w, tiles, tileStride, pairs, x, lda, n, chunk, nil)
}

// bf16DotChunk is the number of pairs of columns taken at once by many tokens (compare floatChunk).
const bf16DotChunk = 256
