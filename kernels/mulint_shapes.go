//go:build !purego && (amd64 || arm64)

package kernels

// How the integer products are cut into the loops that the architectures have.

// mulIntShape is one unrolled loop: 1 or 2 tiles (the second one at w+stride bytes) x a panel's tokens.
type mulIntShape = func(dst *float32, ldd int, w *byte, stride, blocks int, a *byte)

func mulIntShapes(shapes *[2][PanelTokens]mulIntShape, dst []float32, ldd int, w []byte, tiles, blocks, bits int, a []byte, n int) {
	if blocks == 0 {
		mulIntGeneric(dst, ldd, w, tiles, blocks, a, n, bits)
		return
	}
	// A single panel reads every weight once, probably from memory: one tile at a time, see asmgen's mulint_avx512.go.
	stride := blocks * intBlockBytes(bits)
	for tile := range tiles {
		shapes[0][n-1](&dst[tile*TileRows], ldd, &w[tile*stride], stride, blocks, &a[0])
	}
}

// panelGroupBytes is how much of the activations is multiplied by all tiles before the next panels are taken: half of the
// smallest L2 cache of the CPUs in use (512 KB to 2 MB). The weights are read once for each group.
const panelGroupBytes = 256 << 10

// panelGroup returns the range of panels [i, end) to be taken together.
func panelGroup(tokens, blocks, i int) (end int) {
	return min(Panels(tokens), i+max(1, panelGroupBytes/max(1, PanelBytes(PanelTokens, blocks))))
}

// manyPanels is from how many panels on the weights' way from memory no longer counts.
const manyPanels = 16

// mulPanelsShapes multiplies pairs of tiles by groups of panels. With few panels, the first one of a group reads the tiles with the shapes
// that are fast from memory, the others find them in cache.
func mulPanelsShapes(shapes *[2][PanelTokens]mulIntShape, dst []float32, ldd int, w []byte, tiles, blocks, bits int, a []byte, tokens int) {
	if blocks == 0 {
		mulPanelsGeneric(dst, ldd, w, tiles, blocks, a, tokens, mulInt8Generic)
		return
	}
	stride := blocks * intBlockBytes(bits)
	for i := 0; i < Panels(tokens); {
		end := panelGroup(tokens, blocks, i)
		for tile := 0; tile < tiles; tile += 2 {
			pair := tile+2 <= tiles
			for p := i; p < end; p++ {
				first, n := Panel(tokens, p)
				out, panel, tileW := &dst[first*ldd+tile*TileRows], &a[PanelBytes(first, blocks)], &w[tile*stride]
				if pair && (p > i || Panels(tokens) >= manyPanels) && shapes[1][n-1] != nil {
					shapes[1][n-1](out, ldd, tileW, stride, blocks, panel)
					continue
				}
				shapes[0][n-1](out, ldd, tileW, stride, blocks, panel)
				if pair {
					shapes[0][n-1](&dst[first*ldd+(tile+1)*TileRows], ldd, &w[(tile+1)*stride], stride, blocks, panel)
				}
			}
		}
		i = end
	}
}
