package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// rowCodec is an encoder with its decoder.
type rowCodec struct {
	name       string
	blockBytes int
	maxAbs     float64
	encode     func(dst []byte, src []float32, ld, blocks int)
	decode     func(dst []float32, ld int, w []byte, blocks int)
	generic    func(t *table) (func(dst []byte, src []float32, ld, blocks int), func(dst []float32, ld int, w []byte, blocks int))
}

type (
	encodeFunc = func(dst []byte, src []float32, ld, blocks int)
	decodeFunc = func(dst []float32, ld int, w []byte, blocks int)
)

var rowCodecs = []rowCodec{
	{"f32", floatBlockBytes, math.MaxFloat32, EncodeF32, DecodeRowsF32, func(t *table) (encodeFunc, decodeFunc) { return t.encodeF32, t.decodeRowsF32 }},
	{"f16", halfBlockBytes, 65504, EncodeF16, DecodeRowsF16, func(t *table) (encodeFunc, decodeFunc) { return t.encodeF16, t.decodeRowsF16 }},
	{"bf16", halfBlockBytes, 0x1.fep127, EncodeBF16, DecodeRowsBF16, func(t *table) (encodeFunc, decodeFunc) { return t.encodeBF16, t.decodeRowsBF16 }},
	{"int8", Int8BlockBytes, 127 * 65504, EncodeInt8, DecodeRowsInt8, func(t *table) (encodeFunc, decodeFunc) { return t.encodeInt8, t.decodeRowsInt8 }},
	{"int4", Int4BlockBytes, 8 * 65504, EncodeInt4, DecodeRowsInt4, func(t *table) (encodeFunc, decodeFunc) { return t.encodeInt4, t.decodeRowsInt4 }},
}

// weightFills make rows of 32 weights of one kind each.
var weightFills = []struct {
	name string
	fill func(r *rand.Rand, row []float32, maxAbs float64)
}{
	{"usual", func(r *rand.Rand, row []float32, _ float64) { fillNormal(r, row) }},
	{"zeros", func(r *rand.Rand, row []float32, _ float64) {
		for i := range row {
			row[i] = float32(math.Copysign(0, float64(r.IntN(2))-0.5))
		}
	}},
	{"few values", func(r *rand.Rand, row []float32, _ float64) { // ties of +x and -x
		for i := range row {
			row[i] = float32(r.IntN(5)-2) / 16
		}
	}},
	{"half codes", func(r *rand.Rand, row []float32, _ float64) { // products that end in .5, which round away from zero
		for i := range row {
			row[i] = float32(r.IntN(509)-254) / 2
		}
		row[r.IntN(len(row))] = 127
	}},
	{"tiny", func(r *rand.Rand, row []float32, _ float64) { // around the smallest scales, subnormal float32 among them
		size := math.Pow(2, float64(-r.IntN(140)-10))
		for i := range row {
			row[i] = float32(r.NormFloat64() * size)
		}
	}},
	{"largest", func(r *rand.Rand, row []float32, maxAbs float64) {
		for i := range row {
			row[i] = float32(maxAbs * []float64{1, -1, 0.5, r.Float64()}[r.IntN(4)])
		}
	}},
}

// TestEncodeISA compares every instruction set with the portable encoders and decoders, bit for bit.
func TestEncodeISA(t *testing.T) {
	generic := buildTable("generic")
	eachISA(t, func(t *testing.T) {
		for _, c := range rowCodecs {
			encode, decode := c.generic(&generic)
			for _, kind := range weightFills {
				for blocks := range 4 {
					t.Run(fmt.Sprintf("%s/%s/blocks=%d", c.name, kind.name, blocks), func(t *testing.T) {
						r := newRand(t)
						ld := blocks*BlockCols + r.IntN(3)
						size := 0
						if blocks > 0 {
							size = (TileRows-1)*ld + blocks*BlockCols
						}
						atEnd := r.IntN(2) == 0
						src := guarded[float32](t, size, atEnd)
						for row := 0; row*ld < size; row++ {
							for b := range blocks {
								kind.fill(r, src[row*ld+b*BlockCols:][:BlockCols], c.maxAbs)
							}
						}
						dst, want := guarded[byte](t, blocks*c.blockBytes, atEnd), make([]byte, blocks*c.blockBytes)
						c.encode(dst, src, ld, blocks)
						encode(want, src, ld, blocks)
						for i := range want {
							if dst[i] != want[i] {
								t.Fatalf("byte %d of %d in block %d is %#02x, want %#02x", i%c.blockBytes, c.blockBytes, i/c.blockBytes, dst[i], want[i])
							}
						}
						got, rows := guarded[float32](t, size, atEnd), make([]float32, size)
						for i := range got {
							got[i], rows[i] = 7, 7 // what lies between rows stays
						}
						c.decode(got, ld, dst, blocks)
						decode(rows, ld, want, blocks)
						sameBits(t, c.name, got, rows)
					})
				}
			}
		}
	})
}

