package kernels

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// TestQuantizePanelDefinition checks the portable kernel against the formula with exact arithmetic, and the error against the step.
func TestQuantizePanelDefinition(t *testing.T) {
	r := newRand(t)
	const n, cols = 3, 70
	x, a := make([]float32, n*cols), make([]byte, PanelBytes(n, Blocks(cols)))
	fillNormal(r, x)
	quantizePanelGeneric(a, x, cols, n, cols, Int8Zero)
	for tok := range n {
		for b := range Blocks(cols) {
			scale := math.Float32frombits(binary.LittleEndian.Uint32(panelScale(a, n, b, tok)))
			sum, top := int32(0), float32(0)
			for i := range BlockCols {
				code := int8(a[40*n*b+32*tok+i])
				sum += int32(code)
				v := float32(0)
				if c := b*BlockCols + i; c < cols {
					v = x[tok*cols+c]
				}
				top = max(top, float32(math.Abs(float64(v))))
				// Half a step, and what the roundings of 127/m, x*(127/m) and m/127 add to a code of up to 127: 3 * 127 * 2^-24 steps.
				if e := math.Abs(float64(code)*float64(scale) - float64(v)); e > (0.5+3*127*0x1p-24)*float64(scale) {
					t.Fatalf("token %d, column %d: %v as %d * %v", tok, b*BlockCols+i, v, code, scale)
				}
			}
			if scale != top/127 {
				t.Errorf("token %d, block %d: scale %v, want %v/127", tok, b, scale, top)
			}
			if got := int32(binary.LittleEndian.Uint32(panelStart(a, n, b, tok))); got != -128*sum {
				t.Errorf("token %d, block %d: start %d, want %d", tok, b, got, -128*sum)
			}
		}
	}
}

// TestQuantizePanelRange checks that the largest element always becomes 127: m*(127/m), each rounded, may exceed 127 by 2 ulp, far from
// 127.5. All mantissas of one binade show it for all: scaling by a power of two changes no rounding above TinyGroup.
func TestQuantizePanelRange(t *testing.T) {
	panel := make([]byte, PanelTokenBlockBytes)
	for u := uint32(0x3f800000); u < 0x40000000; u += 127 {
		m := math.Float32frombits(u)
		quantizeGroup(panel, []float32{m, -m}, 0, 1, Int4Zero)
		if int8(panel[0]) != 127 || int8(panel[1]) != -127 {
			t.Fatalf("%v is quantized to %d and %d", m, int8(panel[0]), int8(panel[1]))
		}
	}
	for _, m := range []float32{TinyGroup, math.MaxFloat32} {
		quantizeGroup(panel, []float32{m, -m}, 0, 1, Int4Zero)
		if int8(panel[0]) != 127 || int8(panel[1]) != -127 {
			t.Errorf("%v is quantized to %d and %d", m, int8(panel[0]), int8(panel[1]))
		}
	}
}

func TestQuantizePanelISA(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for n := 1; n <= PanelTokens; n++ {
			for _, cols := range []int{1, 2, 31, 32, 33, 63, 64, 96, 100, 128, 288, 290, 2048, 2080, 2300} { // the assembly takes 4 groups, and 64, together
				for _, zero := range []int32{Int4Zero, Int8Zero} {
					t.Run(fmt.Sprintf("tokens=%d/cols=%d/zero=%d", n, cols, zero), func(t *testing.T) {
						r := newRand(t)
						ldx := cols + n%3
						atEnd := cols%2 == 0
						x := guarded[float32](t, (n-1)*ldx+cols, atEnd)
						fillNormal(r, x)
						for i := range x { // halves between two codes
							if i%7 == 0 {
								x[i] = float32(math.Round(float64(x[i]))) / 2
							}
						}
						got := guarded[byte](t, PanelBytes(n, Blocks(cols)), atEnd)
						want := make([]byte, len(got))
						QuantizePanel(got, x, ldx, n, cols, zero)
						quantizePanelGeneric(want, x, ldx, n, cols, zero)
						samePanel(t, got, want, n)
					})
				}
			}
		}
	})
}

// samePanel compares panels byte for byte, but takes any NaN for any other.
func samePanel(t *testing.T, got, want []byte, n int) {
	t.Helper()
	for b := range len(want) / (n * PanelTokenBlockBytes) {
		for tok := range n {
			g, w := panelScale(got, n, b, tok), panelScale(want, n, b, tok)
			gv, wv := math.Float32frombits(binary.LittleEndian.Uint32(g)), math.Float32frombits(binary.LittleEndian.Uint32(w))
			if gv != gv && wv != wv {
				copy(g, w)
			}
		}
	}
	if !bytes.Equal(got, want) {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("byte %d of block %d is %d, want %d", i%(n*PanelTokenBlockBytes), i/(n*PanelTokenBlockBytes), got[i], want[i])
			}
		}
	}
}

// TestQuantizePanelExtremes puts special values into groups: each is either in the formula's range, tiny, or carried as NaN.
func TestQuantizePanelExtremes(t *testing.T) {
	nan, inf, tiny := float32(math.NaN()), float32(math.Inf(1)), float32(TinyGroup)
	values := []float32{
		0, float32(math.Copysign(0, -1)), 1, 0x1p-149, 0x1p-127, 0x1p-126, math.Nextafter32(tiny, 0), tiny, -tiny, math.Nextafter32(tiny, 1),
		1e-30, 1e30, math.MaxFloat32, -math.MaxFloat32, inf, -inf, nan, -nan, math.Float32frombits(0x7f800001), 0.5, 1.5, 2.5, 127, -127, 126.5,
	}
	eachISA(t, func(t *testing.T) {
		for _, background := range values {
			for _, v := range values {
				for _, at := range []int{0, 17, 31, 40, 95, 96, 127, 130, 160} { // in any of four groups taken together, or after them
					const n, cols, blocks = 2, 192, 6
					x := make([]float32, n*cols)
					for i := range x {
						x[i] = background
					}
					x[at] = v
					got, want := make([]byte, PanelBytes(n, blocks)), make([]byte, PanelBytes(n, blocks))
					QuantizePanel(got, x, cols, n, cols, Int8Zero)
					quantizePanelGeneric(want, x, cols, n, cols, Int8Zero)
					samePanel(t, got, want, n)
					scale := math.Float32frombits(binary.LittleEndian.Uint32(panelScale(got, n, at/32, 0)))
					finite := func(f float32) bool { return f-f == 0 }
					if finite(scale) != (finite(v) && finite(background)) {
						t.Fatalf("%v among %v: scale %v", v, background, scale)
					}
				}
			}
		}
	})
}

func BenchmarkQuantizePanel(b *testing.B) {
	for _, cols := range []int{576, 2048, 2050} {
		b.Run(fmt.Sprintf("cols=%d/tokens=6", cols), func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				x, a := make([]float32, 6*cols), make([]byte, PanelBytes(6, Blocks(cols)))
				fillNormal(newRand(b), x)
				b.SetBytes(int64(4 * len(x)))
				for b.Loop() {
					QuantizePanel(a, x, cols, 6, cols, Int4Zero)
				}
			})
		})
	}
}
