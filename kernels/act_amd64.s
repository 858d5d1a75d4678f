//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"
#include "exp_amd64.h"

EIGHT(·actTable, 0, 0x8000000080000000) // sign bit
EIGHT(·actTable, 32, 0x3fcc422a3fcc422a) // 2*sqrt(2/pi)
EIGHT(·actTable, 64, 0x3d9222793d922279) // 2*sqrt(2/pi)*0.044715
EIGHT(·actTable, 96, 0xbf000000bf000000) // -1/2
EIGHT(·actTable, 128, 0x3ec28f5c3ec28f5c) // p = 0.38
EIGHT(·actTable, 160, 0x40aa3d7140aa3d71) // p*14
EIGHT(·actTable, 192, 0x3f0000003f000000) // 1/2
EIGHT(·actTable, 224, 0xbd083cd4bd083cd4) // coefficient of s^8 of G
EIGHT(·actTable, 256, 0x3d9f77e63d9f77e6) // coefficient of s^7 of G
EIGHT(·actTable, 288, 0xbc85e20bbc85e20b) // coefficient of s^6 of G
EIGHT(·actTable, 320, 0xbc8c33dfbc8c33df) // coefficient of s^5 of G
EIGHT(·actTable, 352, 0xbe07b085be07b085) // coefficient of s^4 of G
EIGHT(·actTable, 384, 0xbc27eeb1bc27eeb1) // coefficient of s^3 of G
EIGHT(·actTable, 416, 0x3f2e71c73f2e71c7) // coefficient of s^2 of G
EIGHT(·actTable, 448, 0xbf866167bf866167) // coefficient of s^1 of G
GLOBL ·actTable(SB), RODATA|NOPTR, $480

#define SIGN ·actTable+0(SB)
#define TANH1 ·actTable+32(SB)
#define TANH3 ·actTable+64(SB)
#define NEGHALF ·actTable+96(SB)
#define PHIP ·actTable+128(SB)
#define PHITOP ·actTable+160(SB)
#define HALF ·actTable+192(SB)
#define PHI8 ·actTable+224(SB)
#define PHI7 ·actTable+256(SB)
#define PHI6 ·actTable+288(SB)
#define PHI5 ·actTable+320(SB)
#define PHI4 ·actTable+352(SB)
#define PHI3 ·actTable+384(SB)
#define PHI2 ·actTable+416(SB)
#define PHI1 ·actTable+448(SB)

// Each body replaces the x in register 0 by f(x).

// SIGMOID_AVX512: Z0 = Z0*sigmoid(w), where w has the sign of Z0 and Z1 is -|w|.
#define SIGMOID_AVX512 \
	VPTESTMD Z16, Z0, K3; \
	EXP_AVX512(Z1, Z2, Z3, Z4, K2); \
	VADDPS Z22, Z4, Z5; \
	VMOVAPS Z22, Z1; \
	VMOVAPS Z4, K3, Z1; \
	VMULPS Z1, Z0, Z0; \
	VDIVPS Z5, Z0, Z0

#define SIGMOID_AVX2 \
	EXP_AVX2(Y1, Y2, Y3, Y4, Y5); \
	VMOVUPS ONE, Y1; \
	VADDPS Y1, Y4, Y5; \
	VBLENDVPS Y0, Y4, Y1, Y1; \
	VMULPS Y1, Y0, Y0; \
	VDIVPS Y5, Y0, Y0

#define SILU_AVX512 \
	VORPS Z16, Z0, Z1; \
	SIGMOID_AVX512

#define SILU_AVX2 \
	VORPS SIGN, Y0, Y1; \
	SIGMOID_AVX2

// w = x*(2*sqrt(2/pi) + 2*sqrt(2/pi)*0.044715*x^2)
#define GELUTANH_AVX512 \
	VMULPS Z0, Z0, Z1; \
	VFMADD213PS Z17, Z18, Z1; \
	VMULPS Z0, Z1, Z1; \
	VORPS Z16, Z1, Z1; \
	SIGMOID_AVX512

