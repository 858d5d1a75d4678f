//go:build !purego && (amd64 || arm64)

package kernels

func packBF16Blocks(pack func(dst *byte, x *float32, blocks int), dst []byte, x []float32) {
	full := len(x) / BlockCols
	if full > 0 {
		pack(&dst[0], &x[0], full)
	}
	packBF16Generic(dst[full*2*BlockCols:], x[full*BlockCols:])
}
