package kernels

// SumColumns is the number of columns whose products are added up before they join the total. One running sum over all columns
// loses up to cols units in the last place; with partial sums it is SumColumns + cols/SumColumns of them. On a 135M Llama this
// takes the largest error of a logit, against float64, from 2.3e-4 to 4e-5.
const SumColumns = 128

// MulF32 multiplies f32 tiles by n >= 0 rows of activations:
//
//	for t < n, r < 16*tiles:
//		dst[t*ldd+r] = sum over c < cols of w[r/16*tileStride + c*16 + r%16] * x[t*ldx+c]
//
// The products of each [SumColumns] columns are added in order by fused multiply-adds, from zero, and these partial sums are
// added in order: a result does not depend on tiles, n, the instruction set or how the work was split, not in its last bit.
// tileStride, ldd and ldx count floats; the rows of dst must not overlap.
//
// It serves attention too: scores are tiles of the key cache times queries, and outputs are tiles of the value cache times
// probabilities, whose columns are positions.
//
// MulF32 panics if a slice is too short or a count is negative.
func MulF32(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int) {
	if checkMulFloat("MulF32", dst, ldd, tiles, cols, x, ldx, n) {
		if tileStride < 0 {
			panicf("MulF32: negative distance %d between tiles", tileStride)
		}
		checkLen("MulF32", "w", len(w), (tiles-1)*tileStride+cols*TileRows)
		active.mulF32(dst, ldd, w, tiles, tileStride, cols, x, ldx, n)
	}
}

// MulF16 is MulF32 for consecutive tiles of half floats. A tile takes F16TileBytes(cols) bytes; cols may be the matrix's own
// number of columns or the padded one (then x must have those columns too).
func MulF16(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
	if checkMulFloat("MulF16", dst, ldd, tiles, cols, x, ldx, n) {
		checkLen("MulF16", "w", len(w), tiles*F16TileBytes(cols))
		active.mulF16(dst, ldd, w, tiles, cols, x, ldx, n)
	}
}

// MulBF16 is MulF32 for tiles of bfloat16, two columns side by side; tileStride counts bytes and is F16TileBytes(cols) for a matrix's
// consecutive tiles. The weights are widened to float32, which is exact.
func MulBF16(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int) {
	if checkMulFloat("MulBF16", dst, ldd, tiles, cols, x, ldx, n) {
		checkBF16Tiles("MulBF16", w, tiles, tileStride, cols)
		active.mulBF16(dst, ldd, w, tiles, tileStride, cols, x, ldx, n)
	}
}

// checkBF16Tiles checks tiles whose last pair of columns may be half used.
func checkBF16Tiles(name string, w []byte, tiles, tileStride, cols int) {
	if tileStride < 0 {
		panicf("%s: negative distance %d between tiles", name, tileStride)
	}
	checkLen(name, "w", len(w), (tiles-1)*tileStride+(cols+1)/2*4*TileRows)
}

// F16TileBytes returns the size of a tile of f16 or bf16 weights: 16 rows of cols columns padded to a multiple of 32.
func F16TileBytes(cols int) int { return 2 * TileRows * BlockCols * Blocks(cols) }

// checkMulFloat reports whether there is anything to compute.
func checkMulFloat(name string, dst []float32, ldd, tiles, cols int, x []float32, ldx, n int) bool {
	if tiles < 0 || cols < 0 || n < 0 {
		panicf("%s: %d tokens, %d tiles, %d columns: negative count", name, n, tiles, cols)
	}
	if tiles == 0 || n == 0 {
		return false
	}
	checkDst(name, len(dst), ldd, n, TileRows*tiles)
	checkX(name, len(x), ldx, n, cols)
	return true
}

// RowFloats returns how far apart rows of cols activations should lie in x: cols floats, or some cache lines more where the rows would
// otherwise share sets of the L1 cache. Products of such rows have to copy them first, each for its own tiles, which takes a tenth of
// the time where tiles are few and columns many.
func RowFloats(cols int) int {
	const line = 16
	ld := cols
	for aliased(ld, floatRowsTogether) {
		ld += line
	}
	return ld
}

// floatRowsTogether is the largest number of rows of activations that a loop reads side by side.
const floatRowsTogether = 12

// aliased reports whether several of n rows of x, ldx floats apart, begin at nearly the same offset from a multiple of 4 KB. They would
// share sets of the L1 cache and drive each other out at every column: half to a third of the speed.
func aliased(ldx, n int) bool {
	for t := 2; t < n; t++ { // a pair of rows does no harm
		if d := 4 * t * ldx & 4095; d < 64 || d > 4096-64 {
			return true
		}
	}
	return false
}
