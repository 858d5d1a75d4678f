//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// LANES adds the four elements at off of a row to their sums.
#define LANES(off, signal, square, largest) \
	FMOVQ off(R3), F0; \
	FMOVQ off(R4), F1; \
	FSUB_4S(1, 0, 1); \
	FMUL_4S(0, 0, 0); \
	FADD_4S(signal, signal, 0); \
	FABS_4S(2, 1); \
	UMAX_4S(largest, largest, 2); \
	FMUL_4S(1, 1, 1); \
	FADD_4S(square, square, 1)

// WIDE adds a register's four sums to those of float64 at off.
#define WIDE(off, sum) \
	FLDPQ off(R0), (F0, F1); \
	FCVTL_2D(2, sum); \
	FCVTL2_2D(3, sum); \
	FADD_2D(0, 0, 2); \
	FADD_2D(1, 1, 3); \
	FSTPQ (F0, F1), off(R0)

// func blockErrorsNEON(e *BlockErrors, src *float32, ld int)
//
// V16 to V19 signal, V20 to V23 square, V24 to V27 largest: of a block, but the largest.
TEXT ·blockErrorsNEON(SB), NOSPLIT, $0-24
	MOVD e+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2, R2
	ADD  $320, R0, R5              // decoded
	FLDPQ 256(R0), (F24, F25)
	FLDPQ 288(R0), (F26, F27)
	MOVI0_16B(16)
	MOVI0_16B(17)
	MOVI0_16B(18)
	MOVI0_16B(19)
	MOVI0_16B(20)
	MOVI0_16B(21)
	MOVI0_16B(22)
	MOVI0_16B(23)
	MOVD $2, R7
half:
	MOVD R1, R3
	MOVD R5, R4
	MOVD $16, R6
row:
	LANES(0, 16, 20, 24)
	LANES(16, 17, 21, 25)
	LANES(32, 18, 22, 26)
	LANES(48, 19, 23, 27)
	ADD  R2, R3, R3
	ADD  $128, R4, R4
	SUBS $1, R6, R6
	BNE  row
	ADD  $64, R1, R1
	ADD  $64, R5, R5
	SUBS $1, R7, R7
	BNE  half
	WIDE(0, 16)
	WIDE(32, 17)
	WIDE(64, 18)
	WIDE(96, 19)
	WIDE(128, 20)
	WIDE(160, 21)
	WIDE(192, 22)
	WIDE(224, 23)
	FSTPQ (F24, F25), 256(R0)
	FSTPQ (F26, F27), 288(R0)
	RET
