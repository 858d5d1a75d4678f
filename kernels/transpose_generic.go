package kernels

var _ = register("generic", func(t *table) { t.transpose = transposeGeneric })

// transposeGeneric goes by squares of 16 x 16, so that both sides stay in the cache.
func transposeGeneric(dst []float32, ldd int, src []float32, rows, cols int) {
	const side = 16
	for r0 := 0; r0 < rows; r0 += side {
		for c0 := 0; c0 < cols; c0 += side {
			transposePart(dst, ldd, src, rows, r0, min(r0+side, rows), c0, min(c0+side, cols))
		}
	}
}

// transposePart writes rows r0 to r1 and columns c0 to c1 of dst.
func transposePart(dst []float32, ldd int, src []float32, rows, r0, r1, c0, c1 int) {
	for r := r0; r < r1; r++ {
		for c := c0; c < c1; c++ {
			dst[r*ldd+c] = src[c*rows+r]
		}
	}
}
