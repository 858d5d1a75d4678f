package quant

import (
	"math"

	"github.com/x448/float16"
)

// maxBF16 is the largest finite bfloat16: exponent 254, mantissa all ones.
const maxBF16 = 0x1.fep127

// toHalf rounds to IEEE half precision, to nearest even.
func toHalf(x float32) uint16 { return uint16(float16.Fromfloat32(x)) }

// fromHalf widens an IEEE half exactly.
func fromHalf(h uint16) float32 { return float16.Frombits(h).Float32() }

// toBF16 rounds to bfloat16, to nearest even. NaN stays NaN.
func toBF16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // keep it a NaN when the low bits held its only set mantissa bits
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// fromBF16 widens a bfloat16 exactly.
func fromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
