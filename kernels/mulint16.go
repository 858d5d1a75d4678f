package kernels

// Rows of activations as integers of 13 bits, for products of activations with activations: the scores of attention. A row of cols
// columns is quantized with one scale ([QuantizeInt16]) and takes [Int16Row] words of 32 bits:
//
//	for each pair of columns: column c in the lower half, column c+1 in the upper one (16 bits each, two's complement)
//	the bits of the row's float32 scale
//
// with zeros up to a multiple of 4 columns. Sixteen rows side by side are a tile: word i of row r is word 16*i+r of [Int16Tile].

const (
	// Int16Max is the largest magnitude of a code: as many products of two codes as a sum has ([SumColumns]) are below 2^31.
	Int16Max = 4095
	// TinyRow is the magnitude below which a row is quantized to zero: Int16Max/TinyRow is just below the largest float32. The error
	// is at most TinyRow, 1.2e-35.
	TinyRow = 0x1p-116
)

// Int16Row returns the number of words of a row of cols columns.
func Int16Row(cols int) int { return int16Pairs(cols) + 1 }

// Int16Tile returns the number of words of a tile of cols columns.
func Int16Tile(cols int) int { return TileRows * Int16Row(cols) }

// int16Pairs is an even number.
func int16Pairs(cols int) int { return (cols + 3) / 4 * 2 }

// QuantizeInt16 quantizes n >= 0 rows of cols columns, x[t*ldx:][:cols], to rows of dst, which lie one after the other:
//
//	m     = max |x| of the row
//	code  = x * (4095/m), rounded half to even          (4095/m and the product are rounded to float32)
//	scale = m / 4095
//
// A row with m below TinyRow has codes and scale 0. A NaN or an infinity in a row makes its scale NaN and its codes 0, so that it
// reaches every product with that row and is never hidden. QuantizeInt16 panics if a slice is too short or a count is negative.
func QuantizeInt16(dst []uint32, x []float32, ldx, n, cols int) {
	if n < 0 || cols < 0 {
		panicf("QuantizeInt16: %d rows, %d columns: negative count", n, cols)
	}
	if n == 0 {
		return
	}
	checkX("QuantizeInt16", len(x), ldx, n, cols)
	checkLen("QuantizeInt16", "dst", len(dst), n*Int16Row(cols))
	active.quantizeInt16(dst, x, ldx, n, cols)
}

// StoreInt16 makes a quantized row of cols columns row r of a tile. It panics if r is not 0 to 15 or a slice is too short.
func StoreInt16(tile []uint32, r int, row []uint32, cols int) {
	if uint(r) >= TileRows {
		panicf("StoreInt16: row %d of a tile of %d", r, TileRows)
	}
	checkLen("StoreInt16", "tile", len(tile), Int16Tile(cols))
	checkLen("StoreInt16", "row", len(row), Int16Row(cols))
	tile = tile[r:]
	for i, v := range row[:Int16Row(cols)] {
		tile[TileRows*i] = v
	}
}

// MulInt16 multiplies consecutive int16 tiles by n >= 0 quantized rows; row t begins at a[t*lda]:
//
//	for t < n, r < 16*tiles:
//		dst[t*ldd+r] = (sum over c < cols of w(r, c) * a(t, c)) * wscale(r) * ascale(t)
//
// The products of each [SumColumns] columns are added exactly, as integers; these partial sums are rounded to float32 and added in order,
// and the total is multiplied by wscale and then by ascale. So a result does not depend on tiles, n, the instruction set or how the
// work was split, not in its last bit.
//
// MulInt16 panics if a slice is too short or a count is negative.
func MulInt16(dst []float32, ldd int, w []uint32, tiles, cols int, a []uint32, lda, n int) {
	if tiles < 0 || cols < 0 || n < 0 || lda < 0 {
		panicf("MulInt16: %d rows %d apart, %d tiles, %d columns: negative count", n, lda, tiles, cols)
	}
	if tiles == 0 || n == 0 {
		return
	}
	checkDst("MulInt16", len(dst), ldd, n, TileRows*tiles)
	checkLen("MulInt16", "w", len(w), tiles*Int16Tile(cols))
	checkLen("MulInt16", "a", len(a), (n-1)*lda+Int16Row(cols))
	active.mulInt16(dst, ldd, w, tiles, cols, a, lda, n)
}
