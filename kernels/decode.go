package kernels

// DecodeInt8 writes the weights of one int8 tile as float32, column after column:
//
//	dst[16*c+r] = float32(code(r, c)-128) * scale(r, c/32)      for c < 32*blocks, r < 16
//
// which is the layout of an f32 tile. w holds blocks*Int8BlockBytes bytes and dst 512*blocks floats. It panics if one is shorter.
func DecodeInt8(dst []float32, w []byte, blocks int) {
	checkDecode("DecodeInt8", len(dst), len(w), blocks, Int8BlockBytes)
	active.decodeInt8(dst, w, blocks)
}

// DecodeInt4 is DecodeInt8 for one int4 tile: dst[16*c+r] = float32(nibble(r, c)-8) * scale(r, c/32).
func DecodeInt4(dst []float32, w []byte, blocks int) {
	checkDecode("DecodeInt4", len(dst), len(w), blocks, Int4BlockBytes)
	active.decodeInt4(dst, w, blocks)
}

func checkDecode(name string, lenDst, lenW, blocks, blockBytes int) {
	if blocks < 0 {
		panicf("%s: %d blocks", name, blocks)
	}
	checkLen(name, "dst", lenDst, TileRows*BlockCols*blocks)
	checkLen(name, "w", lenW, blocks*blockBytes)
}
