//go:build !linux

package model

// allocateHuge returns nil: huge pages are asked for on Linux only.
func allocateHuge(int) (memory []byte, free func()) { return nil, nil }
