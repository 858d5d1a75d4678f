package baselogits

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rows of logits of every kind that a model may have.
func testRows(vocab int) map[string][]float32 {
	r := rand.New(rand.NewPCG(uint64(vocab), 5))
	fill := func(f func(i int) float64) []float32 {
		x := make([]float32, vocab)
		for i := range x {
			x[i] = float32(f(i))
		}
		return x
	}
	inf := math.Inf(-1)
	return map[string][]float32{
		"normal":           fill(func(int) float64 { return 4 * r.NormFloat64() }),
		"wide":             fill(func(int) float64 { return 15 * r.NormFloat64() }),
		"narrow":           fill(func(int) float64 { return 1e-6 * r.NormFloat64() }),
		"all equal":        fill(func(int) float64 { return 7 }),
		"one certain":      fill(func(i int) float64 { return map[bool]float64{true: 300}[i == vocab/2] }),
		"impossible ones":  fill(func(i int) float64 { return map[bool]float64{true: inf, false: r.NormFloat64()}[i%3 == 1] }),
		"masked":           fill(func(i int) float64 { return map[bool]float64{true: -1e30, false: 3 * r.NormFloat64()}[i%5 == 1] }),
		"beyond float32":   fill(func(i int) float64 { return map[bool]float64{true: -3.3e38, false: 1e38}[i > 0] }),
		"many equal":       fill(func(i int) float64 { return float64(i % 3) }),
		"rising":           fill(func(i int) float64 { return 0.01 * float64(i) }),
		"tiny differences": fill(func(i int) float64 { return 1e-44 * float64(i) }),
	}
}

// Every logit comes back: the largest and the target's exactly, the others within the stated error, what is too deep as impossible.
func TestRowRoundTrip(t *testing.T) {
	for _, vocab := range []int{1, 2, 63, 64, 65, 66, 1000, 49152} {
		for name, logits := range testRows(vocab) {
			t.Run(fmt.Sprintf("%s of %d", name, vocab), func(t *testing.T) {
				top := slices.Max(logits)
				target := uint32(vocab / 3)
				if math.IsInf(float64(logits[target]), -1) {
					target = 0
				}
				var e encoder
				b := make([]byte, RowBytes(vocab))
				for i := range b {
					b[i] = 0xaa // whatever was there before
				}
				e.encode(b, 12, logits, target, 1.25)
				again := make([]byte, RowBytes(vocab))
				e.encode(again, 12, logits, target, 1.25)
				if string(b) != string(again) {
					t.Fatal("the same row gives other bytes the second time")
				}
				got := make([]float32, vocab)
				r, err := decode(b, got)
				if err != nil {
					t.Fatal(err)
				}
				if r.number != 12 || r.loss != 1.25 || r.target != target {
					t.Errorf("read %+v", r)
				}
				sorted := slices.Clone(logits)
				slices.SortFunc(sorted, func(a, b float32) int { return int(math.Copysign(1, float64(b)-float64(a))) })
				last := sorted[min(Exact, vocab)-1] // whoever is larger is among the exact ones
				h := r.codeError()
				if h > Deepest/2.0/steps+1e-5 {
					t.Errorf("an error of %g is possible, more than is stated", h)
				}
				for i, l := range logits {
					want := l - top
					d := math.Abs(float64(got[i]) - float64(want))
					switch {
					case uint32(i) == target:
						if want = max(want, -math.MaxFloat32); got[i] != want {
							t.Fatalf("target: %g, want %g", got[i], want)
						}
					case l > last:
						if got[i] != want {
							t.Fatalf("token %d, one of the largest: %g, want %g", i, got[i], want)
						}
					case want < -Deepest:
						if !math.IsInf(float64(got[i]), -1) && got[i] != want { // may be an exact one, where few are left
							t.Fatalf("token %d at %g: %g, want it impossible", i, want, got[i])
						}
					case !(d <= h):
						t.Fatalf("token %d: %g, want %g within %g: off by %g", i, got[i], want, h, d)
					}
				}
				if i := slices.Index(got, 0); i != slices.Index(logits, top) {
					t.Errorf("the first largest is token %d, want %d", i, slices.Index(logits, top))
				}
			})
		}
	}
}

// sealed puts the checksum right again after a change.
func sealed(b []byte, change func(b []byte)) []byte {
	b = slices.Clone(b)
	change(b)
	binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.Checksum(b[:len(b)-4], castagnoli))
	return b
}

func TestDecodeRefuses(t *testing.T) {
	const vocab = 100
	var e encoder
	row := make([]byte, RowBytes(vocab))
	e.encode(row, 0, testRows(vocab)["normal"], 7, 2)
	float := func(at int, x float32) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint32(b[at:], math.Float32bits(x)) }
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		name   string
		change func(b []byte)
		want   string
	}{
		{"loss below 0", func(b []byte) { binary.LittleEndian.PutUint64(b[8:], math.Float64bits(-1)) }, "a loss of -1"},
		{"loss not a number", func(b []byte) { binary.LittleEndian.PutUint64(b[8:], math.Float64bits(math.NaN())) }, "a loss of NaN"},
		{"loss infinite", func(b []byte) { binary.LittleEndian.PutUint64(b[8:], math.Float64bits(math.Inf(1))) }, "a loss of +Inf"},
		{"target", func(b []byte) { binary.LittleEndian.PutUint32(b[16:], vocab) }, "token id 100, the vocabulary has 100 tokens"},
		{"target's logit", float(20, 0.5), "the logit of token 7"},
		{"target's logit not a number", float(20, nan), "the logit of token 7"},
		{"high", float(24, 1), "codes from 1 downwards"},
		{"high not a number", float(24, nan), "codes from NaN"},
		{"step below 0", float(28, -1e-4), "in steps of -0.0001"},
		{"step too wide", float(28, 1), "in steps of 1"},
		{"exact id", func(b []byte) { binary.LittleEndian.PutUint32(b[rowHead:], vocab) }, "of token id 100, want at most 0 of 0 to 99"},
		{"exact logit above 0", float(rowHead+4, 1), "exact logit 0 is 1"},
		{"exact logit not a number", float(rowHead+4, nan), "exact logit 0 is NaN"},
		{"no largest", func(b []byte) {
			for i := range Exact {
				float(rowHead+exactSize*i+4, -1)(b)
			}
		}, "the largest logit is -1, want 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(sealed(row, c.change), make([]float32, vocab))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	// A flipped bit anywhere is found.
	for at := range row {
		b := slices.Clone(row)
		b[at] ^= 0x10
		if _, err := decode(b, make([]float32, vocab)); err == nil || !strings.Contains(err.Error(), "crc32c") {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
}
