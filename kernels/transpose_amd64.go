//go:build !purego

package kernels

var _ = register("avx512", func(t *table) {
	t.transpose = func(dst []float32, ldd int, src []float32, rows, cols int) {
		fullRows, blocks := rows&^15, cols/16
		for r := 0; r < fullRows && blocks > 0; r += 16 {
			transposeAVX512(&dst[r*ldd], ldd, &src[r], rows, blocks)
		}
		transposePart(dst, ldd, src, rows, 0, fullRows, 16*blocks, cols)
		transposePart(dst, ldd, src, rows, fullRows, rows, 0, cols)
	}
})
