package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBF16Flushed: small numbers become +0, NaN and infinity stay.
func TestBF16Flushed(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, test := range []struct{ x, smallest, want float32 }{
		{1 + 0x1p-8, MinValue, 1}, {1 + 0x3p-8, MinValue, 1 + 0x1p-6}, {MinValue, MinValue, MinValue}, {-MinValue, MinValue, -MinValue},
		{math.Nextafter32(MinValue, 0), MinValue, 0}, {-0x1p-61, MinValue, 0}, {0x1p-149, MinValue, 0}, {float32(math.Copysign(0, -1)), MinValue, 0},
		{inf, MinValue, inf}, {-inf, MinValue, -inf}, {math.MaxFloat32, MinValue, inf}, {MinProbability, MinProbability, MinProbability}, {0x1p-41, MinProbability, 0},
	} {
		if got := bf16Flushed(test.x, test.smallest); math.Float32bits(got) != math.Float32bits(test.want) {
			t.Errorf("%x becomes %x, want %x", test.x, got, test.want)
		}
	}
	if got := bf16Flushed(math.Float32frombits(0x7f800001), MinValue); got == got {
		t.Errorf("NaN becomes %v", got)
	}
}

// valueCase is attention's output computed by the functions in use and, from the same numbers, by the portable ones.
type valueCase struct {
	tiles, positions, n, ldd int
	got, want                []float32
}

// mulValues stores values, turns scores into probabilities of positions lo to hi(t), and multiplies them.
func mulValues(t *testing.T, r *rand.Rand, dim, positions, n int, value func() float32, score func() float32) valueCase {
	t.Helper()
	tiles := Tiles(dim)
	c := valueCase{tiles: tiles, positions: positions, n: n, ldd: tiles*TileRows + r.IntN(4)}
	gap := 4 * r.IntN(3)
	stride := ValueTileBytes(positions) + gap
	atEnd := r.IntN(2) == 0
	w := guarded[byte](t, (tiles-1)*stride+ValueTileBytes(positions), atEnd)
	clear(w)
	portable := make([]byte, len(w))
	x := make([]float32, dim)
	for pos := range positions {
		for i := range x {
			x[i] = value()
		}
		StoreValue(w, stride, pos, x)
		storeValueGeneric(portable[pos/2*4*TileRows:], stride, pos%2 == 1, x)
	}
	ldp := (positions+TileRows-1)/TileRows*TileRows + 16*r.IntN(2)
	length := (positions + TileRows - 1) / TileRows * TileRows
	p := guarded[float32](t, (n-1)*ldp+length, atEnd)
	q := make([]float32, len(p))
	for tok := range n {
		lo, hi := r.IntN(min(positions, 16)), positions-r.IntN(min(positions, 12))
		if lo >= hi {
			lo = hi - 1
		}
		row, want := p[tok*ldp:][:length], q[tok*ldp:][:length]
		for i := range row {
			row[i] = float32(math.NaN()) // what lies outside lo to hi does not matter
			if i >= lo && i < hi {
				row[i] = score()
			}
		}
		copy(want, row)
		Probabilities(row, lo, hi, 0.125)
		// exponentials differ between instruction sets within their bounds: the twin takes those of the set in use
		clear(want[:lo])
		clear(want[hi:])
		probabilitiesGeneric(want, float32(1/expSum(want[lo:hi], 0.125)))
	}
	size := (n-1)*c.ldd + tiles*TileRows
	c.got, c.want = guarded[float32](t, size, atEnd), make([]float32, size)
	for i := range c.want {
		c.got[i], c.want[i] = -12345, -12345
	}
	MulValues(c.got, c.ldd, w, tiles, stride, positions, p, ldp, n)
	mulBF16Generic(c.want, c.ldd, portable, tiles, stride, positions, q, ldp, n)
	return c
}

// TestValuesISA compares every instruction set with the portable kernels, bit for bit, whatever order a word's halves have.
func TestValuesISA(t *testing.T) {
	normal := func(r *rand.Rand) func() float32 {
		return func() float32 { return float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(7)-3))) }
	}
	// Near MinValue and far below it, of both signs.
	small := func(r *rand.Rand) func() float32 {
		return func() float32 { return float32(r.NormFloat64() * math.Pow(2, float64(-r.IntN(90)))) }
	}
	anyBits := func(r *rand.Rand) func() float32 { return func() float32 { return math.Float32frombits(r.Uint32()) } }
	// Scores so different that most probabilities are near MinProbability or below.
	steep := func(r *rand.Rand) func() float32 { return func() float32 { return float32(r.NormFloat64() * 100) } }
	eachISA(t, func(t *testing.T) {
		for _, positions := range []int{1, 2, 3, 15, 16, 17, 31, 32, 33, 48, 127, 128, 129, 257, 1029} {
			for _, n := range []int{1, 2, 3, 6, 11, 12, 13, 49} {
				for _, dim := range []int{1, 16, 20, 64, 80} {
					if (positions > 200 || n > 12) && dim != 64 || testing.Short() && (positions > 129 || n > 13 || dim == 80) {
						continue
					}
					t.Run(fmt.Sprintf("dim=%d/positions=%d/queries=%d", dim, positions, n), func(t *testing.T) {
						r := newRand(t)
						for name, c := range map[string]valueCase{
							"normal": mulValues(t, r, dim, positions, n, normal(r), normal(r)),
							"small":  mulValues(t, r, dim, positions, n, small(r), steep(r)),
							"any":    mulValues(t, r, dim, positions, n, anyBits(r), steep(r)),
							"nan":    mulValues(t, r, dim, positions, n, normal(r), anyBits(r)),
						} {
							sameBits(t, name, c.got, c.want)
						}
					})
				}
			}
		}
	})
}

