package kernels

import (
	"fmt"
	"math"
	"testing"
)

// code returns the code of a column of a quantized row.
func code(row []uint32, c int) int64 { return int64(int16(row[c/2] >> (c % 2 * 16))) }

func quantizedRow(x []float32) []uint32 {
	row := make([]uint32, Int16Row(len(x)))
	quantizeInt16Generic(row, x, len(x), 1, len(x))
	return row
}

func TestQuantizeInt16Definition(t *testing.T) {
	r := newRand(t)
	for _, cols := range []int{1, 2, 3, 4, 7, 64, 130} {
		x := make([]float32, cols)
		fillNormal(r, x)
		row := quantizedRow(x)
		top := float32(0)
		for _, v := range x {
			top = max(top, float32(math.Abs(float64(v))))
		}
		scale := math.Float32frombits(row[len(row)-1])
		if scale != top/Int16Max {
			t.Errorf("%d columns: scale %v, want %v/%d", cols, scale, top, Int16Max)
		}
		for c, v := range x {
			// Half a step, and what the roundings of 4095/m, x*(4095/m) and m/4095 add to a code of up to 4095: 3 * 4095 * 2^-24 steps.
			if e := math.Abs(float64(code(row, c))*float64(scale) - float64(v)); e > (0.5+3*Int16Max*0x1p-24)*float64(scale) {
				t.Errorf("%d columns: column %d: %v as %d * %v", cols, c, v, code(row, c), scale)
			}
		}
		for c := cols; c < 2*int16Pairs(cols); c++ {
			if code(row, c) != 0 {
				t.Errorf("%d columns: the padding column %d has code %d", cols, c, code(row, c))
			}
		}
	}
}

// TestQuantizeInt16Range checks that the largest element always becomes 4095: m*(4095/m), each rounded, may exceed 4095 by 2 ulp, far
// from 4095.5. Mantissas of one binade show it for all: scaling by a power of two changes no rounding above TinyRow.
func TestQuantizeInt16Range(t *testing.T) {
	check := func(m float32) {
		row := quantizedRow([]float32{m, -m})
		if code(row, 0) != Int16Max || code(row, 1) != -Int16Max {
			t.Fatalf("%v is quantized to %d and %d", m, code(row, 0), code(row, 1))
		}
	}
	for u := uint32(0x3f800000); u < 0x40000000; u += 127 {
		check(math.Float32frombits(u))
	}
	check(TinyRow)
	check(math.MaxFloat32)
	if row := quantizedRow([]float32{math.Nextafter32(TinyRow, 0)}); row[0] != 0 || row[len(row)-1] != 0 {
		t.Errorf("a row below TinyRow is quantized to %x", row)
	}
	if products := int64(SumColumns) * Int16Max * Int16Max; products > math.MaxInt32 {
		t.Errorf("%d products add up to %d, too large for 32 bits", SumColumns, products)
	}
}

func TestQuantizeInt16ISA(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	extremes := []float32{
		0, float32(math.Copysign(0, -1)), 1, 0x1p-149, TinyRow, -TinyRow, math.Nextafter32(TinyRow, 0), math.Nextafter32(TinyRow, 1), 1e-30,
		math.MaxFloat32, -math.MaxFloat32, inf, -inf, nan, math.Float32frombits(0xff800001), 0.5, 1.5, 4095, -4095, 4094.5,
	}
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		for _, cols := range []int{0, 1, 3, 4, 8, 15, 16, 17, 32, 48, 64, 80, 128, 256} {
			for n := range 4 {
				for _, gap := range []int{0, 3} {
					ldx := cols + gap
					x := guarded[float32](t, max(0, (n-1)*ldx+cols), true)
					for kind := range 3 {
						for i := range x {
							switch kind {
							case 0:
								x[i] = float32(r.NormFloat64())
							case 1:
								x[i] = math.Float32frombits(r.Uint32())
							case 2:
								x[i] = []float32{extremes[r.IntN(len(extremes))], 1}[min(1, r.IntN(cols+1))]
							}
						}
						dst, want := guarded[uint32](t, n*Int16Row(cols), true), make([]uint32, n*Int16Row(cols))
						QuantizeInt16(dst, x, ldx, n, cols)
						quantizeInt16Generic(want, x, ldx, n, cols)
						for i := range want {
							if dst[i] != want[i] {
								t.Fatalf("%d rows of %d columns: word %d is %#x, want %#x", n, cols, i, dst[i], want[i])
							}
						}
					}
				}
			}
		}
		for _, v := range extremes {
			for _, background := range extremes {
				x := make([]float32, 64)
				for i := range x {
					x[i] = background
				}
				x[r.IntN(64)] = v
				got, want := make([]uint32, Int16Row(64)), quantizedRow(x)
				QuantizeInt16(got, x, 64, 1, 64)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%v among %v: word %d is %#x, want %#x", v, background, i, got[i], want[i])
					}
				}
				finite := func(f float32) bool { return f-f == 0 }
				if scale := math.Float32frombits(got[len(got)-1]); finite(scale) != (finite(v) && finite(background)) {
					t.Fatalf("%v among %v: scale %v", v, background, scale)
				}
			}
		}
	})
}

