package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nibble/kernels"
)

// TestKernelsMeetTheDefinition compares Encode and Decode, which use package kernels, with the definitions, bit for bit, for every
// instruction set of this CPU.
func TestKernelsMeetTheDefinition(t *testing.T) {
	before := kernels.ISA()
	defer func() {
		if err := kernels.Init(before); err != nil {
			t.Fatal(err)
		}
	}()
	fills := map[string]func(rng *rand.Rand, c Codec) float32{
		"gaussian": func(rng *rand.Rand, _ Codec) float32 { return float32(rng.NormFloat64() * 0.02) },
		"zeros":    func(rng *rand.Rand, _ Codec) float32 { return float32(math.Copysign(0, rng.Float64()-0.5)) },
		"ties":     func(rng *rand.Rand, _ Codec) float32 { return float32(rng.IntN(5)-2) / 16 },
		"halves":   func(rng *rand.Rand, _ Codec) float32 { return float32(rng.IntN(509)-254) / 2 },
		"tiny": func(rng *rand.Rand, _ Codec) float32 {
			return float32(rng.NormFloat64() * math.Pow(2, float64(-rng.IntN(140))))
		},
		"large": func(rng *rand.Rand, c Codec) float32 { return float32((2*rng.Float64() - 1) * c.MaxAbs()) },
	}
	for _, isa := range kernels.Available() {
		if err := kernels.Init(isa); err != nil {
			t.Fatal(err)
		}
		for _, c := range codecs {
			if !c.tiled() {
				continue
			}
			for name, fill := range fills {
				for _, s := range append(shapes, [2]int{16, 512}, [2]int{40, 100}) {
					t.Run(fmt.Sprintf("%s/%s/%s/%dx%d", isa, c.name, name, s[0], s[1]), func(t *testing.T) {
						rng := rand.New(rand.NewPCG(uint64(s[0]), uint64(s[1])))
						rows, cols := s[0], s[1]
						src := make([]float32, rows*cols)
						for i := range src {
							src[i] = fill(rng, c)
						}
						enc, want := make([]byte, c.Bytes(rows, cols)), encodeByDefinition(c, src, rows, cols)
						c.Encode(enc, src, rows, cols)
						for i := range want {
							if enc[i] != want[i] {
								t.Fatalf("byte %d of block %d is %#02x, want %#02x", i%c.blockBytes, i/c.blockBytes, enc[i], want[i])
							}
						}
						got := make([]float32, rows*cols)
						c.Decode(got, enc, rows, cols)
						for i, w := range decodeByDefinition(c, enc, rows, cols) {
							if math.Float32bits(got[i]) != math.Float32bits(w) {
								t.Fatalf("row %d, column %d decodes to %g, want %g", i/cols, i%cols, got[i], w)
							}
						}
					})
				}
			}
		}
	}
}

// BenchmarkEncode counts float32 bytes.
func BenchmarkEncode(b *testing.B) {
	const rows, cols = 64, 2048
	src := gaussian(rand.New(rand.NewPCG(1, 2)), rows*cols)
	for _, c := range codecs {
		dst := make([]byte, c.Bytes(rows, cols))
		b.Run("encode/"+c.name, func(b *testing.B) {
			b.SetBytes(4 * rows * cols)
			for b.Loop() {
				c.Encode(dst, src, rows, cols)
			}
		})
		b.Run("decode/"+c.name, func(b *testing.B) {
			got := make([]float32, rows*cols)
			b.SetBytes(4 * rows * cols)
			for b.Loop() {
				c.Decode(got, dst, rows, cols)
			}
		})
	}
}