// TestDecodeRows compares the row decoders with the column decoders on any bytes.
func TestDecodeRows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const blocks = 3
		for i, f := range intFormats {
			r := newRand(t)
			w := make([]byte, blocks*f.blockBytes)
			fillBytes(r, w)
			columns, rows := make([]float32, blocks*512), make([]float32, blocks*512)
			f.decode(columns, w, blocks)
			[]decodeFunc{DecodeRowsInt8, DecodeRowsInt4}[i](rows, blocks*BlockCols, w, blocks)
			got := make([]float32, blocks*512)
			for c := range blocks * BlockCols {
				for row := range TileRows {
					got[c*TileRows+row] = rows[row*blocks*BlockCols+c]
				}
			}
			sameBits(t, f.name, got, columns)
		}
	})
}

func TestFloatToHalf(t *testing.T) {
	r := newRand(t)
	for h := range len(halfValues) {
		v := float32(halfValues[h])
		for _, x := range []float32{v, -v, math.Nextafter32(v, 1e9), math.Nextafter32(v, -1), v * (1 + float32(r.Float64()*0x1p-10))} {
			if math.Abs(float64(x)) <= 65504 {
				if got, want := floatToHalf(x), halfBits(x); got != want {
					t.Fatalf("%x is half %#04x, want %#04x", x, got, want)
				}
			}
		}
		if h+1 < len(halfValues) {
			middle := float32((halfValues[h] + halfValues[h+1]) / 2)
			if got, want := floatToHalf(middle), halfBits(middle); got != want {
				t.Fatalf("the midpoint %x is half %#04x, want %#04x", middle, got, want)
			}
		}
	}
	for x, want := range map[float32]uint16{65519.996: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, float32(math.Inf(-1)): 0xfc00, -0x1p-25: 0x8000} {
		if got := floatToHalf(x); got != want {
			t.Errorf("%v is half %#04x, want %#04x", x, got, want)
		}
	}
	if h := floatToHalf(float32(math.NaN())); h&0x7c00 != 0x7c00 || h&0x3ff == 0 {
		t.Errorf("NaN is half %#04x", h)
	}
}

func TestWidenISA(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 15, 16, 17, 48, 65, 1 << 16} {
			src := guarded[byte](t, 2*n, true)
			for i := range n { // all patterns, in a scattered order
				src[2*i], src[2*i+1] = byte(i*40503), byte(i*40503>>8)
			}
			for name, f := range map[string][2]func([]float32, []byte){"f16": {WidenF16, widenF16Generic}, "bf16": {WidenBF16, widenBF16Generic}} {
				dst, want := guarded[float32](t, n, true), make([]float32, n)
				f[0](dst, src)
				f[1](want, src)
				sameBits(t, name, dst, want)
				if got, want := MaxMagnitude(dst), maxMagnitudeGeneric(want); got != want && got <= 0x7f800000 {
					t.Errorf("%s: largest magnitude %#08x, want %#08x", name, got, want)
				}
			}
		}
	})
}

// TestCopyF32 compares with the loop over numbers; NaN keep their bits.
func TestCopyF32(t *testing.T) {
	for _, n := range []int{0, 1, 15, 4099} {
		src := guarded[byte](t, 4*n, true)
		fillBytes(newRand(t), src)
		dst, want := guarded[float32](t, n, true), make([]float32, n)
		CopyF32(dst, src)
		copyF32Generic(want, src)
		for i := range want {
			if math.Float32bits(dst[i]) != math.Float32bits(want[i]) {
				t.Fatalf("number %d of %d is %#08x, want %#08x", i, n, math.Float32bits(dst[i]), math.Float32bits(want[i]))
			}
		}
	}
}

