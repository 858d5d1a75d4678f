//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.storeValue, t.probabilities, t.mulValues = storeValueNEON, probabilitiesNEON, mulValuesNEON
})

func mulValuesNEON(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int) {
	mulFloatShapes(bf16NEON, dst, ldd, w, tiles, tileStride, positions, p, ldp, n)
}

func storeValueNEON(dst []byte, tileStride int, odd bool, x []float32) {
	storeValueTiles(storeTilesNEON, dst, tileStride, odd, odd, x)
}

// Whole tiles, at least one. A word becomes its bits in keep, or the value's shifted right by shift.
//
//go:noescape
func storeTilesNEON(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)

// len(s) is a multiple of 16.
//
//go:noescape
func probabilitiesNEON(s []float32, f float32)