// int16Tiles makes tiles of quantized rows of x.
func int16Tiles(w []uint32, x []float32, tiles, cols int) {
	for r := range tiles * TileRows {
		StoreInt16(w[r/TileRows*Int16Tile(cols):], r%TileRows, quantizedRow(x[r*cols:][:cols]), cols)
	}
}

// TestMulInt16Definition compares the portable kernel with exact arithmetic on the codes. The float64 result is rounded three times: the
// sum (of up to 31 bits), and two products. Beyond SumColumns each partial sum and each addition is rounded too.
func TestMulInt16Definition(t *testing.T) {
	const tiles, n = 2, 3
	for _, cols := range []int{1, 3, 64, 128, 200} {
		r := newRand(t)
		w, a := make([]uint32, tiles*Int16Tile(cols)), make([]uint32, n*Int16Row(cols))
		x, y := make([]float32, tiles*TileRows*cols), make([]float32, n*cols)
		fillNormal(r, x)
		fillNormal(r, y)
		int16Tiles(w, x, tiles, cols)
		QuantizeInt16(a, y, cols, n, cols)
		dst := make([]float32, n*tiles*TileRows)
		mulInt16Generic(dst, tiles*TileRows, w, tiles, cols, a, Int16Row(cols), n)
		for tok := range n {
			token := a[tok*Int16Row(cols):][:Int16Row(cols)]
			for row := range tiles * TileRows {
				weights := quantizedRow(x[row*cols:][:cols])
				var sum, size int64
				for c := range cols {
					p := code(weights, c) * code(token, c)
					sum += p
					size += max(p, -p)
				}
				scale := float64(math.Float32frombits(weights[len(weights)-1])) * float64(math.Float32frombits(token[len(token)-1]))
				bound := (2*math.Abs(float64(sum)) + 3*float64(size)) * 0x1.01p-24 * scale
				if e := math.Abs(float64(dst[tok*tiles*TileRows+row]) - float64(sum)*scale); !(e <= bound) {
					t.Errorf("%d columns, row %d, token %d: %v, want %v", cols, row, tok, dst[tok*tiles*TileRows+row], float64(sum)*scale)
				}
			}
		}
	}
}

// TestMulInt16ISA compares every instruction set with the portable kernel, bit for bit.
func TestMulInt16ISA(t *testing.T) {
	columns := []int{0, 1, 2, 3, 4, 8, 12, 16, 31, 64, 80, 96, 128, 132, 256, 260}
	eachISA(t, func(t *testing.T) {
		for tiles := 1; tiles <= 6; tiles++ {
			for n := 1; n <= 33; n++ {
				if testing.Short() && n > 13 {
					break
				}
				cols := columns[(n*5+tiles)%len(columns)]
				t.Run(fmt.Sprintf("tiles=%d/rows=%d/cols=%d", tiles, n, cols), func(t *testing.T) { testMulInt16(t, tiles, n, cols, n%3) })
			}
		}
		for _, cols := range columns {
			for _, n := range []int{1, 2, 6, 12, 49} {
				t.Run(fmt.Sprintf("tiles=5/rows=%d/cols=%d", n, cols), func(t *testing.T) { testMulInt16(t, 5, n, cols, 0) })
			}
		}
	})
}

func testMulInt16(t *testing.T, tiles, n, cols, gap int) {
	r := newRand(t)
	atEnd := r.IntN(2) == 0
	lda := Int16Row(cols) + gap
	w := guarded[uint32](t, tiles*Int16Tile(cols), atEnd)
	a := guarded[uint32](t, (n-1)*lda+Int16Row(cols), atEnd)
	// Any codes but those whose products do not fit into the sums, and any scales.
	for _, words := range [][]uint32{w, a} {
		for i := range words {
			words[i] = uint32(uint16(r.IntN(2*Int16Max+1)-Int16Max)) | uint32(r.IntN(2*Int16Max+1)-Int16Max)<<16
			if r.IntN(8) == 0 {
				words[i] = Int16Max | (0x10000-Int16Max)<<16
			}
		}
	}
	scale := func() uint32 {
		if r.IntN(50) == 0 {
			return r.Uint32() // any bits: NaN, infinity and subnormal numbers among them
		}
		return math.Float32bits(float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(7)-3))))
	}
	for tile := range tiles {
		for row := range TileRows {
			w[tile*Int16Tile(cols)+TileRows*int16Pairs(cols)+row] = scale()
		}
	}
	for tok := range n {
		a[tok*lda+int16Pairs(cols)] = scale()
	}
	ldd := tiles*TileRows + r.IntN(4)
	size := (n-1)*ldd + tiles*TileRows
	dst, want := guarded[float32](t, size, atEnd), make([]float32, size)
	for i := range dst {
		dst[i], want[i] = -12345, -12345
	}
	MulInt16(dst, ldd, w, tiles, cols, a, lda, n)
	mulInt16Generic(want, ldd, w, tiles, cols, a, lda, n)
	sameBits(t, "int16", dst, want)
}

// TestMulInt16Largest: sums of the largest products of one sign do not overflow.
func TestMulInt16Largest(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, cols := range []int{64, 128, 256} {
			x := make([]float32, TileRows*cols)
			for i := range x {
				x[i] = Int16Max
			}
			w, a := make([]uint32, Int16Tile(cols)), make([]uint32, Int16Row(cols))
			int16Tiles(w, x, 1, cols)
			QuantizeInt16(a, x, cols, 1, cols)
			dst := make([]float32, TileRows)
			MulInt16(dst, TileRows, w, 1, cols, a, len(a), 1)
			for r, v := range dst {
				if want := float32(cols) * Int16Max * Int16Max; v != want {
					t.Fatalf("%d columns, row %d: %v, want %v", cols, r, v, want)
				}
			}
		}
	})
}

func BenchmarkMulInt16(b *testing.B) {
	for _, size := range []struct{ positions, cols int }{{512, 64}, {2048, 64}, {512, 128}} {
		for _, n := range []int{1, 3, 12, 36} {
			b.Run(fmt.Sprintf("positions=%d/cols=%d/queries=%d", size.positions, size.cols, n), func(b *testing.B) {
				eachISABench(b, func(b *testing.B) {
					if ISA() == "generic" {
						b.Skip("slow")
					}
					tiles := Tiles(size.positions)
					w, a := make([]uint32, tiles*Int16Tile(size.cols)), make([]uint32, n*Int16Row(size.cols))
					dst := make([]float32, n*size.positions)
					b.SetBytes(int64(4 * len(w)))
					for b.Loop() {
						MulInt16(dst, size.positions, w, tiles, size.cols, a, Int16Row(size.cols), n)
					}
					reportGOPs(b, size.positions, size.cols, n)
				})
			})
		}
	}
}

func BenchmarkQuantizeInt16(b *testing.B) {
	for _, cols := range []int{64, 128} {
		b.Run(fmt.Sprintf("rows=12/cols=%d", cols), func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				x, a := make([]float32, 12*cols), make([]uint32, 12*Int16Row(cols))
				fillNormal(newRand(b), x)
				b.SetBytes(int64(4 * len(x)))
				for b.Loop() {
					QuantizeInt16(a, x, cols, 12, cols)
				}
			})
		})
	}
}

func BenchmarkStoreInt16(b *testing.B) {
	tile, row := make([]uint32, Int16Tile(64)), make([]uint32, Int16Row(64))
	b.SetBytes(4 * int64(len(row)))
	for b.Loop() {
		StoreInt16(tile, 3, row, 64)
	}
}
