package kernels

import (
	"encoding/binary"
	"math"
)

// fma32 returns a*b+c rounded once to float32, as the FMA instructions do.
//
// The product of two float32 is exact in float64, so p+c is rounded twice: to float64, then to float32. That differs from one
// rounding only if the float64 falls on the midpoint of two float32 and was not exact; the sum's error then says on which side
// of the midpoint the true value lies.
func fma32(a, b, c float32) float32 {
	p, d := float64(a)*float64(b), float64(c)
	s := p + d
	u := math.Float64bits(s)
	if u&(1<<29-1) != 1<<28 && math.Abs(s) >= 0x1p-126 { // below that float32 is subnormal: midpoints are elsewhere
		return float32(s)
	}
	return float32(sumToOdd(p, d))
}

// sumToOdd returns p+d, rounded to odd if it is not exact: to the neighbour whose last bit is set. Rounding that once more, to fewer
// bits, is rounding the exact sum once, because a float64 with an odd last bit is on the true value's side of any midpoint.
func sumToOdd(p, d float64) float64 {
	s := p + d
	if s == 0 || math.IsInf(s, 0) || s != s {
		return s
	}
	// Knuth's TwoSum: s + e == p + d exactly.
	t := s - p
	e := (p - (s - t)) + (d - t)
	u := math.Float64bits(s)
	if e != 0 && u&1 == 0 {
		if (e > 0) == (s > 0) {
			u++
		} else {
			u--
		}
	}
	return math.Float64frombits(u)
}

// halfAt returns the i-th half float (IEEE 754 binary16, little-endian) of b, which is exact in float32. A signalling NaN is
// made quiet, as the conversion instructions do.
func halfAt(b []byte, i int) float32 {
	return halfToFloat(binary.LittleEndian.Uint16(b[2*i:]))
}

func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 31:
		if frac != 0 {
			frac |= 512
		}
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	case 0:
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(f))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// bf16At returns the i-th bfloat16 (the upper half of a float32, little-endian) of b.
func bf16At(b []byte, i int) float32 {
	return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[2*i:])) << 16)
}
