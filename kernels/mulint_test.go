package kernels

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// intFormat is what differs between int8 and int4 weights.
type intFormat struct {
	name       string
	blockBytes int
	zero       int32
	codes      int // number of codes
	mul        func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int)
	generic    func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int)
	decode     func(dst []float32, w []byte, blocks int)
}

var intFormats = []intFormat{
	{"int8", Int8BlockBytes, Int8Zero, 256, MulInt8, mulInt8Generic, DecodeInt8},
	{"int4", Int4BlockBytes, Int4Zero, 16, MulInt4, mulInt4Generic, DecodeInt4},
}

// set writes one code, as the package comment describes the tile.
func (f intFormat) set(w []byte, blocks, row, col int, code uint8) {
	b := w[((row/TileRows)*blocks+col/BlockCols)*f.blockBytes+2*TileRows:]
	r, c := row%TileRows, col%BlockCols
	if f.name == "int8" {
		b[64*(c/4)+4*r+c%4] = code
		return
	}
	p := &b[64*(c%16/4)+4*r+c%4]
	if c < 16 {
		*p = *p&0xf0 | code
	} else {
		*p = *p&0x0f | code<<4
	}
}

func (f intFormat) setScale(w []byte, blocks, row, block int, half uint16) {
	binary.LittleEndian.PutUint16(w[((row/TileRows)*blocks+block)*f.blockBytes+2*(row%TileRows):], half)
}

// fillTiles fills tiles with random codes and positive and negative scales of very different sizes.
func (f intFormat) fillTiles(r *rand.Rand, w []byte, tiles, blocks int) {
	fillBytes(r, w)
	for row := range TileRows * tiles {
		for b := range blocks {
			f.setScale(w, blocks, row, b, uint16(r.IntN(0x5000)|r.IntN(2)<<15)) // 0 and subnormal halves to 2^5
		}
	}
}

// setPanel writes one code of a panel.
func panelScale(a []byte, n, block, t int) []byte { return a[40*n*block+32*n+4*t:][:4] }
func panelStart(a []byte, n, block, t int) []byte { return a[40*n*block+36*n+4*t:][:4] }

// fillPanel fills a panel with random codes, scales and starts (any start: the kernels must take what the panel says).
func fillPanel(r *rand.Rand, a []byte, n, blocks int) {
	fillBytes(r, a)
	for b := range blocks {
		for t := range n {
			binary.LittleEndian.PutUint32(panelScale(a, n, b, t), math.Float32bits(float32(math.Exp(4*r.NormFloat64()))))
			binary.LittleEndian.PutUint32(panelStart(a, n, b, t), uint32(r.Int32N(1<<20)-1<<19))
		}
	}
}

// TestMulIntDefinition compares the portable kernels with the formula, computed on a matrix that the test itself packs. Scales
// are powers of two and sums small, so that float32 is exact and no tolerance is needed.
func TestMulIntDefinition(t *testing.T) {
	const tiles, blocks, n = 3, 2, 5
	for _, f := range intFormats {
		r := newRand(t)
		var code [tiles * TileRows][blocks * BlockCols]int32
		var x [n][blocks * BlockCols]int32
		w, a := make([]byte, tiles*blocks*f.blockBytes), make([]byte, PanelBytes(n, blocks))
		wscale := func(row, b int) float32 { return float32(int(1) << ((row + 3*b) % 4)) }
		ascale := func(tok, b int) float32 { return 1 / float32(int(1)<<((tok+b)%3)) }
		for row := range code {
			for c := range code[row] {
				code[row][c] = int32(r.IntN(f.codes))
				f.set(w, blocks, row, c, uint8(code[row][c]))
			}
			for b := range blocks {
				f.setScale(w, blocks, row, b, halfBits(wscale(row, b)))
			}
		}
		for tok := range x {
			for b := range blocks {
				sum := int32(0)
				for c := range BlockCols {
					v := int32(r.IntN(15) - 7)
					x[tok][b*BlockCols+c] = v
					a[40*n*b+32*tok+c] = uint8(v)
					sum += v
				}
				binary.LittleEndian.PutUint32(panelScale(a, n, b, tok), math.Float32bits(ascale(tok, b)))
				binary.LittleEndian.PutUint32(panelStart(a, n, b, tok), uint32(-f.zero*sum))
			}
		}
		const ldd = tiles*TileRows + 3
		dst := make([]float32, n*ldd)
		f.generic(dst, ldd, w, tiles, blocks, a, n)
		for tok := range x {
			for row := range code {
				want := 0.0
				for b := range blocks {
					sum := int32(0)
					for c := b * BlockCols; c < (b+1)*BlockCols; c++ {
						sum += (code[row][c] - f.zero) * x[tok][c]
					}
					want += float64(sum) * float64(wscale(row, b)) * float64(ascale(tok, b))
				}
				if got := dst[tok*ldd+row]; float64(got) != want {
					t.Fatalf("%s: row %d, token %d: %v, want %v", f.name, row, tok, got, want)
				}
			}
		}
	}
}

