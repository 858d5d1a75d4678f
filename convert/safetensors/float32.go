package safetensors

import (
	"encoding/binary"
	"math"

	"nibble/kernels"
)

// converter turns little-endian elements into float32. src holds exactly len(dst) elements.
type converter func(dst []float32, src []byte)

// converterFor returns nil for a type that cannot be converted.
func converterFor(d DType) converter {
	le := binary.LittleEndian
	switch d {
	case "F64":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(math.Float64frombits(le.Uint64(src[8*i:])))
			}
		}
	case "F32":
		return kernels.CopyF32
	case "F16":
		return kernels.WidenF16
	case "BF16":
		return kernels.WidenBF16
	case "I64":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(int64(le.Uint64(src[8*i:])))
			}
		}
	case "I32":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(int32(le.Uint32(src[4*i:])))
			}
		}
	case "I16":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(int16(le.Uint16(src[2*i:])))
			}
		}
	case "I8":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(int8(src[i]))
			}
		}
	case "U64":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(le.Uint64(src[8*i:]))
			}
		}
	case "U32":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(le.Uint32(src[4*i:]))
			}
		}
	case "U16":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(le.Uint16(src[2*i:]))
			}
		}
	case "U8":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = float32(src[i])
			}
		}
	case "BOOL":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = 0
				if src[i] != 0 {
					dst[i] = 1
				}
			}
		}
	}
	return nil
}
