//go:build !purego

package roofline

import "golang.org/x/sys/cpu"

//go:noescape
func int8VNNI(n int)

//go:noescape
func f32AVX512(n int)

//go:noescape
func bf16AVX512(n int)

//go:noescape
func int8AVXVNNI(n int)

//go:noescape
func int8AVX2(n int)

//go:noescape
func f32AVX2(n int)

//go:noescape
func readAVX512(p *byte, n int)

//go:noescape
func readAVX2(p *byte, n int)

// machineLoops returns this CPU's loops.
func machineLoops() loops {
	l := portableLoops()
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA {
		l.int8 = arithmetic{"VPMADDUBSW, VPMADDWD, VPADDD of 256 bits", 6 * 32 * 2, int8AVX2}
		l.f32 = arithmetic{"VFMADD231PS of 256 bits", 12 * 8 * 2, f32AVX2}
		l.read, l.readName = func(b []byte) { readAVX2(&b[0], len(b)) }, "loads of 256 bits"
	}
	if x.HasAVXVNNI {
		l.int8 = arithmetic{"VPDPBUSD of 256 bits", 12 * 32 * 2, int8AVXVNNI}
	}
	if x.HasAVX512F {
		l.f32 = arithmetic{"VFMADD231PS of 512 bits", 24 * 16 * 2, f32AVX512}
		l.read, l.readName = func(b []byte) { readAVX512(&b[0], len(b)) }, "loads of 512 bits"
		if x.HasAVX512VNNI {
			l.int8 = arithmetic{"VPDPBUSD of 512 bits", 24 * 64 * 2, int8VNNI}
		}
		if x.HasAVX512BF16 {
			l.bf16 = arithmetic{"VDPBF16PS of 512 bits", 24 * 32 * 2, bf16AVX512}
		}
	}
	return l
}
