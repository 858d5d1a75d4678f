//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"
#include "exp_amd64.h"

EIGHT(·expTable, 0, 0x3fb8aa3b3fb8aa3b) // log2 e
EIGHT(·expTable, 32, 0x4b4000004b400000) // 1.5*2^23
EIGHT(·expTable, 64, 0x3f3172183f317218) // ln 2, rounded to float32
EIGHT(·expTable, 96, 0xb102e308b102e308) // the rest of ln 2
EIGHT(·expTable, 128, 0x3ab511fb3ab511fb) // c6
EIGHT(·expTable, 160, 0x3c091d053c091d05) // c5
EIGHT(·expTable, 192, 0x3d2aac793d2aac79) // c4
EIGHT(·expTable, 224, 0x3e2aaa493e2aaa49) // c3
EIGHT(·expTable, 256, 0x3efffffe3efffffe) // c2
EIGHT(·expTable, 288, 0x3f8000003f800000) // 1
EIGHT(·expTable, 320, 0xc2aeac4fc2aeac4f) // -87.33654, the smallest float32 whose exponential is a normal number
EIGHT(·expTable, 352, 0x42b2000042b20000) // 89, whose exponential overflows
GLOBL ·expTable(SB), RODATA|NOPTR, $384

// laneMask+32-4*n starts with n elements of all ones, then zeros.
EIGHT(·laneMask, 0, 0xffffffffffffffff)
EIGHT(·laneMask, 32, 0)
GLOBL ·laneMask(SB), RODATA|NOPTR, $64

// Arguments above 89 are set to 89, whose exponential is +Inf. VMINPS returns its second operand (the first one written here)
// where one is NaN.
#define EXP1_AVX512 \
	VMINPS Z0, Z20, Z0; \
	EXP_AVX512(Z0, Z1, Z2, Z3, K2); \
	VMOVAPS Z3, Z0

// func expAVX512(dst, x []float32)
TEXT ·expAVX512(SB), NOSPLIT, $0-48
	EXP_CONSTANTS_AVX512
	VBROADCASTSS EXPTOP, Z20
	LOOP1_AVX512(EXP1_AVX512)

// n may be 128, for which float32 has no 2^n: where x > 0 the result is (2*p)*2^(n-1). Y4 is -1 there.
#define EXP1_AVX2 \
	VMINPS Y0, Y7, Y0; \
	VCMPPS $0x11, EXPLOW, Y0, Y5; \
	VCMPPS $0x1e, Y8, Y0, Y4; \
	EXP_POLY_AVX2(Y0, Y1, Y2, Y3); \
	VPADDD Y4, Y1, Y1; \
	VANDPS Y3, Y4, Y4; \
	VADDPS Y4, Y3, Y3; \
	VPSLLD $23, Y1, Y1; \
	VPADDD ONE, Y1, Y1; \
	VMULPS Y1, Y3, Y3; \
	VANDNPS Y3, Y5, Y0

// func expAVX2(dst, x []float32)
TEXT ·expAVX2(SB), NOSPLIT, $0-48
	VMOVUPS EXPTOP, Y7
	VXORPS  Y8, Y8, Y8
	LOOP1_AVX2(EXP1_AVX2)
