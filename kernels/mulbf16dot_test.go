package kernels

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestMulBF16DotDefinition compares the portable kernel with the formula in integers small enough to be exact.
func TestMulBF16DotDefinition(t *testing.T) {
	const tiles, cols, n = 2, 37, 5
	r := newRand(t)
	f := floatFormats[2]
	w, x := make([]byte, tiles*bf16TileBytes(cols)), make([]float32, n*cols)
	var weight [tiles * TileRows][cols]float32
	for row := range weight {
		for c := range cols {
			weight[row][c] = float32(r.IntN(33)-16) / 8
			f.set(w[row/TileRows*bf16TileBytes(cols):], row%TileRows, c, weight[row][c])
		}
	}
	for i := range x {
		x[i] = float32(r.IntN(65) - 32)
	}
	a := make([]byte, PackedBF16Bytes(n, cols))
	PackBF16(a, x, cols, n, cols)
	const ldd = tiles*TileRows + 2
	dst := make([]float32, n*ldd)
	mulBF16DotGeneric(dst, ldd, w, tiles, bf16TileBytes(cols), cols, a, n)
	for tok := range n {
		for row := range weight {
			want := 0.0
			for c := range cols {
				want += float64(weight[row][c]) * float64(x[tok*cols+c])
			}
			if got := dst[tok*ldd+row]; float64(got) != want {
				t.Fatalf("row %d, token %d: %v, want %v", row, tok, got, want)
			}
		}
	}
}

// TestFMAFlushed compares a step with exact arithmetic.
func TestFMAFlushed(t *testing.T) {
	r := newRand(t)
	bf16 := func(exponents int) float32 {
		e := uint32(127 - exponents/2 + r.IntN(exponents))
		return math.Float32frombits(r.Uint32()&0x807f0000 | e<<23)
	}
	for range 200_000 {
		a, b := bf16(150), bf16(150)
		// A sum near the product's size, so that both matter.
		e := min(254, max(1, int(math.Float32bits(a)>>23&255)+int(math.Float32bits(b)>>23&255)-127+r.IntN(60)-30))
		c := math.Float32frombits(r.Uint32()&0x807fffff | uint32(e)<<23)
		exact := new(big.Float).SetPrec(2000).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
		exact.Add(exact, big.NewFloat(float64(c)))
		rounded := new(big.Float).SetPrec(24).SetMode(big.ToNearestEven).Set(exact)
		want, _ := rounded.Float32()
		if mag, _ := new(big.Float).Abs(rounded).Float64(); mag < 0x1p-126 {
			want = float32(math.Copysign(0, float64(exact.Sign())))
			if exact.Sign() == 0 {
				want = 0
			}
		}
		if got := fmaFlushed(a, b, c); got != want {
			t.Fatalf("%x * %x + %x = %x, want %x", a, b, c, got, want)
		}
	}
	const s, h = 0x1p-126, 0x1p-76 // h*h is a quarter of half of the last place below s
	for _, test := range []struct{ a, b, c, want float32 }{
		{h, -h, s, s}, {2 * h, -h, s, s}, {3 * h, -h, s, 0}, {4 * h, -h, s, 0}, {2 * h, h, -s, -s}, {3 * h, h, -s, 0},
		{0x1p-130, 0x1p100, 1, 1}, {0, 0, 0x1p-130, 0}, {0x1p127, 2, -math.MaxFloat32, 0x1p104}, {0x1p127, 2, 0, float32(math.Inf(1))},
	} {
		if got := fmaFlushed(test.a, test.b, test.c); got != test.want {
			t.Errorf("%x * %x + %x = %x, want %x", test.a, test.b, test.c, got, test.want)
		}
	}
	if got := fmaFlushed(0x1p-70, -0x1p-70, 0); got != 0 || !math.Signbit(float64(got)) {
		t.Errorf("a tiny negative result is %v, want -0", got)
	}
	if got := fmaFlushed(0x1p-130, float32(math.Inf(1)), 0); got == got {
		t.Errorf("subnormal times infinity is %v, want NaN", got)
	}
}

// TestMulBF16DotISA compares every instruction set with the portable kernel, bit for bit.
func TestMulBF16DotISA(t *testing.T) {
	columns := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 64, 65, 127, 128, 129, 257}
	eachISA(t, func(t *testing.T) {
		run := func(tiles, n, cols int, fill func(*rand.Rand) uint16) {
			t.Run(fmt.Sprintf("tiles=%d/tokens=%d/cols=%d", tiles, n, cols), func(t *testing.T) { testMulBF16Dot(t, tiles, n, cols, fill) })
		}
		for tiles := 1; tiles <= 6; tiles++ {
			for n := 1; n <= 33; n++ {
				run(tiles, n, columns[(n*5+tiles)%len(columns)], usualBF16)
			}
		}
		for _, cols := range columns {
			for _, n := range []int{1, 2, 6, 12} {
				run(3, n, cols, usualBF16)
				run(5, n, cols, anyBF16)
				run(5, n, cols, tinyBF16)
			}
		}
		for _, n := range []int{1, 11, 12, 49} { // more than one chunk of columns and group of tokens
			run(1, n, 1029, usualBF16)
			run(2, n, 1088, tinyBF16)
		}
	})
}

// usualBF16 gives numbers of very different sizes, anyBF16 any bits (among them infinities, NaN and subnormals), tinyBF16 numbers
// whose products are near the smallest normal number.
func usualBF16(r *rand.Rand) uint16 {
	return bf16Bits(float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(7)-3))))
}
func anyBF16(r *rand.Rand) uint16  { return uint16(r.Uint32()) }
func tinyBF16(r *rand.Rand) uint16 { return uint16(r.Uint32()&0x807f) | uint16(58+r.IntN(12))<<7 }

func testMulBF16Dot(t *testing.T, tiles, n, cols int, fill func(*rand.Rand) uint16) {
	r := newRand(t)
	atEnd := r.IntN(2) == 0
	w := guarded[byte](t, tiles*bf16TileBytes(cols), atEnd)
	a := guarded[byte](t, PackedBF16Bytes(n, cols), atEnd)
	for _, b := range [][]byte{w, a} {
		for i := 0; i < len(b); i += 2 {
			binary.LittleEndian.PutUint16(b[i:], fill(r))
		}
	}
	ldd := tiles*TileRows + r.IntN(4)
	size := (n-1)*ldd + tiles*TileRows
	dst, want := guarded[float32](t, size, atEnd), make([]float32, size)
	for i := range dst {
		dst[i], want[i] = -12345, -12345
	}
	MulBF16Dot(dst, ldd, w, tiles, bf16TileBytes(cols), cols, a, n)
	mulBF16DotGeneric(want, ldd, w, tiles, bf16TileBytes(cols), cols, a, n)
	sameBits(t, "bf16 dot", dst, want)
}

func TestPackBF16Definition(t *testing.T) {
	nan := math.Float32frombits(0x7f800001)
	for _, test := range []struct {
		x    float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3f80}, {-2, 0xc000}, {float32(math.Inf(-1)), 0xff80}, {nan, 0x7fc0},
		{1 + 0x1p-8, 0x3f80}, {1 + 0x3p-8, 0x3f82}, {1 + 0x1p-8 + 0x1p-23, 0x3f81}, // ties go to even
		{math.MaxFloat32, 0x7f80}, {0x1p-149, 0}, {0x1p-126, 0x0080}, {0x1p-133, 0x0001}, {-0x3p-134, 0x8002},
	} {
		if got := bf16Bits(test.x); got != test.want {
			t.Errorf("%x rounds to %#04x, want %#04x", test.x, got, test.want)
		}
	}
}

func TestPackBF16ISA(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, cols := range []int{0, 1, 2, 31, 32, 33, 63, 64, 65, 96, 200} {
			for n := range 4 {
				t.Run(fmt.Sprintf("tokens=%d/cols=%d", n, cols), func(t *testing.T) {
					r := newRand(t)
					ldx := cols + n
					x := guarded[float32](t, max(0, (n-1)*ldx+cols), true)
					for i := range x {
						x[i] = math.Float32frombits(r.Uint32()) // any bits
					}
					dst := guarded[byte](t, PackedBF16Bytes(n, cols), true)
					PackBF16(dst, x, ldx, n, cols)
					for tok := range n {
						row := dst[tok*PackedBF16Bytes(1, cols):]
						for c := range BlockCols * Blocks(cols) {
							var want uint16
							if c < cols {
								want = bf16Bits(x[tok*ldx+c])
							}
							if got := binary.LittleEndian.Uint16(row[2*c:]); got != want {
								t.Fatalf("token %d, column %d: %#04x, want %#04x", tok, c, got, want)
							}
						}
					}
				})
			}
		}
	})
}

func BenchmarkMulBF16Dot(b *testing.B) {
	if !HasBF16Dot() {
		b.Skip("no BF16 dot product")
	}
	for _, size := range []struct{ rows, cols int }{{576, 576}, {2048, 2048}} {
		for _, n := range []int{1, 2, 4, 8, 16, 512} {
			b.Run(fmt.Sprintf("rows=%d/cols=%d/tokens=%d", size.rows, size.cols, n), func(b *testing.B) {
				tiles := Tiles(size.rows)
				w, a := make([]byte, tiles*F16TileBytes(size.cols)), make([]byte, PackedBF16Bytes(n, size.cols))
				dst := make([]float32, n*tiles*TileRows)
				b.SetBytes(int64(len(w)))
				for b.Loop() {
					MulBF16Dot(dst, tiles*TileRows, w, tiles, F16TileBytes(size.cols), size.cols, a, n)
				}
				reportGOPs(b, size.rows, size.cols, n)
			})
		}
	}
}

func BenchmarkPackBF16(b *testing.B) {
	const n, cols = 12, 2048
	eachISABench(b, func(b *testing.B) {
		x, dst := make([]float32, n*cols), make([]byte, PackedBF16Bytes(n, cols))
		b.SetBytes(4 * n * cols)
		for b.Loop() {
			PackBF16(dst, x, cols, n, cols)
		}
	})
}
