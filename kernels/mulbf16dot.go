package kernels

// MulBF16Dot multiplies bf16 tiles by n >= 0 rows of activations that [PackBF16] rounded to bfloat16:
//
//	for t < n, r < 16*tiles:
//		dst[t*ldd+r] = sum over c < cols of w(r, c) * a(t, c)
//
// It is for CPUs with a BF16 dot product (see [HasBF16Dot]), which is twice as fast there as MulBF16; elsewhere it is slow. The
// arithmetic is that of x86's VDPBF16PS (Intel, Software Developer's Manual, volume 2), bit for bit on every CPU:
//
//   - The products of each [SumColumns] columns are added from zero, for each pair of columns first the second, then the first one,
//     by fused multiply-adds that round to nearest even.
//   - Subnormal inputs, sums among them, count as zeros with their sign, and a result that is subnormal after rounding to 24 bits
//     becomes one.
//   - These partial sums are added in order as float32.
//
// So a result does not depend on tiles, n or how the work was split. Columns are read in pairs: with an odd number of columns the
// padding beside the last one must be finite, as the zeros are that tiles are padded with. tileStride counts bytes, as for [MulBF16];
// a holds PackedBF16Bytes(n, cols). cols may be the matrix's own number of columns or the padded one.
//
// MulBF16Dot panics if a slice is too short or a count is negative.
func MulBF16Dot(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, a []byte, n int) {
	if tiles < 0 || cols < 0 || n < 0 {
		panicf("MulBF16Dot: %d tokens, %d tiles, %d columns: negative count", n, tiles, cols)
	}
	if tiles == 0 || n == 0 {
		return
	}
	checkDst("MulBF16Dot", len(dst), ldd, n, TileRows*tiles)
	checkBF16Tiles("MulBF16Dot", w, tiles, tileStride, cols)
	checkLen("MulBF16Dot", "a", len(a), PackedBF16Bytes(n, cols))
	active.mulBF16Dot(dst, ldd, w, tiles, tileStride, cols, a, n)
}

// HasBF16Dot reports whether the instruction set in use has a BF16 dot product, so that [MulBF16Dot] is fast.
func HasBF16Dot() bool { return active.hasBF16Dot }

// PackBF16 rounds n rows of activations, x[t*ldx:][:cols], to bfloat16 (to nearest even; a NaN stays a quiet NaN) for [MulBF16Dot]:
// cols values of 2 bytes a row, zeros up to a multiple of 32 columns, and the next row at a distance that is an odd multiple of
// 64 bytes, so that rows never share sets of a cache. dst holds PackedBF16Bytes(n, cols) bytes. It panics if a slice is too short
// or a count is negative.
func PackBF16(dst []byte, x []float32, ldx, n, cols int) {
	PackBF16Columns(dst, x, ldx, n, cols, 0, cols)
}

// PackBF16Columns does the part of [PackBF16] that writes columns from to to-1. from is a multiple of 32, and to is one or cols: else it panics,
// or if a slice is too short or a count negative.
func PackBF16Columns(dst []byte, x []float32, ldx, n, cols, from, to int) {
	if n < 0 || cols < 0 {
		panicf("PackBF16: %d tokens, %d columns: negative count", n, cols)
	}
	if from < 0 || from > to || to > cols || from%BlockCols != 0 || to%BlockCols != 0 && to != cols {
		panicf("PackBF16: columns %d to %d of %d: want multiples of %d", from, to, cols, BlockCols)
	}
	if n == 0 || from == to {
		return
	}
	checkX("PackBF16", len(x), ldx, n, cols)
	checkLen("PackBF16", "dst", len(dst), PackedBF16Bytes(n, cols))
	for t := range n {
		active.packBF16(dst[t*bf16RowBytes(cols)+2*from:][:2*BlockCols*Blocks(to-from)], x[t*ldx+from:][:to-from])
	}
}

// PackedBF16Bytes returns the size of n rows of cols activations as PackBF16 writes them.
func PackedBF16Bytes(n, cols int) int { return n * bf16RowBytes(cols) }

// bf16RowBytes is the distance of packed rows. The line that an even number of blocks adds is never written or read.
func bf16RowBytes(cols int) int { return 2 * BlockCols * (Blocks(cols) | 1) }
