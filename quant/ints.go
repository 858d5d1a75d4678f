package quant

import (
	"encoding/binary"

	"nibble/kernels"
)

// Rounding uses the scale as it is stored (in half precision): rounding with the unrounded scale would give codes that are
// off by one wherever the two differ enough.

// inverse returns 1/scale, or 0 for a scale of 0, whose group decodes to zeros.
func inverse(scale float32) float32 {
	if scale == 0 {
		return 0
	}
	return 1 / scale
}

// round rounds half away from zero and clips to [lo, hi]. Callers convert the product they pass, or compilers could fuse it with
// the sum here on some CPUs.
func round(x float32, lo, hi int) int {
	switch {
	case x >= float32(hi):
		return hi
	case x <= float32(lo):
		return lo
	case x < 0:
		return int(x - 0.5)
	}
	return int(x + 0.5)
}

// encodeInt8 quantizes each row's 32 columns to codes -127..127, scale = max|x| / 127.
func encodeInt8(dst []byte, b *block) {
	codes := dst[2*kernels.TileRows:]
	for r := range kernels.TileRows {
		var top float32
		for _, x := range b[r] {
			top = max(top, x, -x)
		}
		scale := toHalf(top / 127)
		binary.LittleEndian.PutUint16(dst[2*r:], scale)
		inv := inverse(fromHalf(scale))
		for c, x := range b[r] {
			codes[c/4*64+4*r+c%4] = byte(round(float32(x*inv), -127, 127) + kernels.Int8Zero)
		}
	}
}

func decodeInt8(b *block, src []byte) {
	codes := src[2*kernels.TileRows:]
	for r := range kernels.TileRows {
		scale := fromHalf(binary.LittleEndian.Uint16(src[2*r:]))
		for c := range kernels.BlockCols {
			b[r][c] = float32(int(codes[c/4*64+4*r+c%4])-kernels.Int8Zero) * scale
		}
	}
}

// encodeInt4 quantizes each row's 32 columns to codes -8..7. The scale is the value of largest magnitude, sign included,
// over -8 (as in ggml's Q4_0): that value is then exactly code -8, and all 16 codes are used.
func encodeInt4(dst []byte, b *block) {
	codes := dst[2*kernels.TileRows:]
	clear(codes[:kernels.TileRows*kernels.BlockCols/2])
	for r := range kernels.TileRows {
		var top, extreme float32
		for _, x := range b[r] {
			if a := max(x, -x); a > top {
				top, extreme = a, x
			}
		}
		scale := toHalf(extreme / -8)
		binary.LittleEndian.PutUint16(dst[2*r:], scale)
		inv := inverse(fromHalf(scale))
		for c, x := range b[r] {
			q := byte(round(float32(x*inv), -8, 7) + kernels.Int4Zero)
			codes[c%16/4*64+4*r+c%4] |= q << (c / 16 * 4)
		}
	}
}

func decodeInt4(b *block, src []byte) {
	codes := src[2*kernels.TileRows:]
	for r := range kernels.TileRows {
		scale := fromHalf(binary.LittleEndian.Uint16(src[2*r:]))
		for c := range kernels.BlockCols {
			q := codes[c%16/4*64+4*r+c%4] >> (c / 16 * 4) & 15
			b[r][c] = float32(int(q)-kernels.Int4Zero) * scale
		}
	}
}
