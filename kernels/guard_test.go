package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// eachISA runs test once for every instruction set that this CPU has.
func eachISA(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	before := ISA()
	defer func() {
		if err := Init(before); err != nil {
			t.Fatal(err)
		}
	}()
	for _, isa := range Available() {
		t.Run(isa, func(t *testing.T) {
			if err := Init(isa); err != nil {
				t.Fatal(err)
			}
			test(t)
		})
	}
}

// eachISABench is eachISA for benchmarks.
func eachISABench(b *testing.B, bench func(b *testing.B)) {
	before := ISA()
	defer func() {
		if err := Init(before); err != nil {
			b.Fatal(err)
		}
	}()
	for _, isa := range Available() {
		b.Run("isa="+isa, func(b *testing.B) {
			if err := Init(isa); err != nil {
				b.Fatal(err)
			}
			bench(b)
		})
	}
}

const guardByte = 0xa5

// sameBits compares float32 slices bit for bit; any NaN equals any other.
func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		g, w := math.Float32bits(got[i]), math.Float32bits(want[i])
		if g != w && !(got[i] != got[i] && want[i] != want[i]) {
			t.Errorf("%s: element %d is %v (%#08x), want %v (%#08x)", what, i, got[i], g, want[i], w)
			return
		}
	}
}

// fillNormal fills x with numbers of very different sizes: normal deviates, times 10^-3 to 10^3.
func fillNormal(r *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(7)-3)))
	}
}

func fillBytes(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

func newRand(t testing.TB) *rand.Rand {
	var seed [32]byte
	copy(seed[:], t.Name())
	return rand.New(rand.NewChaCha8(seed))
}

// halfBits rounds v to a half float by search: slow, and independent of the kernels' conversion.
func halfBits(v float32) uint16 {
	best, bestErr := uint16(0), math.Inf(1)
	a := math.Abs(float64(v))
	i, _ := slices.BinarySearchFunc(halfValues, a, func(h, a float64) int {
		switch {
		case h < a:
			return -1
		case h > a:
			return 1
		}
		return 0
	})
	for _, k := range []int{i - 1, i} {
		if k >= 0 && k < len(halfValues) {
			if e := math.Abs(halfValues[k] - a); e < bestErr || e == bestErr && k%2 == 0 {
				best, bestErr = uint16(k), e
			}
		}
	}
	if math.Signbit(float64(v)) {
		best |= 1 << 15
	}
	return best
}

// halfValues are all finite positive half floats by their bits.
var halfValues = func() []float64 {
	v := make([]float64, 31<<10)
	for h := range v {
		exp, frac := h>>10, float64(h&1023)
		if exp == 0 {
			v[h] = math.Ldexp(frac, -24)
		} else {
			v[h] = math.Ldexp(1024+frac, exp-25)
		}
	}
	return v
}()

// bytesFloat views little-endian bytes as float32.
func bytesFloat(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}
