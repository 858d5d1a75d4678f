//go:build !purego && (amd64 || arm64)

package kernels

// quantizeTail quantizes the last group if it is not full.
func quantizeTail(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	groups := cols / BlockCols
	if groups*BlockCols == cols {
		return
	}
	for t := range n {
		quantizeGroup(dst[groups*n*PanelTokenBlockBytes:], x[t*ldx+groups*BlockCols:t*ldx+cols], t, n, zero)
	}
}