// TestMulIntISA compares every instruction set with the portable kernels, bit for bit, on all shapes.
func TestMulIntISA(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, f := range intFormats {
			testMulIntAll(t, f)
		}
	})
}

func testMulIntAll(t *testing.T, f intFormat) {
	for n := 1; n <= PanelTokens; n++ {
		for tiles := 1; tiles <= 5; tiles++ {
			for blocks := 0; blocks <= 9; blocks++ {
				t.Run(fmt.Sprintf("%s/tokens=%d/tiles=%d/blocks=%d", f.name, n, tiles, blocks), func(t *testing.T) {
					testMulInt(t, f, n, tiles, blocks, func(r *rand.Rand, w, a []byte) {
						f.fillTiles(r, w, tiles, blocks)
						fillPanel(r, a, n, blocks)
					})
				})
			}
		}
	}
}

func testMulInt(t *testing.T, f intFormat, n, tiles, blocks int, fill func(r *rand.Rand, w, a []byte)) {
	r := newRand(t)
	atEnd := r.IntN(2) == 0
	w := guarded[byte](t, tiles*blocks*f.blockBytes, atEnd)
	a := guarded[byte](t, PanelBytes(n, blocks), atEnd)
	fill(r, w, a)
	ldd := tiles*TileRows + r.IntN(5)
	dst, want := guarded[float32](t, (n-1)*ldd+tiles*TileRows, atEnd), make([]float32, (n-1)*ldd+tiles*TileRows)
	gap := float32(-12345)
	for i := range dst {
		dst[i], want[i] = gap, gap // what lies between the rows must stay
	}
	f.mul(dst, ldd, w, tiles, blocks, a, n)
	f.generic(want, ldd, w, tiles, blocks, a, n)
	sameBits(t, f.name, dst, want)
}

// TestMulIntExtremes runs the codes and scales at the ends of their ranges.
func TestMulIntExtremes(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, f := range intFormats {
			testMulIntExtremes(t, f)
		}
	})
}

func testMulIntExtremes(t *testing.T, f intFormat) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, wcode := range []byte{0, 0xff, 0x80, 0x0f, 0xf0} {
		for _, acode := range []int8{-128, 127, 0, 1} {
			for _, ascale := range []float32{0, 1, 0x1p-149, math.MaxFloat32, nan, inf} {
				testMulInt(t, f, 6, 3, 3, func(r *rand.Rand, w, a []byte) {
					for i := range w {
						w[i] = wcode
					}
					for i := range a {
						a[i] = byte(acode)
					}
					for b := range 3 {
						for row := range 3 * TileRows { // scales 0, smallest, 1, largest, infinity, NaN
							f.setScale(w, 3, row, b, []uint16{0, 1, 0x3c00, 0x7bff, 0xfbff, 0x7c00, 0x7e01, 0x7c01}[(row+b)%8])
						}
						for tok := range 6 {
							binary.LittleEndian.PutUint32(panelScale(a, 6, b, tok), math.Float32bits(ascale))
							binary.LittleEndian.PutUint32(panelStart(a, 6, b, tok), uint32(-f.zero*32*int32(acode)))
						}
					}
				})
			}
		}
	}
}

// TestMulIntSplit checks that a result does not depend on how tiles and tokens were grouped.
func TestMulIntSplit(t *testing.T) {
	const tiles, blocks = 5, 7
	eachISA(t, func(t *testing.T) {
		for _, f := range intFormats {
			r := newRand(t)
			w := make([]byte, tiles*blocks*f.blockBytes)
			f.fillTiles(r, w, tiles, blocks)
			x := make([]float32, 6*blocks*BlockCols)
			fillNormal(r, x)
			const ldd = tiles * TileRows
			var want [6 * ldd]float32
			for tok := range 6 { // one tile, one token at a time
				a := make([]byte, PanelBytes(1, blocks))
				QuantizePanel(a, x[tok*blocks*BlockCols:], 0, 1, blocks*BlockCols, f.zero)
				for tile := range tiles {
					f.mul(want[tok*ldd+tile*TileRows:], ldd, w[tile*blocks*f.blockBytes:], 1, blocks, a, 1)
				}
			}
			for n := 1; n <= 6; n++ {
				a, got := make([]byte, PanelBytes(n, blocks)), make([]float32, n*ldd)
				QuantizePanel(a, x, blocks*BlockCols, n, blocks*BlockCols, f.zero)
				f.mul(got, ldd, w, tiles, blocks, a, n)
				sameBits(t, fmt.Sprintf("%s, %d tokens", f.name, n), got, want[:n*ldd])
			}
		}
	})
}

