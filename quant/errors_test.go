package quant

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestErrorMeter compares the errors with sums of what is decoded, and the bytes with those of EncodeRows.
func TestErrorMeter(t *testing.T) {
	fills := map[string]func(rng *rand.Rand, c Codec) float32{
		"gaussian": func(rng *rand.Rand, _ Codec) float32 { return float32(rng.NormFloat64() * 0.02) },
		"zeros":    func(rng *rand.Rand, _ Codec) float32 { return float32(math.Copysign(0, rng.Float64()-0.5)) },
		"codes":    func(rng *rand.Rand, _ Codec) float32 { return float32(rng.IntN(2)) * 127 }, // exactly what they decode to, in int8-g32
		"large":    func(rng *rand.Rand, c Codec) float32 { return float32((2*rng.Float64() - 1) * c.MaxAbs()) },
		// Squares are below the smallest float32, all of them or those of the differences alone.
		"tiny":    func(rng *rand.Rand, _ Codec) float32 { return float32(rng.NormFloat64() * 0x1p-90) },
		"one big": func(rng *rand.Rand, _ Codec) float32 { return [2]float32{0x1p-90, 127}[rng.IntN(2)] },
	}
	var m ErrorMeter // of all of them: nothing may be left from one to the next
	for _, c := range codecs {
		for name, fill := range fills {
			for _, s := range append(shapes, [2]int{16, 512}, [2]int{40, 96}) {
				t.Run(fmt.Sprintf("%s/%s/%dx%d", c.name, name, s[0], s[1]), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(s[0]), uint64(s[1])))
					rows, cols, ld := s[0], s[1], s[1]
					if cols%32 == 0 {
						ld = Apart(cols)
					}
					src := make([]float32, rows*ld)
					for r := range rows {
						for i := range cols {
							src[r*ld+i] = fill(rng, c)
						}
					}
					enc, want := make([]byte, c.Bytes(rows, cols)), make([]byte, c.Bytes(rows, cols))
					c.EncodeRows(want, src, ld, rows, cols)
					e := m.EncodeRows(c, enc, src, ld, rows, cols)
					if !bytes.Equal(enc, want) {
						t.Error("the bytes are not those of Codec.EncodeRows")
					}
					got := make([]float32, len(src))
					c.DecodeRows(got, ld, enc, rows, cols)
					var w Errors
					for i := range src {
						d := float64(src[i]) - float64(got[i])
						w.Signal += float64(src[i]) * float64(src[i])
						w.Square += d * d
						w.Largest = max(w.Largest, math.Abs(d))
					}
					// Within the bound of kernels.BlockErrors, and that of underflow (leastSquares); float64 sums add at most 2^-52 for each term.
					near := func(got, want, relative float64) bool { return math.Abs(got-want) <= relative*want }
					const sums = 35*0x1p-24 + 0x1p-26 + 1<<14*0x1p-52
					if !near(e.Signal, w.Signal, sums) || !near(e.Square, w.Square, sums) || !near(e.Largest, w.Largest, 0x1p-24) {
						t.Errorf("errors %+v, want %+v", e, w)
					}
				})
			}
		}
	}
}

// TestErrorMeterFaults: a weight that a codec cannot hold shows in the sum of squares, wherever it stands.
func TestErrorMeterFaults(t *testing.T) {
	var m ErrorMeter
	for _, c := range codecs {
		const rows, cols = 20, 40
		limit := c.MaxAbs()
		bad := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
		if limit < math.MaxFloat32 {
			bad = append(bad, math.MaxFloat32, -math.Nextafter32(float32(limit), math.MaxFloat32))
		}
		for _, x := range bad {
			for _, at := range []int{0, 37, 639, 640, rows*cols - 1} {
				src := gaussian(rand.New(rand.NewPCG(1, 2)), rows*cols)
				src[at] = x
				if e := m.EncodeRows(c, make([]byte, c.Bytes(rows, cols)), src, cols, rows, cols); e.Signal < limit*limit*(1-0x1p-20) {
					t.Errorf("%s: with a weight of %v at %d, the sum of squares is %v; the limit is %v", c.name, x, at, e.Signal, limit)
				}
			}
		}
	}
}
