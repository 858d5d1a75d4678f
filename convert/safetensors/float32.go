package safetensors

import (
	"encoding/binary"
	"math"
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
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
			}
		}
	case "F16":
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = halfToFloat32(le.Uint16(src[2*i:]))
			}
		}
	case "BF16": // the upper half of a float32
		return func(dst []float32, src []byte) {
			for i := range dst {
				dst[i] = math.Float32frombits(uint32(le.Uint16(src[2*i:])) << 16)
			}
		}
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

// halfToFloat32 converts an IEEE 754 binary16 exactly; a NaN keeps its payload.
func halfToFloat32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	rest := uint32(h & 0x7fff)
	switch {
	case rest >= 0x7c00: // infinity or NaN: the largest exponent of both formats
		return math.Float32frombits(sign | 0x7f800000 | rest<<13)
	case rest < 0x0400: // zero or subnormal: rest * 2^-24, exact
		return math.Float32frombits(sign | math.Float32bits(float32(rest)*0x1p-24))
	}
	return math.Float32frombits(sign | (rest<<13 + (127-15)<<23)) // exponent bias 15 -> 127
}
