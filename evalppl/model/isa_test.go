package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"nibble/kernels"
)

// TestMatricesAgreeAcrossInstructionSets multiplies every integer matrix of a container, where it lies in the mapping, with each
// instruction set of this CPU: the portable one's results are demanded bit for bit.
func TestMatricesAgreeAcrossInstructionSets(t *testing.T) {
	before := kernels.ISA()
	defer func() {
		if err := kernels.Init(before); err != nil {
			t.Fatal(err)
		}
	}()
	const tokens = 17 // panels of 5 and 6
	for name, spec := range specs() {
		for codec, f := range map[string]struct {
			mul  func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int)
			zero int32
		}{"int4-g32": {kernels.MulInt4Panels, kernels.Int4Zero}, "int8-g32": {kernels.MulInt8Panels, kernels.Int8Zero}} {
			r := randomContainer(t, spec, codec)
			rng := rand.New(rand.NewPCG(3, 4))
			matrices := 0
			for _, tensor := range r.Tensors() {
				if tensor.Codec != codec {
					continue
				}
				matrices++
				w, err := r.Bytes(tensor)
				if err != nil {
					t.Fatal(err)
				}
				x := make([]float32, tokens*tensor.Cols)
				for i := range x {
					x[i] = float32(rng.NormFloat64())
				}
				blocks, tiles := kernels.Blocks(tensor.Cols), kernels.Tiles(tensor.Rows)
				var want []float32
				for _, isa := range kernels.Available() { // the portable one is the first
					if err := kernels.Init(isa); err != nil {
						t.Fatal(err)
					}
					a, got := make([]byte, kernels.PanelBytes(tokens, blocks)), make([]float32, tokens*tiles*kernels.TileRows)
					kernels.QuantizePanels(a, x, tensor.Cols, tokens, tensor.Cols, f.zero)
					f.mul(got, tiles*kernels.TileRows, w, tiles, blocks, a, tokens)
					if want == nil {
						want = got
					}
					for i := range want {
						if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
							t.Fatalf("%s, %s, tensor %q: product %d is %v with %s, %v without", name, codec, tensor.Name, i, got[i], isa, want[i])
						}
					}
				}
			}
			if matrices == 0 {
				t.Errorf("%s: no matrix of codec %s", name, codec)
			}
		}
	}
}
