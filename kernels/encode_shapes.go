//go:build !purego && (amd64 || arm64)

package kernels

// The assembly of encoders and row decoders takes one tile of at least one block, row r at ld floats from row r-1.

func encodeShape(encode func(dst *byte, src *float32, ld, blocks int), dst []byte, src []float32, ld, blocks int) {
	if blocks > 0 {
		encode(&dst[0], &src[0], ld, blocks)
	}
}

func decodeRowsShape(decode func(dst *float32, ld int, w *byte, blocks int), dst []float32, ld int, w []byte, blocks int) {
	if blocks > 0 {
		decode(&dst[0], ld, &w[0], blocks)
	}
}
