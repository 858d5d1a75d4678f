package model

import (
	"fmt"
	"unsafe"

	"nibble/format"
)

// asFloat32 views little-endian bytes as float32. Containers align tensors to 64 bytes, and package format refuses to open
// one on a big-endian machine.
func asFloat32(b []byte) []float32 {
	if len(b) < 4 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

// vector returns a raw-f32 tensor of n values.
func vector(r *format.Reader, name string, n int) ([]float32, error) {
	info, ok := r.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("tensor %q is not in %s", name, r.Path())
	}
	if info.Codec != "raw-f32" || info.Rows*info.Cols != n {
		return nil, fmt.Errorf("%s: tensor %q is %s [%d %d], want raw-f32 of %d values", r.Path(), name, info.Codec, info.Rows, info.Cols, n)
	}
	b, err := r.Bytes(info)
	if err != nil {
		return nil, err
	}
	return asFloat32(b)[:n], nil
}
