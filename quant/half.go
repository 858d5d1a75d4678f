package quant

import (
	"math"

	"github.com/x448/float16"
)

// maxBF16 is the largest finite bfloat16: exponent 254, mantissa all ones.
const maxBF16 = 0x1.fep127

// fromHalf widens an IEEE half exactly.
func fromHalf(h uint16) float32 { return float16.Frombits(h).Float32() }

// fromBF16 widens a bfloat16 exactly.
func fromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
