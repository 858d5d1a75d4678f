package kernels

var _ = register("generic", func(t *table) {
	t.mulF32, t.mulF16, t.mulBF16 = mulF32Generic, mulF16Generic, mulBF16Generic
})

func mulF32Generic(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int) {
	var column [TileRows]float32
	eachGroup(dst, ldd, tiles, cols, x, ldx, n, func(tile, c int) *[TileRows]float32 {
		copy(column[:], w[tile*tileStride+c*TileRows:])
		return &column
	})
}

func mulF16Generic(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
	var column [TileRows]float32
	eachGroup(dst, ldd, tiles, cols, x, ldx, n, func(tile, c int) *[TileRows]float32 {
		halves := w[tile*F16TileBytes(cols)+c*2*TileRows:]
		for r := range column {
			column[r] = halfAt(halves, r)
		}
		return &column
	})
}

func mulBF16Generic(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int) {
	var column [TileRows]float32
	eachGroup(dst, ldd, tiles, cols, x, ldx, n, func(tile, c int) *[TileRows]float32 {
		pair := w[tile*tileStride+c/2*4*TileRows:]
		for r := range column {
			column[r] = bf16At(pair, 2*r+c%2)
		}
		return &column
	})
}

// groupTokens is how many tokens a column is decoded for at a time.
const groupTokens = 16

// eachGroup multiplies tiles, whose columns weights returns, by groups of tokens.
func eachGroup(dst []float32, ldd, tiles, cols int, x []float32, ldx, n int, weights func(tile, c int) *[TileRows]float32) {
	for first := 0; first < n; first += groupTokens {
		out, rows, tokens := dst[first*ldd:], x[first*ldx:], min(groupTokens, n-first)
		for t := range tokens {
			clear(out[t*ldd:][:TileRows*tiles])
		}
		for tile := range tiles {
			var sums partialSums
			for c := range cols {
				sums.addColumn(weights(tile, c), rows[c:], ldx, tokens)
				if (c+1)%SumColumns == 0 || c+1 == cols {
					sums.flush(out[tile*TileRows:], ldd, tokens, c < SumColumns)
				}
			}
		}
	}
}

// partialSums holds, for each token, the sums of the present SumColumns columns of one tile.
type partialSums [groupTokens][TileRows]float32

// addColumn adds one column of 16 weights times each token's activation x[t*ldx].
func (s *partialSums) addColumn(column *[TileRows]float32, x []float32, ldx, tokens int) {
	for t := range tokens {
		v := x[t*ldx]
		for r := range s[t] {
			s[t][r] = fma32(column[r], v, s[t][r])
		}
	}
}

// flush adds the sums to dst, or stores them if they are the first, and begins anew.
func (s *partialSums) flush(dst []float32, ldd, tokens int, first bool) {
	for t := range tokens {
		out := dst[t*ldd:][:TileRows]
		for r := range out {
			if first {
				out[r] = s[t][r]
			} else {
				out[r] += s[t][r]
			}
		}
		s[t] = [TileRows]float32{}
	}
}
