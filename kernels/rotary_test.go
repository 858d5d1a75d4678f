package kernels

import (
	"fmt"
	"math"
	"testing"
)

// TestRotateAccuracy: each product is rounded once, 2^-24 of it, and so is their sum.
func TestRotateAccuracy(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		for h := range 130 {
			x, cos, sin := make([]float32, 2*h), make([]float32, h), make([]float32, h)
			fillNormal(r, x)
			for i := range h {
				s, c := math.Sincos(r.Float64() * 100)
				cos[i], sin[i] = float32(c), float32(s)
			}
			got := append([]float32(nil), x...)
			Rotate(got, cos, sin)
			for i := range h {
				a, b, c, s := float64(x[i]), float64(x[h+i]), float64(cos[i]), float64(sin[i])
				for j, want := range map[int]float64{i: a*c - b*s, h + i: b*c + a*s} {
					p := math.Abs(a*c) + math.Abs(b*s)
					if j == h+i {
						p = math.Abs(b*c) + math.Abs(a*s)
					}
					if e := math.Abs(float64(got[j]) - want); !(e <= 0x1p-24*(p+math.Abs(want))*1.001) {
						t.Fatalf("h=%d: element %d is %v, want %v", h, j, got[j], want)
					}
				}
			}
		}
	})
}

// TestRotateHeads: each head is rotated as Rotate does it, and nothing between the heads' rotary parts changes.
func TestRotateHeads(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		for _, h := range []int{1, 4, 7, 8, 16, 20, 32, 48, 64} {
			for _, heads := range []int{0, 1, 2, 5} {
				for _, gap := range []int{0, 3, 64} {
					stride := 2*h + gap
					n := max(0, heads*stride-gap)
					x := guarded[float32](t, n, true)
					fillNormal(r, x)
					cos, sin := make([]float32, h), make([]float32, h)
					fillNormal(r, cos)
					fillNormal(r, sin)
					want := append([]float32(nil), x...)
					for i := range heads {
						Rotate(want[i*stride:][:2*h], cos, sin)
					}
					RotateHeads(x, heads, stride, cos, sin)
					sameBits(t, fmt.Sprintf("h=%d heads=%d gap=%d", h, heads, gap), x, want)
				}
			}
		}
	})
}

func TestStoreColumn(t *testing.T) {
	for _, dim := range []int{0, 1, 5, 64} {
		tile, key := make([]float32, dim*TileRows), make([]float32, dim)
		for pos := range TileRows {
			for i := range key {
				key[i] = float32(1 + pos*1000 + i)
			}
			StoreColumn(tile[min(pos, len(tile)):], key)
		}
		for i, v := range tile {
			if want := float32(1 + i%TileRows*1000 + i/TileRows); v != want {
				t.Fatalf("dim %d: tile[%d] is %v, want %v", dim, i, v, want)
			}
		}
	}
}

func BenchmarkRotateHeads(b *testing.B) {
	for _, h := range []int{32, 64} {
		b.Run(fmt.Sprintf("half=%d", h), func(b *testing.B) {
			cos, sin := make([]float32, h), make([]float32, h) // rotations, so that x neither grows nor vanishes
			for i := range h {
				s, c := math.Sincos(float64(i))
				cos[i], sin[i] = float32(c), float32(s)
			}
			benchElementwise(b, 8, []int{36 * 2 * h}, func(v [4][]float32) {
				RotateHeads(v[0], 36, 2*h, cos, sin)
			})
		})
	}
}

func BenchmarkStoreColumn(b *testing.B) {
	tile, key := make([]float32, 64*TileRows), make([]float32, 64)
	b.SetBytes(8 * 64)
	for b.Loop() {
		StoreColumn(tile, key)
	}
}