func BenchmarkMulInt8(b *testing.B) { benchMulInt(b, intFormats[0]) }
func BenchmarkMulInt4(b *testing.B) { benchMulInt(b, intFormats[1]) }

// benchMulInt multiplies a whole matrix by one panel, matrices from L2 size to far beyond the caches.
func benchMulInt(b *testing.B, f intFormat) {
	for _, size := range []struct{ rows, cols int }{{576, 576}, {2048, 2048}, {11264, 2048}, {2048, 5632}, {32768, 2048}} {
		for _, n := range []int{1, 2, 3, 4, 5, 6} {
			b.Run(fmt.Sprintf("rows=%d/cols=%d/tokens=%d", size.rows, size.cols, n), func(b *testing.B) {
				eachISABench(b, func(b *testing.B) {
					if ISA() == "generic" && (size.rows > 576 || n > 1) {
						b.Skip("slow")
					}
					r := newRand(b)
					tiles, blocks := Tiles(size.rows), Blocks(size.cols)
					w := make([]byte, tiles*blocks*f.blockBytes)
					for i := range w {
						w[i] = byte(i * 7)
					}
					a, dst := make([]byte, PanelBytes(n, blocks)), make([]float32, n*tiles*TileRows)
					fillPanel(r, a, n, blocks)
					b.SetBytes(int64(len(w)))
					for b.Loop() {
						f.mul(dst, tiles*TileRows, w, tiles, blocks, a, n)
					}
					reportGOPs(b, size.rows, size.cols, n)
				})
			})
		}
	}
}

// reportGOPs reports 2 operations (multiply, add) for each weight and token.
func reportGOPs(b *testing.B, rows, cols, tokens int) {
	b.ReportMetric(2*float64(rows)*float64(cols)*float64(tokens)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
}

// TestMulPanels compares the loops over many panels with one call for each panel.
func TestMulPanels(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		testMulPanels(t, intFormats[0], MulInt8Panels)
		testMulPanels(t, intFormats[1], MulInt4Panels)
	})
}

func testMulPanels(t *testing.T, f intFormat, mul mulPanelsFunc) {
	for _, blocks := range []int{0, 1, 3, 300} { // 300: more than one group of panels
		for tokens := 0; tokens <= 100; tokens++ { // from 91 on, enough for pairs of tiles from the first panel on
			if blocks == 300 && tokens != 31 || tokens > 33 && tokens <= 90 {
				continue
			}
			r := newRand(t)
			tiles := 1 + tokens%5
			w, a := make([]byte, tiles*blocks*f.blockBytes), make([]byte, PanelBytes(tokens, blocks))
			f.fillTiles(r, w, tiles, blocks)
			if blocks > 0 {
				x := make([]float32, tokens*blocks*BlockCols)
				fillNormal(r, x)
				QuantizePanels(a, x, blocks*BlockCols, tokens, blocks*BlockCols, f.zero)
			}
			ldd := tiles*TileRows + 1
			got, want := make([]float32, tokens*ldd), make([]float32, tokens*ldd)
			mul(got, ldd, w, tiles, blocks, a, tokens)
			for p := range Panels(tokens) {
				first, n := Panel(tokens, p)
				f.generic(want[first*ldd:], ldd, w, tiles, blocks, a[PanelBytes(first, blocks):], n)
			}
			sameBits(t, fmt.Sprintf("%s, %d tokens, %d blocks", f.name, tokens, blocks), got, want)
		}
	}
}

func BenchmarkMulInt8Panels(b *testing.B) { benchMulPanels(b, intFormats[0], MulInt8Panels) }
func BenchmarkMulInt4Panels(b *testing.B) { benchMulPanels(b, intFormats[1], MulInt4Panels) }

type mulPanelsFunc = func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int)

func benchMulPanels(b *testing.B, f intFormat, mul mulPanelsFunc) {
	for _, size := range []struct{ rows, cols int }{{576, 576}, {576, 1536}, {3072, 576}, {2048, 2048}, {2048, 5632}} {
		for _, tokens := range []int{8, 33, 512} {
			b.Run(fmt.Sprintf("rows=%d/cols=%d/tokens=%d", size.rows, size.cols, tokens), func(b *testing.B) {
				eachISABench(b, func(b *testing.B) {
					if ISA() == "generic" {
						b.Skip("slow")
					}
					tiles, blocks := Tiles(size.rows), Blocks(size.cols)
					w := make([]byte, tiles*blocks*f.blockBytes)
					a, dst := make([]byte, PanelBytes(tokens, blocks)), make([]float32, tokens*tiles*TileRows)
					b.SetBytes(int64(len(w)))
					for b.Loop() {
						mul(dst, tiles*TileRows, w, tiles, blocks, a, tokens)
					}
					reportGOPs(b, size.rows, size.cols, tokens)
				})
			})
		}
	}
}
