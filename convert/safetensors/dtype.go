package safetensors

import (
	"slices"
	"strings"
)

// DType is an element type by the format's own name, "F32" or "BF16".
type DType string

// dtypeBits holds every element type the format defines, with the bits of one element. The order of the first thirteen is
// that of the list in error messages.
var dtypeBits = []struct {
	name     DType
	bits     uint64
	readable bool // ReadFloat32 converts it
}{
	{"F64", 64, true},
	{"F32", 32, true},
	{"F16", 16, true},
	{"BF16", 16, true},
	{"I64", 64, true},
	{"I32", 32, true},
	{"I16", 16, true},
	{"I8", 8, true},
	{"U64", 64, true},
	{"U32", 32, true},
	{"U16", 16, true},
	{"U8", 8, true},
	{"BOOL", 8, true},
	{"F8_E4M3", 8, false},
	{"F8_E5M2", 8, false},
	{"F8_E8M0", 8, false},
	{"F8_E4M3FNUZ", 8, false},
	{"F8_E5M2FNUZ", 8, false},
	{"F6_E2M3", 6, false},
	{"F6_E3M2", 6, false},
	{"F4", 4, false},
	{"C64", 64, false},
}

// bits returns the size of one element, 0 for a type the format does not define.
func (d DType) bits() uint64 {
	for _, t := range dtypeBits {
		if t.name == d {
			return t.bits
		}
	}
	return 0
}

// Readable reports whether [Set.ReadFloat32] converts elements of this type.
func (d DType) Readable() bool { return slices.Contains(readable(), string(d)) }

// readable returns the names of the types that can be read.
func readable() []string {
	var names []string
	for _, t := range dtypeBits {
		if t.readable {
			names = append(names, string(t.name))
		}
	}
	return names
}

func readableList() string { return strings.Join(readable(), ", ") }

func knownList() string {
	var names []string
	for _, t := range dtypeBits {
		names = append(names, string(t.name))
	}
	return strings.Join(names, ", ")
}
