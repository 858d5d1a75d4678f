//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "elementwise_arm64.h"
#include "exp_arm64.h"

DATA ·actTable+0(SB)/4, $0x80000000 // sign bit
DATA ·actTable+4(SB)/4, $0x3fcc422a // 2*sqrt(2/pi)
DATA ·actTable+8(SB)/4, $0x3d922279 // 2*sqrt(2/pi)*0.044715
GLOBL ·actTable(SB), RODATA|NOPTR, $12

DATA ·phiTable+0(SB)/4, $0x3ec28f5c // p = 0.38
DATA ·phiTable+4(SB)/4, $0x40aa3d71 // p*14
DATA ·phiTable+8(SB)/4, $0xbf000000 // -1/2
DATA ·phiTable+12(SB)/4, $0x3f000000 // 1/2
DATA ·phiTable+16(SB)/4, $0xbd083cd4 // coefficient of s^8 of G
DATA ·phiTable+20(SB)/4, $0x3d9f77e6 // coefficient of s^7 of G
DATA ·phiTable+24(SB)/4, $0xbc85e20b // coefficient of s^6 of G
DATA ·phiTable+28(SB)/4, $0xbc8c33df // coefficient of s^5 of G
DATA ·phiTable+32(SB)/4, $0xbe07b085 // coefficient of s^4 of G
DATA ·phiTable+36(SB)/4, $0xbc27eeb1 // coefficient of s^3 of G
DATA ·phiTable+40(SB)/4, $0x3f2e71c7 // coefficient of s^2 of G
DATA ·phiTable+44(SB)/4, $0xbf866167 // coefficient of s^1 of G
GLOBL ·phiTable(SB), RODATA|NOPTR, $48

// TANH_CONSTANTS loads V28 to V30 after the exponential's V16 to V27.
#define TANH_CONSTANTS \
	EXP_CONSTANTS_NEON; \
	MOVD    $·actTable(SB), R3; \
	VLD1R.P 4(R3), [V28.S4]; \
	VLD1R.P 4(R3), [V29.S4]; \
	VLD1R.P 4(R3), [V30.S4]

// PHI_CONSTANTS loads V27 to V30 (p, p*14, -1/2, 1/2) and V8 to V15 (G) after the exponential's V16 to V26.
#define PHI_CONSTANTS \
	EXP_CONSTANTS_NEON; \
	MOVD    $·phiTable(SB), R3; \
	VLD1R.P 4(R3), [V27.S4]; \
	VLD1R.P 4(R3), [V28.S4]; \
	VLD1R.P 4(R3), [V29.S4]; \
	VLD1R.P 4(R3), [V30.S4]; \
	VLD1R.P 4(R3), [V8.S4]; \
	VLD1R.P 4(R3), [V9.S4]; \
	VLD1R.P 4(R3), [V10.S4]; \
	VLD1R.P 4(R3), [V11.S4]; \
	VLD1R.P 4(R3), [V12.S4]; \
	VLD1R.P 4(R3), [V13.S4]; \
	VLD1R.P 4(R3), [V14.S4]; \
	VLD1R.P 4(R3), [V15.S4]

// Each body replaces the x in V0 by f(x).

// SIGMOID: V0 = V0*sigmoid(w), where w has the sign of V0 and V1 is -|w|.
#define SIGMOID \
	EXP_NEON(1, 2, 3, 4, 5); \
	CMLT0_4S(4, 0); \
	BSL_16B(4, 3, 25); \
	FADD_4S(5, 3, 25); \
	FMUL_4S(0, 0, 4); \
	FDIV_4S(0, 0, 5)

#define SILU \
	ORR_16B(1, 0, 28); \
	SIGMOID

// w = x*(2*sqrt(2/pi) + 2*sqrt(2/pi)*0.044715*x^2)
#define GELUTANH \
	FMUL_4S(1, 0, 0); \
	MOV_16B(2, 29); \
	FMLA_4S(2, 1, 30); \
	FMUL_4S(1, 2, 0); \
	ORR_16B(1, 1, 28); \
	SIGMOID

// q = Phi(-|x|) = e^(-x^2/2) * G(s), s = p*|x|/(1 + p*|x|); x * (x < 0 ? q : 1-q). p*|x| is at most p*14, so that infinity gives no
// quotient of infinities: q is 0 from 13.3 on.
#define GELU \
	FMUL_4S(1, 0, 0); \
	FMUL_4S(1, 1, 29); \
	EXP_NEON(1, 2, 3, 4, 5); \
	FABS_4S(1, 0); \
	FMUL_4S(1, 1, 27); \
	FMIN_4S(1, 1, 28); \
	FADD_4S(2, 1, 25); \
	FDIV_4S(1, 1, 2); \
	MOV_16B(2, 9); \
	FMLA_4S(2, 8, 1); \
	MOV_16B(4, 10); \
	FMLA_4S(4, 2, 1); \
	MOV_16B(2, 11); \
	FMLA_4S(2, 4, 1); \
	MOV_16B(4, 12); \
	FMLA_4S(4, 2, 1); \
	MOV_16B(2, 13); \
	FMLA_4S(2, 4, 1); \
	MOV_16B(4, 14); \
	FMLA_4S(4, 2, 1); \
	MOV_16B(2, 15); \
	FMLA_4S(2, 4, 1); \
	MOV_16B(4, 30); \
	FMLA_4S(4, 2, 1); \
	FMUL_4S(3, 3, 4); \
	FSUB_4S(4, 25, 3); \
	CMLT0_4S(5, 0); \
	BSL_16B(5, 3, 4); \
	FMUL_4S(0, 0, 5)

// Not FMAX, which makes +0 of -0.
#define RELU \
	FCMLT0_4S(1, 0); \
	BIC_16B(0, 0, 1)

#define SILUMUL \
	SILU; \
	FMUL_4S(0, 0, 7)

#define GELUTANHMUL \
	GELUTANH; \
	FMUL_4S(0, 0, 7)

#define GELUMUL \
	GELU; \
	FMUL_4S(0, 0, 7)

// func siluNEON(dst, x []float32)
TEXT ·siluNEON(SB), NOSPLIT, $0-48
	TANH_CONSTANTS
	LOOP1_NEON(SILU)

// func siluMulNEON(dst, x, y []float32)
TEXT ·siluMulNEON(SB), NOSPLIT, $0-72
	TANH_CONSTANTS
	LOOP2_NEON(SILUMUL)

// func geluTanhNEON(dst, x []float32)
TEXT ·geluTanhNEON(SB), NOSPLIT, $0-48
	TANH_CONSTANTS
	LOOP1_NEON(GELUTANH)

// func geluTanhMulNEON(dst, x, y []float32)
TEXT ·geluTanhMulNEON(SB), NOSPLIT, $0-72
	TANH_CONSTANTS
	LOOP2_NEON(GELUTANHMUL)

// func geluNEON(dst, x []float32)
TEXT ·geluNEON(SB), NOSPLIT, $0-48
	PHI_CONSTANTS
	LOOP1_NEON(GELU)

// func geluMulNEON(dst, x, y []float32)
TEXT ·geluMulNEON(SB), NOSPLIT, $0-72
	PHI_CONSTANTS
	LOOP2_NEON(GELUMUL)

// func reluNEON(dst, x []float32)
TEXT ·reluNEON(SB), NOSPLIT, $0-48
	LOOP1_NEON(RELU)
