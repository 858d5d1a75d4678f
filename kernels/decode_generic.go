package kernels

var _ = register("generic", func(t *table) { t.decodeInt8, t.decodeInt4 = decodeInt8Generic, decodeInt4Generic })

func decodeInt8Generic(dst []float32, w []byte, blocks int) {
	decodeGeneric(dst, w, blocks, 8, Int8Zero)
}

func decodeInt4Generic(dst []float32, w []byte, blocks int) {
	decodeGeneric(dst, w, blocks, 4, Int4Zero)
}

func decodeGeneric(dst []float32, w []byte, blocks, bits, zero int) {
	blockBytes := intBlockBytes(bits)
	var code [BlockCols][TileRows]uint8
	for b := range blocks {
		block := w[b*blockBytes:][:blockBytes]
		unpack(&code, block[2*TileRows:], bits)
		out := dst[b*TileRows*BlockCols:][:TileRows*BlockCols]
		for c := range code {
			for r := range code[c] {
				out[c*TileRows+r] = float32(int(code[c][r])-zero) * halfAt(block, r)
			}
		}
	}
}
