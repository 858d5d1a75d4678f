package kernels

// MulInt8Panels multiplies consecutive int8 tiles by all panels of tokens tokens:
//
//	dst[t*ldd+r] as MulInt8 has it, for t < tokens, r < 16*tiles
//
// a holds the panels one after the other, as Panel cuts the tokens; the panel that begins with token t begins at byte
// PanelBytes(t, blocks). The order in which panels and tiles are taken keeps both in cache; results are those of MulInt8 for
// each panel, bit for bit. It panics as MulInt8 does.
func MulInt8Panels(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	checkMulPanels("MulInt8Panels", dst, ldd, len(w), tiles, blocks, Int8BlockBytes, len(a), tokens)
	if tiles > 0 && tokens > 0 {
		active.mulInt8Panels(dst, ldd, w, tiles, blocks, a, tokens)
	}
}

// MulInt4Panels is MulInt8Panels for int4 tiles.
func MulInt4Panels(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	checkMulPanels("MulInt4Panels", dst, ldd, len(w), tiles, blocks, Int4BlockBytes, len(a), tokens)
	if tiles > 0 && tokens > 0 {
		active.mulInt4Panels(dst, ldd, w, tiles, blocks, a, tokens)
	}
}

// QuantizePanels quantizes tokens rows of x (token t is x[t*ldx:][:cols]) into all their panels, PanelBytes(tokens,
// Blocks(cols)) bytes of dst, each as QuantizePanel does.
func QuantizePanels(dst []byte, x []float32, ldx, tokens, cols int, zero int32) {
	for i := range Panels(tokens) {
		first, n := Panel(tokens, i)
		QuantizePanel(dst[PanelBytes(first, Blocks(cols)):], x[first*ldx:], ldx, n, cols, zero)
	}
}

func checkMulPanels(name string, dst []float32, ldd, lenW, tiles, blocks, blockBytes, lenA, tokens int) {
	if tokens < 0 || tiles < 0 || blocks < 0 {
		panicf("%s: %d tokens, %d tiles, %d blocks: negative count", name, tokens, tiles, blocks)
	}
	if tokens == 0 {
		return
	}
	checkDst(name, len(dst), ldd, tokens, TileRows*tiles)
	checkLen(name, "w", lenW, tiles*blocks*blockBytes)
	checkLen(name, "a", lenA, PanelBytes(tokens, blocks))
}

func mulPanelsGeneric(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int, mul func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int)) {
	for i := range Panels(tokens) {
		first, n := Panel(tokens, i)
		mul(dst[first*ldd:], ldd, w, tiles, blocks, a[PanelBytes(first, blocks):], n)
	}
}

func mulInt8PanelsGeneric(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsGeneric(dst, ldd, w, tiles, blocks, a, tokens, mulInt8Generic)
}

func mulInt4PanelsGeneric(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
	mulPanelsGeneric(dst, ldd, w, tiles, blocks, a, tokens, mulInt4Generic)
}
