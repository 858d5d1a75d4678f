package kernels

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"testing"
)

// TestElementwiseBits holds the assembly of all architectures to the same bits, by a checksum of what each kernel makes of the same
// numbers (the portable twins round the exponential better). Kernels that equal their twins need no checksum.
func TestElementwiseBits(t *testing.T) {
	want := map[string]uint64{
		"Softmax":     0xa9e7cbffbde21305,
		"Exp":         0x20f3460cd625a462,
		"SiLU":        0x919ba81a2c25d042,
		"GELUTanh":    0x7274d14a26a83802,
		"GELU":        0x560d7770fbe9164b,
		"SiLUMul":     0x9325c530eb7112a6,
		"GELUTanhMul": 0x5efb14d3e7978b0a,
		"GELUMul":     0x7b705feeb1e9d69d,
		"SumExp":      0xb902d1a0ed263121,
	}
	check := func(t *testing.T, name string, write func(h io.Writer)) {
		h := fnv.New64a()
		write(h)
		if got := h.Sum64(); got != want[name] {
			t.Errorf("%s: checksum %#x, want %#x", name, got, want[name])
		}
	}
	eachISA(t, func(t *testing.T) {
		if ISA() == "generic" {
			return // the assembly's results are compared with each other; with the portable ones, within bounds, elsewhere
		}
		input := func(r *rand.Rand, n int) []float32 {
			x := make([]float32, n)
			for i := range x { // -128 to 128, in steps that float32 holds
				x[i] = float32(r.IntN(1<<24)-1<<23) * 0x1p-16
				if i%2 == 0 {
					x[i] *= 0x1p-4
				}
			}
			return x
		}
		r := rand.New(rand.NewPCG(1, 2))
		for _, op := range elementwiseOps() {
			if op.exact {
				continue
			}
			check(t, op.name, func(h io.Writer) {
				for n := 900; n < 964; n++ {
					in := make([][]float32, op.inputs)
					for i := range in {
						in[i] = input(r, n)
					}
					dst, _ := runAs(t, ISA(), op, n, in)
					if err := binary.Write(h, binary.LittleEndian, dst); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
		check(t, "SumExp", func(h io.Writer) {
			for n := 900; n < 964; n++ {
				x := input(r, n)
				if err := binary.Write(h, binary.LittleEndian, SumExp(x, Max(x))); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}