// TestStoreValueAgain: a position that is stored again, in any order, is as if it were stored once.
func TestStoreValueAgain(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		const dim, positions = 40, 6
		stride := ValueTileBytes(positions)
		once, again := make([]byte, 3*stride), make([]byte, 3*stride)
		x := make([]float32, positions*dim)
		fillNormal(r, x)
		for pos := range positions {
			StoreValue(once, stride, pos, x[pos*dim:][:dim])
			StoreValue(again, stride, pos, x[:dim])
		}
		for pos := 1; pos < positions; pos++ { // position 0 was right
			StoreValue(again, stride, pos, x[pos*dim:][:dim])
		}
		if string(once) != string(again) {
			t.Error("storing values again gives other bytes")
		}
		StoreValue(again, stride, 4, x[:dim]) // the next one becomes zero
		StoreValue(once, stride, 4, x[:dim])
		StoreValue(once, stride, 5, make([]float32, dim))
		if string(once) != string(again) {
			t.Error("storing an even position does not make the next one zero")
		}
	})
}

// TestCopyValues: a copied range is as if it were stored, and nothing else changes.
func TestCopyValues(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		const dim, positions = 24, 64
		stride := ValueTileBytes(positions) + 8
		x := make([]float32, positions*dim)
		fillNormal(r, x)
		for from := range 5 {
			for n := range 8 {
				to := 32 + from + 2*(n%3)
				got, want := make([]byte, 2*stride), make([]byte, 2*stride)
				source := make([]int, positions) // of each position
				for pos := range positions {
					source[pos] = pos
					StoreValue(got, stride, pos, x[pos*dim:][:dim])
				}
				CopyValues(got[:stride+ValueTileBytes(positions)], 2, stride, from, to, n)
				copy(source[to:to+n], source[from:])
				for pos, from := range source {
					StoreValue(want, stride, pos, x[from*dim:][:dim])
				}
				if string(got) != string(want) {
					t.Fatalf("%d positions from %d to %d: other bytes than storing them", n, from, to)
				}
			}
		}
	})
}

// TestProbabilitiesDefinition compares the product of probabilities with one value that is 1 with softmax.
func TestProbabilitiesDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRand(t)
		const positions = 77
		s, want := make([]float32, 80), make([]float32, positions)
		fillNormal(r, s)
		copy(want, s)
		Softmax(want[3:70], 0.5)
		Probabilities(s, 3, 70, 0.5)
		for pos := range positions {
			w := make([]byte, ValueTileBytes(positions))
			StoreValue(w, 0, pos, []float32{1})
			dst := make([]float32, TileRows)
			MulValues(dst, TileRows, w, 1, 0, positions, s, len(s), 1)
			p := float32(0)
			if pos >= 3 && pos < 70 {
				p = bf16Flushed(want[pos], MinProbability)
			}
			if dst[0] != p {
				t.Fatalf("probability %d is %v, want %v", pos, dst[0], p)
			}
		}
	})
}

func BenchmarkMulValues(b *testing.B) {
	for _, size := range []struct{ positions, dim int }{{512, 64}, {2048, 64}, {512, 128}} {
		for _, n := range []int{1, 3, 12, 36} {
			b.Run(fmt.Sprintf("positions=%d/dim=%d/queries=%d", size.positions, size.dim, n), func(b *testing.B) {
				eachISABench(b, func(b *testing.B) {
					if ISA() == "generic" {
						b.Skip("slow")
					}
					tiles, ldp := Tiles(size.dim), size.positions+TileRows
					w, p := make([]byte, tiles*ValueTileBytes(size.positions)), make([]float32, n*ldp)
					dst := make([]float32, n*size.dim)
					b.SetBytes(int64(len(w)))
					for b.Loop() {
						MulValues(dst, size.dim, w, tiles, ValueTileBytes(size.positions), size.positions, p, ldp, n)
					}
					reportGOPs(b, size.positions, size.dim, n)
				})
			})
		}
	}
}

func BenchmarkProbabilities(b *testing.B) {
	benchScores(b, func(s []float32) { Probabilities(s, 0, len(s), 0.125) })
}

func BenchmarkSoftmaxRow(b *testing.B) { benchScores(b, func(s []float32) { Softmax(s, 0.125) }) }

func benchScores(b *testing.B, run func(s []float32)) {
	const n = 512
	eachISABench(b, func(b *testing.B) {
		scores, s := make([]float32, n), make([]float32, n)
		fillNormal(newRand(b), scores)
		b.SetBytes(4 * n)
		for b.Loop() {
			copy(s, scores)
			run(s)
		}
	})
}

func BenchmarkStoreValue(b *testing.B) {
	eachISABench(b, func(b *testing.B) {
		const dim = 64
		w, x := make([]byte, Tiles(dim)*ValueTileBytes(64)), make([]float32, dim)
		fillNormal(newRand(b), x)
		b.SetBytes(4 * dim)
		for b.Loop() {
			StoreValue(w, ValueTileBytes(64), 5, x)
		}
	})
}
