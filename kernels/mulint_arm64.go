//go:build !purego

package kernels

import "golang.org/x/sys/cpu"

var _ = register("neon", func(t *table) {
	t.mulInt8, t.mulInt4 = mulInt8NEON, mulInt4NEON
	t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsNEON, mulInt4PanelsNEON
	if cpu.ARM64.HasI8MM {
		t.mulInt8, t.mulInt4 = mulInt8I8MM, mulInt4I8MM
		t.mulInt8Panels, t.mulInt4Panels = mulInt8PanelsI8MM, mulInt4PanelsI8MM
		t.extension = "i8mm"
	}
})

// The loops by tokens-1. Pairs of tiles would gain nothing: one tile with six tokens fills the registers. Matrix products want two
// tokens at least, and nibbles are positive numbers for SDOT and USDOT alike.
var (
	mulInt8ShapesNEON = [2][PanelTokens]mulIntShape{
		{mulInt8x1x1NEON, mulInt8x1x2NEON, mulInt8x1x3NEON, mulInt8x1x4NEON, mulInt8x1x5NEON, mulInt8x1x6NEON},
	}
	mulInt4ShapesNEON = [2][PanelTokens]mulIntShape{
		{mulInt4x1x1NEON, mulInt4x1x2NEON, mulInt4x1x3NEON, mulInt4x1x4NEON, mulInt4x1x5NEON, mulInt4x1x6NEON},
	}
	mulInt8ShapesI8MM = [2][PanelTokens]mulIntShape{
		{mulInt8x1x1I8MM, mulInt8x1x2I8MM, mulInt8x1x3I8MM, mulInt8x1x4I8MM, mulInt8x1x5I8MM, mulInt8x1x6I8MM},
	}
	mulInt4ShapesI8MM = [2][PanelTokens]mulIntShape{
		{mulInt4x1x1NEON, mulInt4x1x2I8MM, mulInt4x1x3I8MM, mulInt4x1x4I8MM, mulInt4x1x5I8MM, mulInt4x1x6I8MM},
	}
)

func mulInt8NEON(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt8ShapesNEON, dst, ldd, w, tiles, blocks, 8, a, n)
}

func mulInt4NEON(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt4ShapesNEON, dst, ldd, w, tiles, blocks, 4, a, n)
}

func mulInt8I8MM(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt8ShapesI8MM, dst, ldd, w, tiles, blocks, 8, a, n)
}

func mulInt4I8MM(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
	mulIntShapes(&mulInt4ShapesI8MM, dst, ldd, w, tiles, blocks, 4, a, n)
}

func mulInt8PanelsNEON(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt8ShapesNEON, dst, ldd, w, tiles, blocks, 8, a, tokens)
}

func mulInt4PanelsNEON(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt4ShapesNEON, dst, ldd, w, tiles, blocks, 4, a, tokens)
}

func mulInt8PanelsI8MM(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt8ShapesI8MM, dst, ldd, w, tiles, blocks, 8, a, tokens)
}

func mulInt4PanelsI8MM(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsShapes(&mulInt4ShapesI8MM, dst, ldd, w, tiles, blocks, 4, a, tokens)
}
