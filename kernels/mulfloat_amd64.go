//go:build !purego

package kernels

import (
	"math"
	"unsafe"
)

var _ = register("avx512", func(t *table) {
	t.mulF32 = func(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f32AVX512, dst, ldd, floatBytes(w), tiles, 4*tileStride, cols, x, ldx, n)
	}
	t.mulF16 = func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f16AVX512, dst, ldd, w, tiles, F16TileBytes(cols), cols, x, ldx, n)
	}
	t.mulBF16 = func(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(bf16AVX512, dst, ldd, w, tiles, tileStride, cols, x, ldx, n)
	}
})

var _ = register("avx2", func(t *table) {
	t.mulF32 = func(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f32AVX2, dst, ldd, floatBytes(w), tiles, 4*tileStride, cols, x, ldx, n)
	}
	t.mulF16 = func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f16AVX2, dst, ldd, w, tiles, F16TileBytes(cols), cols, x, ldx, n)
	}
	t.mulBF16 = func(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(bf16AVX2, dst, ldd, w, tiles, tileStride, cols, x, ldx, n)
	}
})

// floatLoops names a set of loops.
type floatLoops int

const (
	f32AVX512 floatLoops = iota
	f16AVX512
	bf16AVX512
	int16AVX512 // whose columns are pairs of columns, as those of
	bf16DotAVX512
	f32AVX2
	f16AVX2
	bf16AVX2
	int16AVX2
)

func (l floatLoops) columnBytes() int {
	switch l {
	case f16AVX512, bf16AVX512, f16AVX2, bf16AVX2:
		return 2 * TileRows
	}
	return 4 * TileRows
}

// sumColumns is the number of columns of a partial sum.
func (l floatLoops) sumColumns() int {
	switch l {
	case bf16DotAVX512:
		return SumColumns / 2
	case int16AVX512, int16AVX2:
		return math.MaxInt // its loops cut the sums themselves
	}
	return SumColumns
}

// group is the number of tokens that the loop for many tokens takes.
func (l floatLoops) group() int {
	if l <= bf16DotAVX512 {
		return 12
	}
	return 6
}

// tiles returns how many tiles the widest loop for a group of tokens takes.
func (l floatLoops) tiles(tokens int) int {
	switch {
	case l <= bf16DotAVX512 && tokens == 12:
		return 2
	case l <= bf16DotAVX512 || tokens == 1:
		return 4
	case tokens <= 3:
		return 2
	}
	return 1
}

// run runs the loop for tiles x tokens. A switch, not a function value, keeps the pointers from escaping.
func (l floatLoops) run(tiles, tokens int, dst *float32, ldd int, w *byte, stride, cols int, x *float32, ldx int, resume bool) {
	switch l {
	case f32AVX512:
		mulF32ShapeAVX512(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case f16AVX512:
		mulF16ShapeAVX512(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case bf16AVX512:
		mulBF16ShapeAVX512(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case bf16DotAVX512:
		mulBF16DotShapeAVX512(tiles, tokens, dst, ldd, w, stride, cols, (*byte)(unsafe.Pointer(x)), ldx, resume)
	case int16AVX512:
		mulInt16ShapeAVX512(tiles, tokens, dst, ldd, (*uint32)(unsafe.Pointer(w)), stride, cols, (*uint32)(unsafe.Pointer(x)), ldx)
	case f32AVX2:
		mulF32ShapeAVX2(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case f16AVX2:
		mulF16ShapeAVX2(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case bf16AVX2:
		mulBF16ShapeAVX2(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case int16AVX2:
		mulInt16ShapeAVX2(tiles, tokens, dst, ldd, (*uint32)(unsafe.Pointer(w)), stride, cols, (*uint32)(unsafe.Pointer(x)), ldx)
	}
}
