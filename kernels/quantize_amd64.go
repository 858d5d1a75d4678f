//go:build !purego

package kernels

var _ = register("avx512", func(t *table) { t.quantizePanel = quantizePanelAVX512 })
var _ = register("avx2", func(t *table) { t.quantizePanel = quantizePanelAVX2 })

// One token's groups, at least one; codes, scale and start point to its places in the first block, and stride is the bytes of a block.
//
//go:noescape
func quantizeTokenAVX512(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)

//go:noescape
func quantizeTokenAVX2(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)

func quantizePanelAVX512(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	if groups := cols / BlockCols; groups > 0 {
		for t := range n {
			quantizeTokenAVX512(&dst[t*BlockCols], &dst[n*BlockCols+4*t], &dst[n*(BlockCols+4)+4*t], n*PanelTokenBlockBytes, &x[t*ldx], groups, zero)
		}
	}
	quantizeTail(dst, x, ldx, n, cols, zero)
}

func quantizePanelAVX2(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	if groups := cols / BlockCols; groups > 0 {
		for t := range n {
			quantizeTokenAVX2(&dst[t*BlockCols], &dst[n*BlockCols+4*t], &dst[n*(BlockCols+4)+4*t], n*PanelTokenBlockBytes, &x[t*ldx], groups, zero)
		}
	}
	quantizeTail(dst, x, ldx, n, cols, zero)
}
