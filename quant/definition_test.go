package quant

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"

	"nibble/kernels"
)

// What the bits of each codec mean, written a second time, block by block and without regard to speed, to compare the kernels with.
var definitions = map[string]struct {
	encode func(dst []byte, b *block)
	decode func(b *block, src []byte)
}{
	"f32":      {encodeF32, decodeF32},
	"f16":      {encodeF16, decodeF16},
	"bf16":     {encodeBF16, decodeBF16},
	"int8-g32": {encodeInt8, decodeInt8},
	"int4-g32": {encodeInt4, decodeInt4},
}

// encodeByDefinition encodes block by block with the code below.
func encodeByDefinition(c Codec, src []float32, rows, cols int) (dst []byte) {
	var b block
	for r0 := 0; r0 < rows; r0 += kernels.TileRows {
		for c0 := 0; c0 < cols; c0 += kernels.BlockCols {
			enc := make([]byte, c.blockBytes)
			b.load(src, cols, r0, c0, rows, cols)
			definitions[c.name].encode(enc, &b)
			dst = append(dst, enc...)
		}
	}
	return dst
}

func decodeByDefinition(c Codec, src []byte, rows, cols int) []float32 {
	dst := make([]float32, rows*cols)
	var b block
	for r0 := 0; r0 < rows; r0 += kernels.TileRows {
		for c0 := 0; c0 < cols; c0 += kernels.BlockCols {
			definitions[c.name].decode(&b, src[:c.blockBytes])
			b.store(dst, cols, r0, c0, rows, cols)
			src = src[c.blockBytes:]
		}
	}
	return dst
}

// toHalf rounds to IEEE half precision, to nearest even.
func toHalf(x float32) uint16 { return uint16(float16.Fromfloat32(x)) }

// toBF16 rounds to bfloat16, to nearest even. NaN stays NaN.
func toBF16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // keep it a NaN when the low bits held its only set mantissa bits
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// f32 and f16 tiles hold one column after the other, 16 rows side by side.

func encodeF32(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint32(dst[4*(c*kernels.TileRows+r):], math.Float32bits(b.row(r)[c]))
		}
	}
}

func decodeF32(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b.row(r)[c] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*(c*kernels.TileRows+r):]))
		}
	}
}

func encodeF16(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c*kernels.TileRows+r):], toHalf(b.row(r)[c]))
		}
	}
}

func decodeF16(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b.row(r)[c] = fromHalf(binary.LittleEndian.Uint16(src[2*(c*kernels.TileRows+r):]))
		}
	}
}

// bf16 tiles hold two columns side by side, as the BF16 dot product instructions read them.

func encodeBF16(dst []byte, b *block) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			binary.LittleEndian.PutUint16(dst[2*(c/2*2*kernels.TileRows+2*r+c%2):], toBF16(b.row(r)[c]))
		}
	}
}

func decodeBF16(b *block, src []byte) {
	for c := range kernels.BlockCols {
		for r := range kernels.TileRows {
			b.row(r)[c] = fromBF16(binary.LittleEndian.Uint16(src[2*(c/2*2*kernels.TileRows+2*r+c%2):]))
		}
	}
}

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
		for _, x := range b.row(r) {
			top = max(top, x, -x)
		}
		scale := toHalf(top / 127)
		binary.LittleEndian.PutUint16(dst[2*r:], scale)
		inv := inverse(fromHalf(scale))
		for c, x := range b.row(r) {
			codes[c/4*64+4*r+c%4] = byte(round(float32(x*inv), -127, 127) + kernels.Int8Zero)
		}
	}
}

func decodeInt8(b *block, src []byte) {
	codes := src[2*kernels.TileRows:]
	for r := range kernels.TileRows {
		scale := fromHalf(binary.LittleEndian.Uint16(src[2*r:]))
		for c := range kernels.BlockCols {
			b.row(r)[c] = float32(int(codes[c/4*64+4*r+c%4])-kernels.Int8Zero) * scale
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
		for _, x := range b.row(r) {
			if a := max(x, -x); a > top {
				top, extreme = a, x
			}
		}
		scale := toHalf(extreme / -8)
		binary.LittleEndian.PutUint16(dst[2*r:], scale)
		inv := inverse(fromHalf(scale))
		for c, x := range b.row(r) {
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
			b.row(r)[c] = float32(int(q)-kernels.Int4Zero) * scale
		}
	}
}
