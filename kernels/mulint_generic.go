package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) {
	t.mulInt8, t.mulInt4 = mulInt8Generic, mulInt4Generic
	t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsGeneric, mulInt4PanelsGeneric
})

func mulInt8Generic(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntGeneric(dst, ldd, w, tiles, blocks, a, n, 8)
}

func mulInt4Generic(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntGeneric(dst, ldd, w, tiles, blocks, a, n, 4)
}

// mulIntGeneric is both products, for weights of 8 or 4 bits.
func mulIntGeneric(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n, bits int) {
	blockBytes := intBlockBytes(bits)
	for t := range n {
		clear(dst[t*ldd:][:tiles*TileRows])
	}
	var code [BlockCols][TileRows]uint8
	for tile := range tiles {
		for b := range blocks {
			block := w[(tile*blocks+b)*blockBytes:][:blockBytes]
			unpack(&code, block[2*TileRows:], bits)
			panel := a[b*n*PanelTokenBlockBytes:][:n*PanelTokenBlockBytes]
			scales, starts := panel[n*BlockCols:], panel[n*(BlockCols+4):]
			for t := range n {
				start := int32(binary.LittleEndian.Uint32(starts[4*t:]))
				var sum [TileRows]int32
				for r := range sum {
					sum[r] = start
				}
				for c, x := range panel[t*BlockCols:][:BlockCols] {
					for r := range sum {
						sum[r] += int32(code[c][r]) * int32(int8(x))
					}
				}
				ascale := math.Float32frombits(binary.LittleEndian.Uint32(scales[4*t:]))
				out := dst[t*ldd+tile*TileRows:][:TileRows]
				for r := range out {
					out[r] = fma32(float32(sum[r]), halfAt(block, r)*ascale, out[r])
				}
			}
		}
	}
}

func intBlockBytes(bits int) int { return 2*TileRows + TileRows*BlockCols*bits/8 }

// unpack turns the codes of a block of 8 or 4 bits into code[column][row].
func unpack(code *[BlockCols][TileRows]uint8, b []byte, bits int) {
	if bits == 8 {
		unpackInt8(code, b)
	} else {
		unpackInt4(code, b)
	}
}

func unpackInt8(code *[BlockCols][TileRows]uint8, b []byte) {
	for c := range code {
		for r := range code[c] {
			code[c][r] = b[c/4*64+4*r+c%4]
		}
	}
}

func unpackInt4(code *[BlockCols][TileRows]uint8, b []byte) {
	for c := range BlockCols / 2 {
		for r := range TileRows {
			v := b[c/4*64+4*r+c%4]
			code[c][r], code[c+16][r] = v&15, v>>4
		}
	}
}
