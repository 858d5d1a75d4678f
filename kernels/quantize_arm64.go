//go:build !purego

package kernels

var _ = register("neon", func(t *table) { t.quantizePanel = quantizePanelNEON })

// One token's groups, at least one; codes, scale and start point to its places in the first block, and stride is the bytes of a block.
//
//go:noescape
func quantizeTokenNEON(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)

func quantizePanelNEON(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	if groups := cols / BlockCols; groups > 0 {
		for t := range n {
			quantizeTokenNEON(&dst[t*BlockCols], &dst[n*BlockCols+4*t], &dst[n*(BlockCols+4)+4*t], n*PanelTokenBlockBytes, &x[t*ldx], groups, zero)
		}
	}
	quantizeTail(dst, x, ldx, n, cols, zero)
}
