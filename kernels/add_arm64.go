//go:build !purego

package kernels

// dst[i] = x[i] + y[i]
//
//go:noescape
func sumOfNEON(dst, x, y []float32)

// dst[i] = x[i] * f
//
//go:noescape
func productOfNEON(dst, x []float32, f float32)

var _ = register("neon", func(t *table) {
	t.add = func(dst, x []float32) { sumOfNEON(dst, dst, x) }
	t.scale = func(x []float32, f float32) { productOfNEON(x, x, f) }
})
