package kernels

import (
	"fmt"
	"math"
	"testing"
)

func TestHalfToFloat(t *testing.T) {
	for h := range len(halfValues) {
		for _, sign := range []float64{1, -1} {
			u := uint16(h)
			if sign < 0 {
				u |= 1 << 15
			}
			if got := float64(halfToFloat(u)); got != sign*halfValues[h] || math.Signbit(got) != (sign < 0) {
				t.Fatalf("half %#04x is %v, want %v", u, got, sign*halfValues[h])
			}
		}
	}
	for u, want := range map[uint16]uint32{0x7c00: 0x7f800000, 0xfc00: 0xff800000, 0x7e00: 0x7fc00000, 0x7c01: 0x7fc02000} {
		if got := math.Float32bits(halfToFloat(u)); got != want {
			t.Errorf("half %#04x is %#08x, want %#08x", u, got, want)
		}
	}
}

func TestDecodeDefinition(t *testing.T) {
	const blocks = 3
	for _, f := range intFormats {
		r := newRand(t)
		w, dst := make([]byte, blocks*f.blockBytes), make([]float32, blocks*BlockCols*TileRows)
		code := [blocks * BlockCols][TileRows]int{}
		for row := range TileRows {
			for b := range blocks {
				f.setScale(w, blocks, row, b, halfBits(float32(row+b)/4))
			}
			for c := range code {
				code[c][row] = r.IntN(f.codes)
				f.set(w, blocks, row, c, uint8(code[c][row]))
			}
		}
		table := buildTable("generic")
		map[string]func([]float32, []byte, int){"int8": table.decodeInt8, "int4": table.decodeInt4}[f.name](dst, w, blocks)
		for c := range code {
			for row := range TileRows {
				want := float32(code[c][row]-int(f.zero)) * float32(row+c/32) / 4
				if dst[16*c+row] != want {
					t.Fatalf("%s: row %d, column %d: %v, want %v", f.name, row, c, dst[16*c+row], want)
				}
			}
		}
	}
}

func TestDecodeISA(t *testing.T) {
	generic := buildTable("generic")
	eachISA(t, func(t *testing.T) {
		for _, f := range intFormats {
			for blocks := range 5 {
				t.Run(fmt.Sprintf("%s/blocks=%d", f.name, blocks), func(t *testing.T) {
					r := newRand(t)
					atEnd := blocks%2 == 0
					w := guarded[byte](t, blocks*f.blockBytes, atEnd)
					fillBytes(r, w) // any bits, NaN and infinite scales among them
					dst, want := guarded[float32](t, blocks*512, atEnd), make([]float32, blocks*512)
					f.decode(dst, w, blocks)
					map[string]func([]float32, []byte, int){"int8": generic.decodeInt8, "int4": generic.decodeInt4}[f.name](want, w, blocks)
					sameBits(t, f.name, dst, want)
				})
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range intFormats {
		b.Run(f.name+"/cols=2048", func(b *testing.B) {
			eachISABench(b, func(b *testing.B) {
				w, dst := make([]byte, 64*f.blockBytes), make([]float32, 64*512)
				b.SetBytes(int64(4 * len(dst)))
				for b.Loop() {
					f.decode(dst, w, 64)
				}
			})
		})
	}
}
