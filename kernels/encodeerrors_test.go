package kernels

import (
	"fmt"
	"math"
	"testing"
)

type encodeErrorsFunc = func(dst []byte, src []float32, ld, blocks int, e *BlockErrors)

var errorCodecs = []struct {
	rowCodec
	encodeErrors encodeErrorsFunc
}{{rowCodecs[3], EncodeErrorsInt8}, {rowCodecs[4], EncodeErrorsInt4}}

// TestEncodeErrors compares every instruction set with EncodeInt8, EncodeInt4 and the definition of the sums, bit for bit.
func TestEncodeErrors(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, c := range errorCodecs {
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
						dst, want := guarded[byte](t, blocks*c.blockBytes, atEnd), make([]byte, blocks*c.blockBytes)
						decoded := make([]float32, size)
						var got BlockErrors
						var lanes errorSums
						for range 2 { // tiles
							for row := 0; row*ld < size; row++ {
								for b := range blocks {
									kind.fill(r, src[row*ld+b*BlockCols:][:BlockCols], c.maxAbs)
								}
							}
							c.encodeErrors(dst, src, ld, blocks, &got)
							c.encode(want, src, ld, blocks)
							for i := range want {
								if dst[i] != want[i] {
									t.Fatalf("byte %d of %d in block %d is %#02x, want %#02x", i%c.blockBytes, c.blockBytes, i/c.blockBytes, dst[i], want[i])
								}
							}
							c.decode(decoded, ld, want, blocks)
							for b := range blocks {
								addBlock(&lanes, src[b*BlockCols:], decoded[b*BlockCols:], ld)
							}
						}
						signal, square, largest := got.Sums()
						wantSignal, wantSquare, wantLargest := lanes.total()
						if signal != wantSignal || square != wantSquare || largest != wantLargest {
							t.Errorf("sums %v, %v, %v, want %v, %v, %v", signal, square, largest, wantSignal, wantSquare, wantLargest)
						}
						if got.Reset(); blocks > 0 {
							c.encodeErrors(dst, src, ld, blocks, &got)
						}
						if again, _, _ := got.Sums(); again > signal {
							t.Errorf("after Reset, one tile has a signal of %v, both have %v", again, signal)
						}
					})
				}
			}
		}
	})
}

// addBlock is the definition, by way of rounded float64: sums, differences and products of two float32 are exact in float64 or so near
// that rounding to float32 comes out the same (53 >= 2*24+2 bits; Figueroa, 1995).
func addBlock(s *errorSums, x, y []float32, ld int) {
	for lane := range 16 {
		var signal, square float64
		for _, c := range []int{lane, lane + 16} {
			for r := range TileRows {
				w := float64(x[r*ld+c])
				d := float64(float32(w - float64(y[r*ld+c])))
				signal = float64(float32(signal + float64(float32(w*w))))
				square = float64(float32(square + float64(float32(d*d))))
				s.largest[lane] = max(s.largest[lane], math.Abs(d))
			}
		}
		s.signal[lane] += signal
		s.square[lane] += square
	}
}

// TestEncodeErrorsNotFinite: what a caller can rely on where weights cannot be encoded.
func TestEncodeErrorsNotFinite(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, c := range errorCodecs {
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -float32(c.maxAbs) * 1.0001} {
				r := newRand(t)
				src, dst := make([]float32, TileRows*2*BlockCols), make([]byte, 2*c.blockBytes)
				fillNormal(r, src)
				src[r.IntN(len(src))] = bad
				var e BlockErrors
				c.encodeErrors(dst, src, 2*BlockCols, 2, &e)
				if signal, _, _ := e.Sums(); signal < c.maxAbs*c.maxAbs {
					t.Errorf("%s: with a weight of %v, the sum of squares is %v, below %v", c.name, bad, signal, c.maxAbs*c.maxAbs)
				}
			}
		}
	})
}

func BenchmarkEncodeErrors(b *testing.B) {
	const blocks = 64
	for _, c := range errorCodecs {
		b.Run(c.name+"/cols=2048", func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				const ld = blocks*BlockCols + 16
				rows, tile := make([]float32, TileRows*ld), make([]byte, blocks*c.blockBytes)
				fillNormal(newRand(b), rows)
				var e BlockErrors
				b.SetBytes(4 * TileRows * blocks * BlockCols)
				for b.Loop() {
					c.encodeErrors(tile, rows, ld, blocks, &e)
				}
			})
		})
	}
}
