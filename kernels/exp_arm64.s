//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "elementwise_arm64.h"
#include "exp_arm64.h"

DATA ·expTable+0(SB)/4, $0x3fb8aa3b // log2 e
DATA ·expTable+4(SB)/4, $0x4b400000 // 1.5*2^23
DATA ·expTable+8(SB)/4, $0x3f317218 // ln 2, rounded to float32
DATA ·expTable+12(SB)/4, $0xb102e308 // the rest of ln 2
DATA ·expTable+16(SB)/4, $0x3ab511fb // c6
DATA ·expTable+20(SB)/4, $0x3c091d05 // c5
DATA ·expTable+24(SB)/4, $0x3d2aac79 // c4
DATA ·expTable+28(SB)/4, $0x3e2aaa49 // c3
DATA ·expTable+32(SB)/4, $0x3efffffe // c2
DATA ·expTable+36(SB)/4, $0x3f800000 // 1
DATA ·expTable+40(SB)/4, $0xc2aeac4f // -87.33654, the smallest float32 whose exponential is a normal number
DATA ·expTable+44(SB)/4, $0x42b20000 // 89, whose exponential overflows
GLOBL ·expTable(SB), RODATA|NOPTR, $48

// Arguments above 89 are set to 89, whose exponential is +Inf. n may be 128, for which float32 has no 2^n: where x > 0 the result
// is (2*p)*2^(n-1). V4 is -1 there.
#define EXP1 \
	FMIN_4S(0, 0, 27); \
	FCMGT_4S(5, 26, 0); \
	FCMGT0_4S(4, 0); \
	EXP_POLY_NEON(0, 1, 2, 3); \
	ADD_4S(1, 1, 4); \
	AND_16B(4, 4, 2); \
	FADD_4S(2, 2, 4); \
	SHL_4S(1, 1, 23); \
	ADD_4S(1, 1, 25); \
	FMUL_4S(2, 2, 1); \
	BIC_16B(0, 2, 5)

// func expNEON(dst, x []float32)
TEXT ·expNEON(SB), NOSPLIT, $0-48
	EXP_CONSTANTS_NEON
	LOOP1_NEON(EXP1)
