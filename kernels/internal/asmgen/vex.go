package main

import "fmt"

// prefetchwBX fetches the cache line at displacement(BX) to write to it: 0F 0D /1, which Go's assembler does not know. CPUs without it
// (no bit PREFETCHW of CPUID) take it for a NOP.
func (f *file) prefetchwBX(displacement int8) {
	f.bytes([]byte{0x0f, 0x0d, 1<<6 | 1<<3 | 3, byte(displacement)}, fmt.Sprintf("prefetchw %#x(%%rbx)", displacement))
}

// vpdpbusdVEX multiplies the unsigned bytes of YMM register b by the signed bytes of a and adds each four products to a 32-bit
// element of sum: VEX.256.66.0F38.W0 50 /r (Intel's Software Developer's Manual, volume 2, section 2.3), the form that AVX-VNNI has.
// For the same mnemonic Go's assembler writes the EVEX form, which AVX-512 has.
func (f *file) vpdpbusdVEX(a, b, sum int) {
	const map0F38, length256, pp66 = 2, 1 << 2, 1
	f.bytes([]byte{
		0xc4,
		byte(^sum>>3&1)<<7 | 1<<6 | byte(^a>>3&1)<<5 | map0F38, // stored inverted
		byte(^b&15)<<3 | length256 | pp66,
		0x50,
		byte(3<<6 | sum&7<<3 | a&7),
	}, fmt.Sprintf("{vex} vpdpbusd %%ymm%d,%%ymm%d,%%ymm%d", a, b, sum))
}
