//go:build !purego && (amd64 || arm64)

package kernels

// storeValueTiles stores whole tiles by a loop of the instruction set, and what is left by the portable kernel.
func storeValueTiles(store func(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32), dst []byte, tileStride int, odd, upper bool, x []float32) {
	tiles := len(x) / TileRows
	if tiles > 0 {
		var shift, keep uint32
		if !upper {
			shift = 16
		}
		if odd { // the position before it stays
			keep = ^(uint32(0xffff0000) >> shift)
		}
		store(&dst[0], tileStride, &x[0], tiles, shift, keep)
	}
	if rest := x[tiles*TileRows:]; len(rest) > 0 {
		storeValueHalves(dst[tiles*tileStride:], tileStride, odd, upper, rest)
	}
}
