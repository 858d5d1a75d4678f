//go:build !purego

package roofline

import (
	"slices"
	"strings"

	"nibble/kernels"
)

//go:noescape
func int8SDOT(n int)

//go:noescape
func int8USMMLA(n int)

//go:noescape
func f32NEON(n int)

//go:noescape
func readNEON(p *byte, n int)

// machineLoops returns this CPU's loops. One without the dot product extension has none that int8 products would use.
func machineLoops() loops {
	l := portableLoops()
	if !slices.Contains(kernels.Available(), "neon") {
		return l
	}
	l.int8 = arithmetic{"SDOT of 128 bits", 24 * 16 * 2, int8SDOT}
	if slices.Contains(strings.Fields(kernels.Features()), "i8mm") {
		l.int8 = arithmetic{"USMMLA of 128 bits", 24 * 32 * 2, int8USMMLA}
	}
	l.f32 = arithmetic{"FMLA of 128 bits", 24 * 4 * 2, f32NEON}
	l.read, l.readName = func(b []byte) { readNEON(&b[0], len(b)) }, "loads of 128 bits"
	return l
}
