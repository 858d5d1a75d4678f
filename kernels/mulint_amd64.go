//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

var _ = register("avx512", func(t *table) {
	t.mulInt8, t.mulInt4 = mulInt8AVX512, mulInt4AVX512
	t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsAVX512, mulInt4PanelsAVX512
	t.extension = "" // every CPU of this level has the VPDPBUSD that it uses
})

var _ = register("avx2", func(t *table) {
	t.mulInt8, t.mulInt4 = mulInt8AVX2, mulInt4AVX2
	t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsAVX2, mulInt4PanelsAVX2
	if cpu.X86.HasAVXVNNI {
		t.mulInt8, t.mulInt4 = mulInt8AVXVNNI, mulInt4AVXVNNI
		t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsAVXVNNI, mulInt4PanelsAVXVNNI
		t.extension = "vnni"
	}
})

// The loops by tiles-1 and tokens-1. Two tiles are for panels that find their weights in cache, of
// which there are several, so none is narrower than 3 tokens; 16 registers are too few for them.
var (
	mulInt8ShapesAVX2 = [2][PanelTokens]mulIntShape{
		{mulInt8x1x1AVX2, mulInt8x1x2AVX2, mulInt8x1x3AVX2, mulInt8x1x4AVX2, mulInt8x1x5AVX2, mulInt8x1x6AVX2},
	}
	mulInt4ShapesAVX2 = [2][PanelTokens]mulIntShape{
		{mulInt4x1x1AVX2, mulInt4x1x2AVX2, mulInt4x1x3AVX2, mulInt4x1x4AVX2, mulInt4x1x5AVX2, mulInt4x1x6AVX2},
	}
	mulInt8ShapesAVXVNNI = [2][PanelTokens]mulIntShape{
		{mulInt8x1x1AVXVNNI, mulInt8x1x2AVXVNNI, mulInt8x1x3AVXVNNI, mulInt8x1x4AVXVNNI, mulInt8x1x5AVXVNNI, mulInt8x1x6AVXVNNI},
	}
	mulInt4ShapesAVXVNNI = [2][PanelTokens]mulIntShape{
		{mulInt4x1x1AVXVNNI, mulInt4x1x2AVXVNNI, mulInt4x1x3AVXVNNI, mulInt4x1x4AVXVNNI, mulInt4x1x5AVXVNNI, mulInt4x1x6AVXVNNI},
	}
	mulInt8ShapesAVX512 = [2][PanelTokens]mulIntShape{
		{mulInt8x1x1AVX512, mulInt8x1x2AVX512, mulInt8x1x3AVX512, mulInt8x1x4AVX512, mulInt8x1x5AVX512, mulInt8x1x6AVX512},
		{nil, nil, mulInt8x2x3AVX512, mulInt8x2x4AVX512, mulInt8x2x5AVX512, mulInt8x2x6AVX512},
	}
	mulInt4ShapesAVX512 = [2][PanelTokens]mulIntShape{
		{mulInt4x1x1AVX512, mulInt4x1x2AVX512, mulInt4x1x3AVX512, mulInt4x1x4AVX512, mulInt4x1x5AVX512, mulInt4x1x6AVX512},
		{nil, nil, mulInt4x2x3AVX512, mulInt4x2x4AVX512, mulInt4x2x5AVX512, mulInt4x2x6AVX512},
	}
)

func mulInt8AVX2(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt8ShapesAVX2, dst, ldd, w, tiles, blocks, 8, a, n)
}

func mulInt4AVX2(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt4ShapesAVX2, dst, ldd, w, tiles, blocks, 4, a, n)
}

func mulInt8AVXVNNI(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt8ShapesAVXVNNI, dst, ldd, w, tiles, blocks, 8, a, n)
}

func mulInt4AVXVNNI(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt4ShapesAVXVNNI, dst, ldd, w, tiles, blocks, 4, a, n)
}

func mulInt8AVX512(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt8ShapesAVX512, dst, ldd, w, tiles, blocks, 8, a, n)
}

func mulInt4AVX512(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt4ShapesAVX512, dst, ldd, w, tiles, blocks, 4, a, n)
}

func mulInt8PanelsAVX2(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt8ShapesAVX2, dst, ldd, w, tiles, blocks, 8, a, tokens)
}

func mulInt4PanelsAVX2(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt4ShapesAVX2, dst, ldd, w, tiles, blocks, 4, a, tokens)
}

func mulInt8PanelsAVXVNNI(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt8ShapesAVXVNNI, dst, ldd, w, tiles, blocks, 8, a, tokens)
}

func mulInt4PanelsAVXVNNI(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt4ShapesAVXVNNI, dst, ldd, w, tiles, blocks, 4, a, tokens)
}

func mulInt8PanelsAVX512(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt8ShapesAVX512, dst, ldd, w, tiles, blocks, 8, a, tokens)
}

func mulInt4PanelsAVX512(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt4ShapesAVX512, dst, ldd, w, tiles, blocks, 4, a, tokens)
}