#define GELUTANH_AVX2 \
	VMULPS Y0, Y0, Y1; \
	VMOVUPS TANH3, Y2; \
	VFMADD213PS TANH1, Y2, Y1; \
	VMULPS Y0, Y1, Y1; \
	VORPS SIGN, Y1, Y1; \
	SIGMOID_AVX2

// q = Phi(-|x|) = e^(-x^2/2) * G(s), s = p*|x|/(1 + p*|x|); x * (x < 0 ? q : 1-q). p*|x| is at most p*14, so that infinity gives no
// quotient of infinities: q is 0 from 13.3 on.
#define GELU_AVX512 \
	VANDNPS Z0, Z16, Z6; \
	VMULPS Z18, Z6, Z6; \
	VMINPS Z6, Z14, Z6; \
	VADDPS Z22, Z6, Z5; \
	VDIVPS Z5, Z6, Z6; \
	VMULPS Z0, Z0, Z1; \
	VMULPS Z17, Z1, Z1; \
	VPTESTMD Z16, Z0, K3; \
	EXP_AVX512(Z1, Z2, Z3, Z4, K2); \
	VMOVAPS Z7, Z5; \
	VFMADD213PS Z8, Z6, Z5; \
	VFMADD213PS Z9, Z6, Z5; \
	VFMADD213PS Z10, Z6, Z5; \
	VFMADD213PS Z11, Z6, Z5; \
	VFMADD213PS Z12, Z6, Z5; \
	VFMADD213PS Z13, Z6, Z5; \
	VFMADD213PS Z19, Z6, Z5; \
	VFMADD213PS Z20, Z6, Z5; \
	VMULPS Z5, Z4, Z4; \
	VSUBPS Z4, Z22, Z5; \
	VMOVAPS Z4, K3, Z5; \
	VMULPS Z5, Z0, Z0

#define GELU_AVX2 \
	VMOVUPS SIGN, Y7; \
	VANDNPS Y0, Y7, Y7; \
	VMULPS PHIP, Y7, Y7; \
	VMOVUPS PHITOP, Y8; \
	VMINPS Y7, Y8, Y7; \
	VMOVUPS ONE, Y9; \
	VADDPS Y9, Y7, Y8; \
	VDIVPS Y8, Y7, Y7; \
	VMULPS Y0, Y0, Y1; \
	VMULPS NEGHALF, Y1, Y1; \
	EXP_AVX2(Y1, Y2, Y3, Y4, Y5); \
	VMOVUPS PHI8, Y5; \
	VFMADD213PS PHI7, Y7, Y5; \
	VFMADD213PS PHI6, Y7, Y5; \
	VFMADD213PS PHI5, Y7, Y5; \
	VFMADD213PS PHI4, Y7, Y5; \
	VFMADD213PS PHI3, Y7, Y5; \
	VFMADD213PS PHI2, Y7, Y5; \
	VFMADD213PS PHI1, Y7, Y5; \
	VFMADD213PS HALF, Y7, Y5; \
	VMULPS Y5, Y4, Y4; \
	VSUBPS Y4, Y9, Y5; \
	VBLENDVPS Y0, Y4, Y5, Y5; \
	VMULPS Y5, Y0, Y0

// VMAXPS returns its second operand, the first one written here, where one is NaN or both are zero.
#define RELU_AVX512 VMAXPS Z0, Z16, Z0
#define RELU_AVX2 VMAXPS Y0, Y7, Y0

#define GATED_AVX512(OP) \
	OP; \
	VMULPS Z15, Z0, Z0

#define GATED_AVX2(OP) \
	OP; \
	VMULPS Y15, Y0, Y0

#define SILUMUL_AVX512 GATED_AVX512(SILU_AVX512)
#define SILUMUL_AVX2 GATED_AVX2(SILU_AVX2)
#define GELUTANHMUL_AVX512 GATED_AVX512(GELUTANH_AVX512)
#define GELUTANHMUL_AVX2 GATED_AVX2(GELUTANH_AVX2)
#define GELUMUL_AVX512 GATED_AVX512(GELU_AVX512)
#define GELUMUL_AVX2 GATED_AVX2(GELU_AVX2)

