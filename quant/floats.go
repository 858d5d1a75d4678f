package quant

import (
	"encoding/binary"
	"math"

	"nibble/kernels"
)

func putFloat32s(dst []byte, src []float32) {
	for i, x := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
	}
}

func getFloat32s(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

// f32 and f16 tiles hold one column after the other, 16 rows side by side.

func encodeF32(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint32(dst[4*(c*kernels.TileRows+r):], math.Float32bits(b[r][c]))
		}
	}
}

func decodeF32(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b[r][c] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*(c*kernels.TileRows+r):]))
		}
	}
}

func encodeF16(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c*kernels.TileRows+r):], toHalf(b[r][c]))
		}
	}
}

func decodeF16(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b[r][c] = fromHalf(binary.LittleEndian.Uint16(src[2*(c*kernels.TileRows+r):]))
		}
	}
}

// bf16 tiles hold two columns side by side, as the BF16 dot product instructions read them.

func encodeBF16(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c/2*2*kernels.TileRows+2*r+c%2):], toBF16(b[r][c]))
		}
	}
}

func decodeBF16(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b[r][c] = fromBF16(binary.LittleEndian.Uint16(src[2*(c/2*2*kernels.TileRows+2*r+c%2):]))
		}
	}
}
