//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.mulInt16 = func(dst []float32, ldd int, w []uint32, tiles, cols int, a []uint32, lda, n int) {
		mulInt16Shapes(int16NEON, dst, ldd, w, tiles, cols, a, lda, n)
	}
	t.quantizeInt16 = func(dst []uint32, x []float32, ldx, n, cols int) {
		if cols == 0 || cols%16 != 0 {
			quantizeInt16Generic(dst, x, ldx, n, cols)
			return
		}
		quantizeInt16NEON(&dst[0], &x[0], ldx, n, cols)
	}
})

// n >= 1 rows of cols columns, a multiple of 16 that is not 0.
//
//go:noescape
func quantizeInt16NEON(dst *uint32, x *float32, ldx, n, cols int)
