package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nibble/kernels"
)

// shapes has matrices that are whole tiles and blocks, and ones that are not.
var shapes = [][2]int{{1, 1}, {16, 32}, {15, 31}, {17, 33}, {48, 172}, {5, 64}, {33, 96}}

func gaussian(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64() * 0.02)
	}
	return x
}

// errorBound returns how far a decoded value may be from x: what rounding to the codec's grid allows.
func errorBound(codec string, x, groupMax float64) float64 {
	switch codec {
	case "f16":
		return math.Max(math.Abs(x)*0x1p-11, 0x1p-25) // half a unit in the last of 11 bits; 2^-24 is the smallest half
	case "bf16":
		return math.Abs(x) * 0x1p-8
	case "int8-g32":
		// Half a step, plus the scale's own rounding (relative 2^-11, at most 127 steps of it), plus float32 rounding.
		return groupMax/127*(0.5+127*0x1p-11) + 0x1p-24
	case "int4-g32":
		// Half a step, except next to the opposite of the extreme: code 8 does not exist, so up to one step is lost.
		return groupMax/8*(1+8*0x1p-11) + 0x1p-24
	}
	return 0
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range codecs {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s/%dx%d", c.name, s[0], s[1]), func(t *testing.T) {
				rows, cols := s[0], s[1]
				src := gaussian(rng, rows*cols)
				enc := make([]byte, c.Bytes(rows, cols))
				c.Encode(enc, src, rows, cols)
				got := make([]float32, rows*cols)
				c.Decode(got, enc, rows, cols)
				for r := range rows {
					for g := 0; g < cols; g += kernels.BlockCols {
						group := src[r*cols+g : r*cols+min(cols, g+kernels.BlockCols)]
						var top float64
						for _, x := range group {
							top = math.Max(top, math.Abs(float64(x)))
						}
						for i, x := range group {
							y := got[r*cols+g+i]
							if d := math.Abs(float64(y) - float64(x)); d > errorBound(c.name, float64(x), top) {
								t.Fatalf("row %d column %d: %g decodes to %g, error %g above %g", r, g+i, x, y, d, errorBound(c.name, float64(x), top))
							}
						}
					}
				}
				// Encoding what was decoded changes nothing: the values lie on the grid already.
				if c.name != "int8-g32" && c.name != "int4-g32" {
					again := make([]byte, len(enc))
					c.Encode(again, got, rows, cols)
					if string(again) != string(enc) {
						t.Error("decoded values do not encode to the same bytes")
					}
				}
				// Rows that lie apart: the same, and what lies between them stays.
				ld := Apart(cols)
				apart, apartEnc := make([]float32, (rows-1)*ld+cols), make([]byte, len(enc))
				for i := range apart {
					apart[i] = float32(math.Inf(1))
				}
				for r := range rows {
					copy(apart[r*ld:], src[r*cols:][:cols])
				}
				if c.EncodeRows(apartEnc, apart, ld, rows, cols); string(apartEnc) != string(enc) {
					t.Errorf("rows %d apart encode to other bytes", ld)
				}
				c.DecodeRows(apart, ld, enc, rows, cols)
				for i, v := range apart {
					want := float32(math.Inf(1))
					if r, c := i/ld, i%ld; c < cols {
						want = got[r*cols+c]
					}
					if v != want {
						t.Fatalf("rows %d apart: value %d is %g, want %g", ld, i, v, want)
					}
				}
				row := make([]float32, cols)
				for r := range rows {
					c.DecodeRow(row, enc, cols, r)
					for i := range row {
						if row[i] != got[r*cols+i] {
							t.Fatalf("DecodeRow(%d) column %d: %g, Decode says %g", r, i, row[i], got[r*cols+i])
						}
					}
				}
			})
		}
	}
}

func TestSlabsEncodeAsTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows, cols := 53, 70
	src := gaussian(rng, rows*cols)
	for _, c := range codecs {
		whole := make([]byte, c.Bytes(rows, cols))
		c.Encode(whole, src, rows, cols)
		var parts []byte
		for r := 0; r < rows; r += 2 * kernels.TileRows {
			n := min(2*kernels.TileRows, rows-r)
			part := make([]byte, c.Bytes(n, cols))
			c.Encode(part, src[r*cols:], n, cols)
			parts = append(parts, part...)
		}
		if string(parts) != string(whole) {
			t.Errorf("%s: slabs differ from the whole", c.name)
		}
	}
}

// TestInt4UsesTheExtreme pins the sign trick: the value of largest magnitude, of either sign, is kept exactly.
func TestInt4UsesTheExtreme(t *testing.T) {
	c, err := Lookup("int4-g32")
	if err != nil {
		t.Fatal(err)
	}
	for _, extreme := range []float32{-1, 1, 0.5, -0.25} {
		src := make([]float32, 32)
		for i := range src {
			src[i] = extreme / float32(i+2)
		}
		src[7] = extreme
		enc := make([]byte, c.Bytes(1, 32))
		c.Encode(enc, src, 1, 32)
		got := make([]float32, 32)
		c.Decode(got, enc, 1, 32)
		if got[7] != extreme {
			t.Errorf("extreme %g decodes to %g", extreme, got[7])
		}
	}
}

func TestZeroGroup(t *testing.T) {
	for _, c := range codecs {
		enc := make([]byte, c.Bytes(3, 40))
		c.Encode(enc, make([]float32, 120), 3, 40)
		got := make([]float32, 120)
		c.Decode(got, enc, 3, 40)
		for i, x := range got {
			if x != 0 {
				t.Fatalf("%s: zero %d decodes to %g", c.name, i, x)
			}
		}
	}
}

func TestLookupUnknown(t *testing.T) {
	if _, err := Lookup("q4_0"); err == nil {
		t.Error("q4_0 was accepted")
	}
}
