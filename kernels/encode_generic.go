package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) {
	t.encodeF32, t.encodeF16, t.encodeBF16 = encodeF32Generic, encodeF16Generic, encodeBF16Generic
	t.encodeInt8, t.encodeInt4 = encodeInt8Generic, encodeInt4Generic
	t.decodeRowsF32, t.decodeRowsF16, t.decodeRowsBF16 = decodeRowsF32Generic, decodeRowsF16Generic, decodeRowsBF16Generic
	t.decodeRowsInt8, t.decodeRowsInt4 = decodeRowsInt8Generic, decodeRowsInt4Generic
})

func encodeF32Generic(dst []byte, src []float32, ld, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			binary.LittleEndian.PutUint32(dst[4*(c*TileRows+r):], math.Float32bits(src[r*ld+c]))
		}
	}
}

func encodeF16Generic(dst []byte, src []float32, ld, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c*TileRows+r):], floatToHalf(src[r*ld+c]))
		}
	}
}

func encodeBF16Generic(dst []byte, src []float32, ld, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c/2*2*TileRows+2*r+c%2):], bf16Bits(src[r*ld+c]))
		}
	}
}

func encodeInt8Generic(dst []byte, src []float32, ld, blocks int) {
	for b := range blocks {
		block := dst[b*Int8BlockBytes:][:Int8BlockBytes]
		codes := block[2*TileRows:]
		for r := range TileRows {
			row := src[r*ld+b*BlockCols:][:BlockCols]
			var top float32
			for _, x := range row {
				top = max(top, x, -x)
			}
			inv := putScale(block, r, top/127)
			for c, x := range row {
				codes[c/4*64+4*r+c%4] = byte(roundClipped(float32(x*inv), -127, 127) + Int8Zero)
			}
		}
	}
}

func encodeInt4Generic(dst []byte, src []float32, ld, blocks int) {
	for b := range blocks {
		block := dst[b*Int4BlockBytes:][:Int4BlockBytes]
		codes := block[2*TileRows:]
		for r := range TileRows {
			row := src[r*ld+b*BlockCols:][:BlockCols]
			var top, extreme float32
			for _, x := range row {
				if a := max(x, -x); a > top {
					top, extreme = a, x
				}
			}
			inv := putScale(block, r, extreme/-8)
			for c := range BlockCols / 2 {
				low := roundClipped(float32(row[c]*inv), -8, 7) + Int4Zero
				high := roundClipped(float32(row[c+16]*inv), -8, 7) + Int4Zero
				codes[c/4*64+4*r+c%4] = byte(low | high<<4)
			}
		}
	}
}

// putScale stores row r's scale as a half float and returns the inverse of what it stored, 0 for 0.
func putScale(block []byte, r int, scale float32) float32 {
	h := floatToHalf(scale)
	binary.LittleEndian.PutUint16(block[2*r:], h)
	if s := halfToFloat(h); s != 0 {
		return 1 / s
	}
	return 0
}

// roundClipped rounds half away from zero.
func roundClipped(x, lo, hi float32) int32 {
	x = min(max(x, lo), hi)
	return int32(x + float32(math.Copysign(0.5, float64(x))))
}

// floatToHalf rounds to a half float, to nearest even.
func floatToHalf(x float32) uint16 {
	const half = 126 << 23 // 0.5, whose last place is 2^-24, as that of subnormal half floats is
	b := math.Float32bits(x)
	sign, mag := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case mag > 255<<23:
		return sign | 0x7e00 | uint16(mag>>13&0x3ff)
	case mag >= (127+16)<<23: // 65536
		return sign | 0x7c00
	case mag >= (127-14)<<23:
		mag -= 112 << 23
		return sign | uint16((mag+0xfff+mag>>13&1)>>13)
	}
	return sign | uint16(math.Float32bits(math.Float32frombits(mag)+0.5)-half)
}

func decodeRowsF32Generic(dst []float32, ld int, w []byte, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			dst[r*ld+c] = math.Float32frombits(binary.LittleEndian.Uint32(w[4*(c*TileRows+r):]))
		}
	}
}

func decodeRowsF16Generic(dst []float32, ld int, w []byte, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			dst[r*ld+c] = halfAt(w, c*TileRows+r)
		}
	}
}

func decodeRowsBF16Generic(dst []float32, ld int, w []byte, blocks int) {
	for c := range blocks * BlockCols {
		for r := range TileRows {
			dst[r*ld+c] = bf16At(w, c/2*2*TileRows+2*r+c%2)
		}
	}
}

func decodeRowsInt8Generic(dst []float32, ld int, w []byte, blocks int) {
	for b := range blocks {
		block := w[b*Int8BlockBytes:][:Int8BlockBytes]
		for r := range TileRows {
			scale, row := halfAt(block, r), dst[r*ld+b*BlockCols:][:BlockCols]
			for c := range row {
				row[c] = float32(int(block[2*TileRows+c/4*64+4*r+c%4])-Int8Zero) * scale
			}
		}
	}
}

func decodeRowsInt4Generic(dst []float32, ld int, w []byte, blocks int) {
	for b := range blocks {
		block := w[b*Int4BlockBytes:][:Int4BlockBytes]
		for r := range TileRows {
			scale, row := halfAt(block, r), dst[r*ld+b*BlockCols:][:BlockCols]
			for c := range BlockCols / 2 {
				codes := int(block[2*TileRows+c/4*64+4*r+c%4])
				row[c] = float32(codes&15-Int4Zero) * scale
				row[c+16] = float32(codes>>4-Int4Zero) * scale
			}
		}
	}
}
