package kernels

// MulInt8 multiplies consecutive int8 tiles by an activation panel of n tokens (1 to PanelTokens):
//
//	for t < n, r < 16*tiles:
//		dst[t*ldd+r] = sum over blocks b, in order, of float32(isum(r, t, b)) * (wscale(r, b) * ascale(t, b))
//
// where isum is the exact integer sum of the block's 32 products plus the panel's start value, wscale*ascale is rounded to
// float32, and the product is added by a fused multiply-add, from zero. w holds tiles*blocks*Int8BlockBytes bytes and a
// PanelBytes(n, blocks) bytes, packed as the package comment says. The same operations run in the same order for every shape and
// instruction set: a result does not depend on tiles, n or how the work was split, not in its last bit.
//
// MulInt8 panics if a slice is too short or n is out of range.
func MulInt8(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	checkMulInt("MulInt8", dst, ldd, len(w), tiles, blocks, Int8BlockBytes, len(a), n)
	if tiles > 0 {
		active.mulInt8(dst, ldd, w, tiles, blocks, a, n)
	}
}

// MulInt4 is MulInt8 for int4 tiles: w holds tiles*blocks*Int4BlockBytes bytes, and the panel was quantized with zero = Int4Zero.
func MulInt4(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	checkMulInt("MulInt4", dst, ldd, len(w), tiles, blocks, Int4BlockBytes, len(a), n)
	if tiles > 0 {
		active.mulInt4(dst, ldd, w, tiles, blocks, a, n)
	}
}

// PanelBytes returns the size of an activation panel of n tokens and blocks blocks of 32 columns.
func PanelBytes(n, blocks int) int { return PanelTokenBlockBytes * n * blocks }

func checkMulInt(name string, dst []float32, ldd, lenW, tiles, blocks, blockBytes, lenA, n int) {
	if n < 1 || n > PanelTokens || tiles < 0 || blocks < 0 {
		panicf("%s: %d tokens, %d tiles, %d blocks: want 1..%d tokens and no negative count", name, n, tiles, blocks, PanelTokens)
	}
	checkDst(name, len(dst), ldd, n, TileRows*tiles)
	checkLen(name, "w", lenW, tiles*blocks*blockBytes)
	checkLen(name, "a", lenA, PanelBytes(n, blocks))
}
