//go:build !purego

package kernels

//go:noescape
func siluAVX512(dst, x []float32)

//go:noescape
func siluMulAVX512(dst, x, y []float32)

//go:noescape
func siluAVX2(dst, x []float32)

//go:noescape
func siluMulAVX2(dst, x, y []float32)

//go:noescape
func geluTanhAVX512(dst, x []float32)

//go:noescape
func geluTanhMulAVX512(dst, x, y []float32)

//go:noescape
func geluTanhAVX2(dst, x []float32)

//go:noescape
func geluTanhMulAVX2(dst, x, y []float32)

//go:noescape
func geluAVX512(dst, x []float32)

//go:noescape
func geluMulAVX512(dst, x, y []float32)

//go:noescape
func geluAVX2(dst, x []float32)

//go:noescape
func geluMulAVX2(dst, x, y []float32)

//go:noescape
func reluAVX512(dst, x []float32)

//go:noescape
func reluAVX2(dst, x []float32)

var (
	_ = register("avx2", func(t *table) {
		t.silu, t.siluMul = siluAVX2, siluMulAVX2
		t.geluTanh, t.geluTanhMul = geluTanhAVX2, geluTanhMulAVX2
		t.gelu, t.geluMul = geluAVX2, geluMulAVX2
		t.relu = reluAVX2
	})
	_ = register("avx512", func(t *table) {
		t.silu, t.siluMul = siluAVX512, siluMulAVX512
		t.geluTanh, t.geluTanhMul = geluTanhAVX512, geluTanhMulAVX512
		t.gelu, t.geluMul = geluAVX512, geluMulAVX512
		t.relu = reluAVX512
	})
)
