package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) {
	t.storeValue, t.probabilities, t.mulValues = storeValueGeneric, probabilitiesGeneric, mulBF16Generic
})

func storeValueGeneric(dst []byte, tileStride int, odd bool, x []float32) {
	storeValueHalves(dst, tileStride, odd, odd, x)
}

// storeValueHalves stores the value of an even or odd position in the upper or lower halves of words.
func storeValueHalves(dst []byte, tileStride int, odd, upper bool, x []float32) {
	shift := 0
	if upper {
		shift = 16
	}
	for i, v := range x {
		at := dst[i/TileRows*tileStride+i%TileRows*4:]
		word := math.Float32bits(bf16Flushed(v, MinValue)) >> 16 << shift
		if odd { // the position before it stays
			word |= binary.LittleEndian.Uint32(at) & (0xffff0000 >> shift)
		}
		binary.LittleEndian.PutUint32(at, word)
	}
}

func probabilitiesGeneric(s []float32, f float32) {
	for i, v := range s {
		s[i] = bf16Flushed(v*f, MinProbability)
	}
}
