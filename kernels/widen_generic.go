package kernels

import (
	"encoding/binary"
	"math"
)

var _ = register("generic", func(t *table) {
	t.widenF16, t.widenBF16, t.maxMagnitude, t.errorSums = widenF16Generic, widenBF16Generic, maxMagnitudeGeneric, errorSumsGeneric
})

func widenF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = halfAt(src, i)
	}
}

func widenBF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = bf16At(src, i)
	}
}

func copyF32Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func maxMagnitudeGeneric(x []float32) uint32 {
	top := uint32(0)
	for _, v := range x {
		top = max(top, math.Float32bits(v)&(1<<31-1))
	}
	return top
}

// errorSumsGeneric adds to the partial sums from the first one on. The conversions keep compilers from fusing products and sums.
func errorSumsGeneric(s *errorSums, x, y []float32) {
	for i, v := range x {
		lane := i % errorLanes
		w := float64(v)
		d := w - float64(y[i])
		s.signal[lane] += float64(w * w)
		s.square[lane] += float64(d * d)
		s.largest[lane] = max(s.largest[lane], math.Abs(d))
	}
}
