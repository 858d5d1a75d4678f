//go:build !purego && (amd64 || arm64)

package kernels

import "unsafe"

// How the floating-point products are cut into the loops that the architectures have, which floatLoops names.

func floatBytes(w []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), 4*len(w))
}

func wordBytes(w []uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), 4*len(w))
}

// mulInt16Shapes takes words, pairs of columns, as mulFloatColumns takes float32.
func mulInt16Shapes(l floatLoops, dst []float32, ldd int, w []uint32, tiles, cols int, a []uint32, lda, n int) {
	pairs := int16Pairs(cols)
	if pairs == 0 {
		mulInt16Generic(dst, ldd, w, tiles, cols, a, lda, n)
		return
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
	mulFloatColumns(l, dst, ldd, wordBytes(w), tiles, 4*Int16Tile(cols), pairs, x, lda, n, pairs, nil)
}

const (
	// floatChunk is the number of columns taken at once by many tokens: the weights of two tiles (32 or 64 KB) and the
	// activations of floatTokens (96 KB) then stay in L2.
	floatChunk = 512
	// floatTokens is the number of tokens for which weights are read once.
	floatTokens = 48
	// floatRow is the distance of rows of scratch: consecutive rows lie in different sets of the L1 cache.
	floatRow = floatChunk + 16
)

func mulFloatShapes(l floatLoops, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n int) {
	switch {
	case cols == 0:
		for t := range n {
			clear(dst[t*ldd:][:tiles*TileRows])
		}
	case n < floatRowsTogether && !aliased(ldx, n):
		mulFloatColumns(l, dst, ldd, w, tiles, stride, cols, x, ldx, n, cols, nil)
	case n < floatRowsTogether:
		mulFloatFewCopied(l, dst, ldd, w, tiles, stride, cols, x, ldx, n)
	case !aliased(ldx, floatRowsTogether):
		mulFloatColumns(l, dst, ldd, w, tiles, stride, cols, x, ldx, n, floatChunk, nil)
	default:
		mulFloatManyCopied(l, dst, ldd, w, tiles, stride, cols, x, ldx, n)
	}
}

func mulFloatFewCopied(l floatLoops, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n int) {
	var scratch [11 * floatRow]float32
	mulFloatColumns(l, dst, ldd, w, tiles, stride, cols, x, ldx, n, floatChunk, scratch[:])
}

func mulFloatManyCopied(l floatLoops, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n int) {
	var scratch [floatTokens * floatRow]float32
	mulFloatColumns(l, dst, ldd, w, tiles, stride, cols, x, ldx, n, floatChunk, scratch[:])
}

// mulFloatColumns takes floatTokens tokens and chunk columns at a time, which are copied to scratch first if there is one.
func mulFloatColumns(l floatLoops, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n, chunk int, scratch []float32) {
	for first := 0; first < n; first += floatTokens {
		tokens := min(floatTokens, n-first)
		for c := 0; c < cols; c += chunk {
			count := min(chunk, cols-c)
			rows, distance := x[first*ldx+c:], ldx
			if scratch != nil {
				for t := range tokens {
					copy(scratch[t*floatRow:], rows[t*ldx:][:count])
				}
				rows, distance = scratch, floatRow
			}
			mulFloatBlock(l, dst[first*ldd:], ldd, w[c*l.columnBytes():], tiles, stride, count, rows, distance, tokens, c > 0)
		}
	}
}

// mulFloatBlock multiplies all tiles by all of a few tokens: full groups as far as they go, then one or two groups of up to 6.
func mulFloatBlock(l floatLoops, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n int, resume bool) {
	full := n / l.group() * l.group()
	mulFloatTiles(l, l.group(), dst, ldd, w, tiles, stride, cols, x, ldx, full, resume)
	for first, rest := full, n-full; rest > 0; {
		g := rest
		if rest > 6 {
			g = (rest + 1) / 2
		}
		mulFloatTiles(l, g, dst[first*ldd:], ldd, w, tiles, stride, cols, x[first*ldx:], ldx, g, resume)
		first, rest = first+g, rest-g
	}
}

// mulFloatTiles multiplies all tiles by n tokens, a multiple of group.
func mulFloatTiles(l floatLoops, group int, dst []float32, ldd int, w []byte, tiles, stride, cols int, x []float32, ldx, n int, resume bool) {
	wide, sumColumns := l.tiles(group), l.sumColumns()
	for tile := 0; tile < tiles; {
		take := wide
		if tiles-tile < wide {
			take = 1
		}
		for t := 0; t < n; t += group {
			for c := 0; c < cols; c += sumColumns {
				l.run(take, group, &dst[t*ldd+tile*TileRows], ldd, &w[tile*stride+c*l.columnBytes()], stride, min(sumColumns, cols-c), &x[t*ldx+c], ldx, resume || c > 0)
			}
		}
		tile += take
	}
}
