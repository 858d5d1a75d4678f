//go:build !purego

package kernels

import (
	"math"
	"unsafe"
)

var _ = register("neon", func(t *table) {
	t.mulF32 = func(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f32NEON, dst, ldd, floatBytes(w), tiles, 4*tileStride, cols, x, ldx, n)
	}
	t.mulF16 = func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
		mulFloatShapes(f16NEON, dst, ldd, w, tiles, F16TileBytes(cols), cols, x, ldx, n)
	}
	t.mulBF16 = func(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int) {
		mulFloatShapes(bf16NEON, dst, ldd, w, tiles, tileStride, cols, x, ldx, n)
	}
	// mulBF16Dot stays portable: BFDOT adds a pair's products with roundings of its own (to odd), BFMLALB does not flush subnormal
	// numbers as VDPBF16PS does, and is no faster than FMLA.
})

// floatLoops names a set of loops.
type floatLoops int

const (
	f32NEON floatLoops = iota
	f16NEON
	bf16NEON
	int16NEON // whose columns are pairs of columns
)

func (l floatLoops) columnBytes() int {
	switch l {
	case f16NEON, bf16NEON:
		return 2 * TileRows
	}
	return 4 * TileRows
}

// sumColumns is the number of columns of a partial sum.
func (l floatLoops) sumColumns() int {
	if l == int16NEON {
		return math.MaxInt // its loops cut the sums themselves
	}
	return SumColumns
}

// group is the number of tokens that the loop for many tokens takes.
func (l floatLoops) group() int { return 6 }

// tiles returns how many tiles the widest loop for a group of tokens takes.
func (l floatLoops) tiles(tokens int) int {
	switch {
	case tokens == 1:
		return 4
	case tokens <= 3:
		return 2
	}
	return 1
}

// run runs the loop for tiles x tokens. A switch, not a function value, keeps the pointers from escaping.
func (l floatLoops) run(tiles, tokens int, dst *float32, ldd int, w *byte, stride, cols int, x *float32, ldx int, resume bool) {
	switch l {
	case f32NEON:
		mulF32ShapeNEON(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case f16NEON:
		mulF16ShapeNEON(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case bf16NEON:
		mulBF16ShapeNEON(tiles, tokens, dst, ldd, w, stride, cols, x, ldx, resume)
	case int16NEON:
		mulInt16ShapeNEON(tiles, tokens, dst, ldd, (*uint32)(unsafe.Pointer(w)), stride, cols, (*uint32)(unsafe.Pointer(x)), ldx)
	}
}
