package kernels

// EncodeF32 writes 16 rows of 32*blocks weights, row r at src[r*ld:], as one f32 tile, in the layout of the package comment:
// blocks*2048 bytes of dst. Like all encoders here it defines what a codec's bits mean, the same on every CPU; weights must be
// finite and within the codec's range, otherwise the codes mean nothing. It panics if a slice is too short.
func EncodeF32(dst []byte, src []float32, ld, blocks int) {
	checkTile("EncodeF32", "dst", len(dst), "src", len(src), ld, blocks, floatBlockBytes)
	active.encodeF32(dst, src, ld, blocks)
}

// EncodeF16 is EncodeF32 for a tile of half floats (blocks*1024 bytes), rounded to nearest even.
func EncodeF16(dst []byte, src []float32, ld, blocks int) {
	checkTile("EncodeF16", "dst", len(dst), "src", len(src), ld, blocks, halfBlockBytes)
	active.encodeF16(dst, src, ld, blocks)
}

// EncodeBF16 is EncodeF32 for a tile of bfloat16 (blocks*1024 bytes), rounded to nearest even.
func EncodeBF16(dst []byte, src []float32, ld, blocks int) {
	checkTile("EncodeBF16", "dst", len(dst), "src", len(src), ld, blocks, halfBlockBytes)
	active.encodeBF16(dst, src, ld, blocks)
}

// EncodeInt8 is EncodeF32 for an int8 tile (blocks*Int8BlockBytes bytes):
//
//	scale(r, b) = half(max |w| / 127) over the block's 32 columns of row r
//	code(r, c) = 128 + round(w * (1/scale)), from 1 to 255; 128 where the scale is 0
//
// where round goes half away from zero: the float32 sum of the clipped product and 0.5 of its sign, without its fraction. It rounds
// with the scale as it is stored: with the unrounded one, codes would be off by one wherever the two differ enough.
func EncodeInt8(dst []byte, src []float32, ld, blocks int) {
	checkTile("EncodeInt8", "dst", len(dst), "src", len(src), ld, blocks, Int8BlockBytes)
	active.encodeInt8(dst, src, ld, blocks)
}

// EncodeInt4 is EncodeInt8 for an int4 tile (blocks*Int4BlockBytes bytes): scale(r, b) = half(e / -8), where e is the first of the
// weights of largest magnitude, with its sign, and code(r, c) = 8 + round(w * (1/scale)), from 0 to 15. That weight is then
// exactly code -8, and all 16 codes are used (as in ggml's Q4_0).
func EncodeInt4(dst []byte, src []float32, ld, blocks int) {
	checkTile("EncodeInt4", "dst", len(dst), "src", len(src), ld, blocks, Int4BlockBytes)
	active.encodeInt4(dst, src, ld, blocks)
}

// DecodeRowsF32 writes the weights of one f32 tile of 32*blocks columns row by row, row r at dst[r*ld:], where EncodeF32 reads
// them. It panics if a slice is too short or the rows overlap.
func DecodeRowsF32(dst []float32, ld int, w []byte, blocks int) {
	checkTile("DecodeRowsF32", "w", len(w), "dst", len(dst), ld, blocks, floatBlockBytes)
	active.decodeRowsF32(dst, ld, w, blocks)
}

// DecodeRowsF16 is DecodeRowsF32 for a tile of half floats.
func DecodeRowsF16(dst []float32, ld int, w []byte, blocks int) {
	checkTile("DecodeRowsF16", "w", len(w), "dst", len(dst), ld, blocks, halfBlockBytes)
	active.decodeRowsF16(dst, ld, w, blocks)
}

// DecodeRowsBF16 is DecodeRowsF32 for a tile of bfloat16.
func DecodeRowsBF16(dst []float32, ld int, w []byte, blocks int) {
	checkTile("DecodeRowsBF16", "w", len(w), "dst", len(dst), ld, blocks, halfBlockBytes)
	active.decodeRowsBF16(dst, ld, w, blocks)
}

// DecodeRowsInt8 is DecodeRowsF32 for an int8 tile: float32(code-128) * scale.
func DecodeRowsInt8(dst []float32, ld int, w []byte, blocks int) {
	checkTile("DecodeRowsInt8", "w", len(w), "dst", len(dst), ld, blocks, Int8BlockBytes)
	active.decodeRowsInt8(dst, ld, w, blocks)
}

// DecodeRowsInt4 is DecodeRowsF32 for an int4 tile: float32(nibble-8) * scale.
func DecodeRowsInt4(dst []float32, ld int, w []byte, blocks int) {
	checkTile("DecodeRowsInt4", "w", len(w), "dst", len(dst), ld, blocks, Int4BlockBytes)
	active.decodeRowsInt4(dst, ld, w, blocks)
}

const (
	halfBlockBytes  = 2 * TileRows * BlockCols
	floatBlockBytes = 4 * TileRows * BlockCols
)

func checkTile(name, tile string, lenTile int, rows string, lenRows, ld, blocks, blockBytes int) {
	if blocks < 0 || ld < blocks*BlockCols {
		panicf("%s: rows of %d blocks of %d columns, %d apart", name, blocks, BlockCols, ld)
	}
	if blocks > 0 {
		checkLen(name, tile, lenTile, blocks*blockBytes)
		checkLen(name, rows, lenRows, (TileRows-1)*ld+blocks*BlockCols)
	}
}
