package kernels

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// floatFormat is what differs between f32, f16 and bf16 weights: all are given as bytes here.
type floatFormat struct {
	name    string
	bytes   func(cols int) int // of a tile
	mul     func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int)
	generic func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int)
	set     func(tile []byte, r, c int, v float32)
}

// f32Gap is the number of floats between f32 tiles in the tests.
const f32Gap = 5

// bf16TileBytes is the distance of bf16 tiles in the tests: pairs of columns and a gap.
func bf16TileBytes(cols int) int { return (cols+1)/2*4*TileRows + 2*f32Gap }

var floatFormats = []floatFormat{
	{
		"f32", func(cols int) int { return 4 * (cols*TileRows + f32Gap) },
		func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
			MulF32(dst, ldd, bytesFloat(w), tiles, cols*TileRows+f32Gap, cols, x, ldx, n)
		},
		func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
			mulF32Generic(dst, ldd, bytesFloat(w), tiles, cols*TileRows+f32Gap, cols, x, ldx, n)
		},
		func(tile []byte, r, c int, v float32) {
			binary.LittleEndian.PutUint32(tile[4*(16*c+r):], math.Float32bits(v))
		},
	},
	{
		"f16", F16TileBytes, MulF16, mulF16Generic,
		func(tile []byte, r, c int, v float32) {
			binary.LittleEndian.PutUint16(tile[2*(16*c+r):], halfBits(v))
		},
	},
	{
		"bf16", bf16TileBytes,
		func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
			MulBF16(dst, ldd, w, tiles, bf16TileBytes(cols), cols, x, ldx, n)
		},
		func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int) {
			mulBF16Generic(dst, ldd, w, tiles, bf16TileBytes(cols), cols, x, ldx, n)
		},
		func(tile []byte, r, c int, v float32) {
			binary.LittleEndian.PutUint16(tile[64*(c/2)+4*r+2*(c%2):], uint16(math.Float32bits(v)>>16))
		},
	},
}

// TestMulFloatDefinition compares the portable kernels with the formula in integers small enough to be exact in every format.
func TestMulFloatDefinition(t *testing.T) {
	const tiles, cols, n = 2, 37, 5
	for _, f := range floatFormats {
		r := newRand(t)
		w, x := make([]byte, tiles*f.bytes(cols)), make([]float32, n*cols)
		var weight [tiles * TileRows][cols]float32
		for row := range weight {
			for c := range cols {
				weight[row][c] = float32(r.IntN(33)-16) / 8
				f.set(w[row/TileRows*f.bytes(cols):], row%TileRows, c, weight[row][c])
			}
		}
		for i := range x {
			x[i] = float32(r.IntN(65) - 32)
		}
		const ldd = tiles*TileRows + 2
		dst := make([]float32, n*ldd)
		f.generic(dst, ldd, w, tiles, cols, x, cols, n)
		for tok := range n {
			for row := range weight {
				want := 0.0
				for c := range cols {
					want += float64(weight[row][c]) * float64(x[tok*cols+c])
				}
				if got := dst[tok*ldd+row]; float64(got) != want {
					t.Fatalf("%s: row %d, token %d: %v, want %v", f.name, row, tok, got, want)
				}
			}
		}
	}
}

// TestMulFloatISA compares every instruction set with the portable kernels, bit for bit: the same fused operations in the same
// order leave no room for a difference.
func TestMulFloatISA(t *testing.T) {
	columns := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 64, 65, 127, 128, 129, 257}
	eachISA(t, func(t *testing.T) {
		for _, f := range floatFormats {
			for tiles := 1; tiles <= 6; tiles++ {
				for n := 1; n <= 33; n++ {
					cols := columns[(n*5+tiles)%len(columns)]
					t.Run(fmt.Sprintf("%s/tiles=%d/tokens=%d/cols=%d", f.name, tiles, n, cols), func(t *testing.T) {
						testMulFloat(t, f, tiles, n, cols, cols+n%3)
					})
				}
			}
			for _, cols := range columns {
				for _, n := range []int{1, 2, 6, 12} {
					t.Run(fmt.Sprintf("%s/tiles=3/tokens=%d/cols=%d", f.name, n, cols), func(t *testing.T) {
						testMulFloat(t, f, 3, n, cols, cols)
					})
				}
			}
			// Rows at distances that are multiples of 4 KB are copied, and columns beyond floatChunk resumed.
			for _, n := range []int{1, 3, 11, 12, 49} {
				t.Run(fmt.Sprintf("%s/tiles=1/tokens=%d/cols=1029", f.name, n), func(t *testing.T) {
					testMulFloat(t, f, 1, n, 1029, 2048)
					testMulFloat(t, f, 1, n, 1029, 1030)
				})
			}
		}
	})
}

