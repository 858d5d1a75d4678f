//go:build !purego

package kernels

//go:noescape
func siluNEON(dst, x []float32)

//go:noescape
func siluMulNEON(dst, x, y []float32)

//go:noescape
func geluTanhNEON(dst, x []float32)

//go:noescape
func geluTanhMulNEON(dst, x, y []float32)

//go:noescape
func geluNEON(dst, x []float32)

//go:noescape
func geluMulNEON(dst, x, y []float32)

//go:noescape
func reluNEON(dst, x []float32)

var _ = register("neon", func(t *table) {
	t.silu, t.siluMul = siluNEON, siluMulNEON
	t.geluTanh, t.geluTanhMul = geluTanhNEON, geluTanhMulNEON
	t.gelu, t.geluMul = geluNEON, geluMulNEON
	t.relu = reluNEON
})