#define TANH_CONSTANTS_AVX512 \
	EXP_CONSTANTS_AVX512; \
	VBROADCASTSS SIGN, Z16; \
	VBROADCASTSS TANH1, Z17; \
	VBROADCASTSS TANH3, Z18

#define PHI_CONSTANTS_AVX512 \
	EXP_CONSTANTS_AVX512; \
	VBROADCASTSS SIGN, Z16; \
	VBROADCASTSS NEGHALF, Z17; \
	VBROADCASTSS PHIP, Z18; \
	VBROADCASTSS PHITOP, Z14; \
	VBROADCASTSS PHI8, Z7; \
	VBROADCASTSS PHI7, Z8; \
	VBROADCASTSS PHI6, Z9; \
	VBROADCASTSS PHI5, Z10; \
	VBROADCASTSS PHI4, Z11; \
	VBROADCASTSS PHI3, Z12; \
	VBROADCASTSS PHI2, Z13; \
	VBROADCASTSS PHI1, Z19; \
	VBROADCASTSS HALF, Z20

// func siluAVX512(dst, x []float32)
TEXT ·siluAVX512(SB), NOSPLIT, $0-48
	EXP_CONSTANTS_AVX512
	VBROADCASTSS SIGN, Z16
	LOOP1_AVX512(SILU_AVX512)

// func siluMulAVX512(dst, x, y []float32)
TEXT ·siluMulAVX512(SB), NOSPLIT, $0-72
	EXP_CONSTANTS_AVX512
	VBROADCASTSS SIGN, Z16
	LOOP2_AVX512(SILUMUL_AVX512)

// func siluAVX2(dst, x []float32)
TEXT ·siluAVX2(SB), NOSPLIT, $0-48
	LOOP1_AVX2(SILU_AVX2)

// func siluMulAVX2(dst, x, y []float32)
TEXT ·siluMulAVX2(SB), NOSPLIT, $0-72
	LOOP2_AVX2(SILUMUL_AVX2)

// func geluTanhAVX512(dst, x []float32)
TEXT ·geluTanhAVX512(SB), NOSPLIT, $0-48
	TANH_CONSTANTS_AVX512
	LOOP1_AVX512(GELUTANH_AVX512)

// func geluTanhMulAVX512(dst, x, y []float32)
TEXT ·geluTanhMulAVX512(SB), NOSPLIT, $0-72
	TANH_CONSTANTS_AVX512
	LOOP2_AVX512(GELUTANHMUL_AVX512)

// func geluTanhAVX2(dst, x []float32)
TEXT ·geluTanhAVX2(SB), NOSPLIT, $0-48
	LOOP1_AVX2(GELUTANH_AVX2)

// func geluTanhMulAVX2(dst, x, y []float32)
TEXT ·geluTanhMulAVX2(SB), NOSPLIT, $0-72
	LOOP2_AVX2(GELUTANHMUL_AVX2)

// func geluAVX512(dst, x []float32)
TEXT ·geluAVX512(SB), NOSPLIT, $0-48
	PHI_CONSTANTS_AVX512
	LOOP1_AVX512(GELU_AVX512)

// func geluMulAVX512(dst, x, y []float32)
TEXT ·geluMulAVX512(SB), NOSPLIT, $0-72
	PHI_CONSTANTS_AVX512
	LOOP2_AVX512(GELUMUL_AVX512)

// func geluAVX2(dst, x []float32)
TEXT ·geluAVX2(SB), NOSPLIT, $0-48
	LOOP1_AVX2(GELU_AVX2)

// func geluMulAVX2(dst, x, y []float32)
TEXT ·geluMulAVX2(SB), NOSPLIT, $0-72
	LOOP2_AVX2(GELUMUL_AVX2)

// func reluAVX512(dst, x []float32)
TEXT ·reluAVX512(SB), NOSPLIT, $0-48
	VXORPS Z16, Z16, Z16
	LOOP1_AVX512(RELU_AVX512)

// func reluAVX2(dst, x []float32)
TEXT ·reluAVX2(SB), NOSPLIT, $0-48
	VXORPS Y7, Y7, Y7
	LOOP1_AVX2(RELU_AVX2)