func testMulFloat(t *testing.T, f floatFormat, tiles, n, cols, ldx int) {
	r := newRand(t)
	atEnd := r.IntN(2) == 0
	w := guarded[byte](t, tiles*f.bytes(cols), atEnd)
	x := guarded[float32](t, (n-1)*ldx+cols, atEnd)
	fillNormal(r, x)
	fillWeights(r, f, w, tiles, cols)
	ldd := tiles*TileRows + r.IntN(4)
	size := (n-1)*ldd + tiles*TileRows
	dst, want := guarded[float32](t, size, atEnd), make([]float32, size)
	for i := range dst {
		dst[i], want[i] = -12345, -12345
	}
	f.mul(dst, ldd, w, tiles, cols, x, ldx, n)
	f.generic(want, ldd, w, tiles, cols, x, ldx, n)
	sameBits(t, f.name, dst, want)
}

func fillWeights(r *rand.Rand, f floatFormat, w []byte, tiles, cols int) {
	for tile := range tiles {
		for c := range cols {
			for row := range TileRows {
				f.set(w[tile*f.bytes(cols):], row, c, float32(r.NormFloat64()*math.Pow(10, float64(r.IntN(7)-3))))
			}
		}
	}
}

// TestMulFloatExtremes multiplies zeros, subnormal, huge, infinite and NaN weights and activations.
func TestMulFloatExtremes(t *testing.T) {
	values := []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, 0x1p-149, -0x1p-130, 0x1p-24, 65504, 1e30, math.MaxFloat32, -math.MaxFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	}
	eachISA(t, func(t *testing.T) {
		for _, f := range floatFormats {
			const tiles, n, cols = 5, 13, 3
			for _, u := range values {
				for _, v := range values {
					r := newRand(t)
					w, x := make([]byte, tiles*f.bytes(cols)), make([]float32, n*cols)
					for tile := range tiles {
						for row := range TileRows {
							for c := range cols {
								f.set(w[tile*f.bytes(cols):], row, c, []float32{u, v, 1}[r.IntN(3)])
							}
						}
					}
					if f.name == "f16" { // bits that halfBits does not make: infinities, NaN, signalling NaN
						for i := 0; i < len(w); i += 62 {
							binary.LittleEndian.PutUint16(w[i:], []uint16{0x7c00, 0xfc00, 0x7e00, 0x7c01, 0x8001}[i/62%5])
						}
					}
					for i := range x {
						x[i] = []float32{u, v, 1}[r.IntN(3)]
					}
					const ldd = tiles * TileRows
					got, want := make([]float32, n*ldd), make([]float32, n*ldd)
					f.mul(got, ldd, w, tiles, cols, x, cols, n)
					f.generic(want, ldd, w, tiles, cols, x, cols, n)
					sameBits(t, fmt.Sprintf("%s, %v and %v", f.name, u, v), got, want)
				}
			}
		}
	})
}

func BenchmarkMulF32(b *testing.B)  { benchMulFloat(b, floatFormats[0]) }
func BenchmarkMulF16(b *testing.B)  { benchMulFloat(b, floatFormats[1]) }
func BenchmarkMulBF16(b *testing.B) { benchMulFloat(b, floatFormats[2]) }

func benchMulFloat(b *testing.B, f floatFormat) {
	for _, size := range []struct{ rows, cols int }{{576, 576}, {2048, 2048}} {
		for _, n := range []int{1, 2, 4, 8, 16, 512} {
			b.Run(fmt.Sprintf("rows=%d/cols=%d/tokens=%d", size.rows, size.cols, n), func(b *testing.B) {
				eachISABench(b, func(b *testing.B) {
					if ISA() == "generic" {
						b.Skip("slow")
					}
					tiles := Tiles(size.rows)
					w := make([]byte, tiles*f.bytes(size.cols))
					x, dst := make([]float32, n*size.cols), make([]float32, n*tiles*TileRows)
					b.SetBytes(int64(len(w)))
					for b.Loop() {
						f.mul(dst, tiles*TileRows, w, tiles, size.cols, x, size.cols, n)
					}
					reportGOPs(b, size.rows, size.cols, n)
				})
			})
		}
	}
}

// TestRowFloats: rows at that distance are multiplied where they lie, whatever their length.
func TestRowFloats(t *testing.T) {
	for cols := 1; cols < 20000; cols++ {
		ld := RowFloats(cols)
		if ld < cols || ld > cols+128 {
			t.Fatalf("rows of %d floats are %d apart", cols, ld)
		}
		if aliased(ld, floatRowsTogether) {
			t.Fatalf("rows of %d floats share sets of the cache at a distance of %d", cols, ld)
		}
	}
}
