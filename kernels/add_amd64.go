//go:build !purego

package kernels

// dst[i] = x[i] + y[i]
//
//go:noescape
func sumOfAVX512(dst, x, y []float32)

//go:noescape
func sumOfAVX2(dst, x, y []float32)

// dst[i] = x[i] * f
//
//go:noescape
func productOfAVX512(dst, x []float32, f float32)

//go:noescape
func productOfAVX2(dst, x []float32, f float32)

var (
	_ = register("avx2", func(t *table) {
		t.add = func(dst, x []float32) { sumOfAVX2(dst, dst, x) }
		t.scale = func(x []float32, f float32) { productOfAVX2(x, x, f) }
	})
	_ = register("avx512", func(t *table) {
		t.add = func(dst, x []float32) { sumOfAVX512(dst, dst, x) }
		t.scale = func(x []float32, f float32) { productOfAVX512(x, x, f) }
	})
)
