package roofline

import "encoding/binary"

// arithmetic is a loop of multiplications and additions in registers: run(n) does n*ops of them.
type arithmetic struct {
	name string
	ops  int
	run  func(n int)
}

// loops are what is measured. bf16 has no run function where the CPU has no such instruction.
type loops struct {
	int8, f32, bf16 arithmetic
	read            func(b []byte) // a multiple of 512 bytes
	readName        string
}

// portableLoops are for CPUs that this package has no assembly for: they measure the compiler as much as the machine, and say so.
func portableLoops() loops {
	return loops{
		int8:     arithmetic{portable, 8 * 2, int8Portable},
		f32:      arithmetic{portable, 8 * 2, f32Portable},
		read:     readPortable,
		readName: portable,
	}
}

const portable = "portable Go loop, not the machine's peak"

//go:noinline
func int8Portable(n int) {
	var s [8]int32
	a, b := [8]int8{1, 2, 3, 4, 5, 6, 7, 8}, int8(n)
	for range n {
		s[0] += int32(a[0]) * int32(b)
		s[1] += int32(a[1]) * int32(b)
		s[2] += int32(a[2]) * int32(b)
		s[3] += int32(a[3]) * int32(b)
		s[4] += int32(a[4]) * int32(b)
		s[5] += int32(a[5]) * int32(b)
		s[6] += int32(a[6]) * int32(b)
		s[7] += int32(a[7]) * int32(b)
		b ^= int8(s[0])
	}
	keep(int(s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7]))
}

//go:noinline
func f32Portable(n int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	a, b := float32(n), float32(0.5)
	for range n {
		s0 = s0*b + a
		s1 = s1*b + a
		s2 = s2*b + a
		s3 = s3*b + a
		s4 = s4*b + a
		s5 = s5*b + a
		s6 = s6*b + a
		s7 = s7*b + a
	}
	keep(int(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7))
}

//go:noinline
func readPortable(b []byte) {
	var s0, s1, s2, s3 uint64
	for ; len(b) >= 32; b = b[32:] {
		s0 |= binary.LittleEndian.Uint64(b)
		s1 |= binary.LittleEndian.Uint64(b[8:])
		s2 |= binary.LittleEndian.Uint64(b[16:])
		s3 |= binary.LittleEndian.Uint64(b[24:])
	}
	keep(int(s0 | s1 | s2 | s3))
}

// keep makes the compiler believe that a result is needed.
//
//go:noinline
func keep(int) {}
