//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

var _ = register("avx512", func(t *table) {
	t.storeValue, t.probabilities, t.mulValues = storeValueLowerAVX512, probabilitiesAVX512, mulValuesAVX512
	if cpu.X86.HasAVX512BF16 { // whose product takes the upper half of a word first
		t.storeValue, t.probabilities, t.mulValues = storeValueUpperAVX512, probabilityPairsAVX512, mulValuesDot
		t.valuesUpperFirst = true
	}
})

var _ = register("avx2", func(t *table) {
	t.storeValue, t.probabilities, t.mulValues = storeValueAVX2, probabilitiesAVX2, mulValuesAVX2
})

func mulValuesAVX512(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int) {
	mulFloatShapes(bf16AVX512, dst, ldd, w, tiles, tileStride, positions, p, ldp, n)
}

func mulValuesAVX2(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int) {
	mulFloatShapes(bf16AVX2, dst, ldd, w, tiles, tileStride, positions, p, ldp, n)
}

// mulValuesDot takes pairs of positions as mulFloatColumns takes columns: a pair of probabilities is as large as a float32.
func mulValuesDot(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int) {
	if positions == 0 {
		mulBF16Generic(dst, ldd, w, tiles, tileStride, positions, p, ldp, n)
		return
	}
	pairs := (positions + 1) / 2
	chunk := pairs
	if n >= 12 {
		chunk = bf16DotChunk
	}
	mulFloatColumns(bf16DotAVX512, dst, ldd, w, tiles, tileStride, pairs, p, ldp, n, chunk, nil)
}

func storeValueUpperAVX512(dst []byte, tileStride int, odd bool, x []float32) {
	storeValueTiles(storeTilesAVX512, dst, tileStride, odd, !odd, x)
}

func storeValueLowerAVX512(dst []byte, tileStride int, odd bool, x []float32) {
	storeValueTiles(storeTilesAVX512, dst, tileStride, odd, odd, x)
}

func storeValueAVX2(dst []byte, tileStride int, odd bool, x []float32) {
	storeValueTiles(storeTilesAVX2, dst, tileStride, odd, odd, x)
}

// Whole tiles, at least one. A word becomes its bits in keep, or the value's shifted right by shift.
//
//go:noescape
func storeTilesAVX512(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)

//go:noescape
func storeTilesAVX2(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)

// len(s) is a multiple of 16.
//
//go:noescape
func probabilitiesAVX512(s []float32, f float32)

//go:noescape
func probabilitiesAVX2(s []float32, f float32)

// probabilityPairsAVX512 leaves the first half of s with words of two probabilities, the first one in the upper half.
//
//go:noescape
func probabilityPairsAVX512(s []float32, f float32)
