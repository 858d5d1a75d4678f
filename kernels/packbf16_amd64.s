//go:build !purego

#include "textflag.h"

DATA packConst<>+0(SB)/4, $0x00007fff
DATA packConst<>+4(SB)/4, $0x00000001
DATA packConst<>+8(SB)/4, $0x00400000
GLOBL packConst<>(SB), RODATA|NOPTR, $12

// ROUND512 rounds 16 float32: x + 0x7fff + (the bit that will be last), or NaNs made quiet, shifted down. Z31, Z30, Z29 are the
// constants in order.
#define ROUND512(offset, Z, Y) \
	VMOVUPS offset(SI), Z; \
	VCMPPS  $3, Z, Z, K1; \
	VPSRLD  $16, Z, Z2; \
	VPANDD  Z30, Z2, Z2; \
	VPADDD  Z31, Z2, Z2; \
	VPADDD  Z, Z2, Z2; \
	VPORD   Z29, Z, K1, Z2; \
	VPSRLD  $16, Z2, Z2; \
	VPMOVDW Z2, Y

// func packBF16AVX512(dst *byte, x *float32, blocks int)
TEXT ·packBF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ blocks+16(FP), CX
	VPBROADCASTD packConst<>+0(SB), Z31
	VPBROADCASTD packConst<>+4(SB), Z30
	VPBROADCASTD packConst<>+8(SB), Z29
block:
	ROUND512(0, Z0, Y0)
	ROUND512(64, Z1, Y1)
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ $128, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// ROUND256 is ROUND512 for 8 float32; the result stays in dwords. Y15, Y14, Y13 are the constants.
#define ROUND256(offset, Y) \
	VMOVUPS offset(SI), Y; \
	VPSRLD  $16, Y, Y4; \
	VPAND   Y14, Y4, Y4; \
	VPADDD  Y15, Y4, Y4; \
	VPADDD  Y, Y4, Y4; \
	VPOR    Y13, Y, Y5; \
	VCMPPS  $3, Y, Y, Y6; \
	VBLENDVPS Y6, Y5, Y4, Y4; \
	VPSRLD  $16, Y4, Y

// func packBF16AVX2(dst *byte, x *float32, blocks int)
TEXT ·packBF16AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ blocks+16(FP), CX
	VPBROADCASTD packConst<>+0(SB), Y15
	VPBROADCASTD packConst<>+4(SB), Y14
	VPBROADCASTD packConst<>+8(SB), Y13
block:
	ROUND256(0, Y0)
	ROUND256(32, Y1)
	ROUND256(64, Y2)
	ROUND256(96, Y3)
	VPACKUSDW Y1, Y0, Y0
	VPACKUSDW Y3, Y2, Y2
	VPERMQ  $0xd8, Y0, Y0          // packing works in halves of the register: back in order
	VPERMQ  $0xd8, Y2, Y2
	VMOVDQU Y0, (DI)
	VMOVDQU Y2, 32(DI)
	ADDQ $128, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET
