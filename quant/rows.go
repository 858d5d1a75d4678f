package quant

import (
	"encoding/binary"
	"math"

	"nibble/kernels"
)

// One row of one block, for each codec: the same values as the whole block's decode gives.

func decodeRowF32(dst []float32, src []byte, r int) {
	for c := range dst {
		dst[c] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*(c*kernels.TileRows+r):]))
	}
}

func decodeRowF16(dst []float32, src []byte, r int) {
	for c := range dst {
		dst[c] = fromHalf(binary.LittleEndian.Uint16(src[2*(c*kernels.TileRows+r):]))
	}
}

func decodeRowBF16(dst []float32, src []byte, r int) {
	for c := range dst {
		dst[c] = fromBF16(binary.LittleEndian.Uint16(src[2*(c/2*2*kernels.TileRows+2*r+c%2):]))
	}
}

func decodeRowInt8(dst []float32, src []byte, r int) {
	scale := fromHalf(binary.LittleEndian.Uint16(src[2*r:]))
	codes := src[2*kernels.TileRows:]
	for c := range dst {
		dst[c] = float32(int(codes[c/4*64+4*r+c%4])-kernels.Int8Zero) * scale
	}
}

func decodeRowInt4(dst []float32, src []byte, r int) {
	scale := fromHalf(binary.LittleEndian.Uint16(src[2*r:]))
	codes := src[2*kernels.TileRows:]
	for c := range dst {
		q := codes[c%16/4*64+4*r+c%4] >> (c / 16 * 4) & 15
		dst[c] = float32(int(q)-kernels.Int4Zero) * scale
	}
}