func TestErrorSums(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 7, 15, 16, 17, 31, 32, 100, 4099} {
			r := newRand(t)
			x, y := guarded[float32](t, n, true), guarded[float32](t, n, true)
			fillNormal(r, x)
			fillNormal(r, y)
			if n > 3 {
				x[2], y[2], y[3] = math.MaxFloat32, -math.MaxFloat32, 0x1p-149
			}
			var lanes [3][16]float64 // the definition
			for i := range x {
				w, d := float64(x[i]), float64(x[i])-float64(y[i])
				lanes[0][i%16] += float64(w * w)
				lanes[1][i%16] += float64(d * d)
				lanes[2][i%16] = math.Max(lanes[2][i%16], math.Abs(d))
			}
			for k := 8; k > 0; k /= 2 {
				for i := range k {
					lanes[0][i] += lanes[0][i+k]
					lanes[1][i] += lanes[1][i+k]
					lanes[2][i] = math.Max(lanes[2][i], lanes[2][i+k])
				}
			}
			signal, square, largest := ErrorSums(x, y)
			if signal != lanes[0][0] || square != lanes[1][0] || largest != lanes[2][0] {
				t.Errorf("n=%d: %v, %v, %v, want %v, %v, %v", n, signal, square, largest, lanes[0][0], lanes[1][0], lanes[2][0])
			}
		}
	})
}

// TestErrorSumsRows: rows that lie apart are summed as if they did not.
func TestErrorSumsRows(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, c := range []struct{ ld, rows, cols int }{{16, 0, 16}, {48, 1, 32}, {80, 5, 64}, {17, 3, 17}, {33, 1, 17}} {
			r := newRand(t)
			n := max(0, (c.rows-1)*c.ld+c.cols)
			x, y := guarded[float32](t, n, true), guarded[float32](t, n, true)
			fillNormal(r, x)
			fillNormal(r, y)
			var xs, ys []float32
			for row := range c.rows {
				xs = append(xs, x[row*c.ld:][:c.cols]...)
				ys = append(ys, y[row*c.ld:][:c.cols]...)
			}
			signal, square, largest := ErrorSumsRows(x, y, c.ld, c.rows, c.cols)
			if a, b, d := ErrorSums(xs, ys); signal != a || square != b || largest != d {
				t.Errorf("%+v: %v, %v, %v, want %v, %v, %v", c, signal, square, largest, a, b, d)
			}
		}
	})
}

// Rates of the following benchmarks count float32 bytes.

func BenchmarkEncode(b *testing.B) { benchRowCodecs(b, true) }

func BenchmarkDecodeRows(b *testing.B) { benchRowCodecs(b, false) }

func benchRowCodecs(b *testing.B, encode bool) {
	const blocks = 64
	for _, c := range rowCodecs {
		b.Run(c.name+"/cols=2048", func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				rows, tile := make([]float32, TileRows*blocks*BlockCols), make([]byte, blocks*c.blockBytes)
				fillNormal(newRand(b), rows)
				b.SetBytes(int64(4 * len(rows)))
				for b.Loop() {
					if encode {
						c.encode(tile, rows, blocks*BlockCols, blocks)
					} else {
						c.decode(rows, blocks*BlockCols, tile, blocks)
					}
				}
			})
		})
	}
}

func BenchmarkWiden(b *testing.B) {
	src, dst := make([]byte, 64<<10), make([]float32, 32<<10)
	for name, f := range map[string]func([]float32, []byte){"f16": WidenF16, "bf16": WidenBF16} {
		b.Run(name, func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				b.SetBytes(int64(4 * len(dst)))
				for b.Loop() {
					f(dst, src)
				}
			})
		})
	}
}

func BenchmarkErrorSums(b *testing.B) {
	x, y := make([]float32, 32<<10), make([]float32, 32<<10)
	eachISABench(b, func(b *testing.B) {
		b.SetBytes(int64(4 * len(x)))
		for b.Loop() {
			ErrorSums(x, y)
		}
	})
}

func BenchmarkMaxMagnitude(b *testing.B) {
	x := make([]float32, 32<<10)
	eachISABench(b, func(b *testing.B) {
		b.SetBytes(int64(4 * len(x)))
		for b.Loop() {
			MaxMagnitude(x)
		}
	})
}
