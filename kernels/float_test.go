package kernels

import (
	"math"
	"math/big"
	"testing"
)

// TestFMA32 compares fma32 with exact arithmetic rounded once, on operands that make the double rounding of float64 go wrong:
// products just beside the midpoint of two float32, of every size down to subnormal results.
func TestFMA32(t *testing.T) {
	r := newRand(t)
	differs := 0
	for range 300000 {
		a := math.Float32frombits(r.Uint32()&0x807fffff | uint32(127-r.IntN(70))<<23)
		b := math.Float32frombits(r.Uint32()&0x807fffff | uint32(127-r.IntN(70))<<23)
		p := float64(a) * float64(b)
		var c float32
		switch r.IntN(3) {
		case 0:
			c = math.Float32frombits(r.Uint32()&0x807fffff | uint32(127-r.IntN(120))<<23)
		case 1: // far larger than the product, whose sum's tail is near half an ulp
			c = float32(p * math.Ldexp(1+r.Float64(), r.IntN(30)))
		case 2: // half an ulp of c, times 1 - i^2*2^-46: float64 rounds the sum to the midpoint; down to subnormal c
			i, e := float64(1+r.IntN(100))*0x1p-23, r.IntN(270)-150
			a = float32(math.Ldexp(1+i, e/2))
			b = float32(math.Ldexp(1-i, e-e/2-24))
			if e < -120 { // the ulp stays 2^-149
				a, b = float32(math.Ldexp(1+i, -75)), float32(math.Ldexp(1-i, -75))
			}
			c = float32(math.Ldexp(1+float64(r.IntN(1<<23))*0x1p-23, max(e, -140)))
			if r.IntN(2) == 0 {
				a = -a
			}
		}
		exact := new(big.Float).SetPrec(2000).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
		exact.SetPrec(2000).Add(exact, new(big.Float).SetPrec(2000).SetFloat64(float64(c)))
		want, _ := exact.Float32()
		if got := fma32(a, b, c); got != want {
			t.Fatalf("%v*%v + %v = %v, want %v", a, b, c, got, want)
		}
		if float32(float64(a)*float64(b)+float64(c)) != want {
			differs++
		}
	}
	if differs == 0 {
		t.Error("no case needed the correction: the test shows nothing")
	}
	t.Logf("%d cases needed the correction", differs)
}
