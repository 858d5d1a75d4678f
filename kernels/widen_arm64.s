//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// func widenF16NEON(dst *float32, src *byte, n int)
TEXT ·widenF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
loop:
	FLDPQ (R1), (F0, F1)
	FCVTL_4S(2, 0)
	FCVTL2_4S(3, 0)
	FCVTL_4S(4, 1)
	FCVTL2_4S(5, 1)
	FSTPQ (F2, F3), (R0)
	FSTPQ (F4, F5), 32(R0)
	ADD  $32, R1, R1
	ADD  $64, R0, R0
	SUBS $16, R2, R2
	BNE  loop
	RET

// func widenBF16NEON(dst *float32, src *byte, n int)
TEXT ·widenBF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVI0_16B(31)
loop:
	FLDPQ (R1), (F0, F1)
	ZIP1_8H(2, 31, 0)              // zeros below
	ZIP2_8H(3, 31, 0)
	ZIP1_8H(4, 31, 1)
	ZIP2_8H(5, 31, 1)
	FSTPQ (F2, F3), (R0)
	FSTPQ (F4, F5), 32(R0)
	ADD  $32, R1, R1
	ADD  $64, R0, R0
	SUBS $16, R2, R2
	BNE  loop
	RET

// func maxMagnitudeNEON(x *float32, n int) uint32
TEXT ·maxMagnitudeNEON(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	MOVI0_16B(4)
	MOVI0_16B(5)
	MOVI0_16B(6)
	MOVI0_16B(7)
loop:
	FLDPQ (R0), (F0, F1)
	FLDPQ 32(R0), (F2, F3)
	FABS_4S(0, 0)
	FABS_4S(1, 1)
	FABS_4S(2, 2)
	FABS_4S(3, 3)
	UMAX_4S(4, 4, 0)
	UMAX_4S(5, 5, 1)
	UMAX_4S(6, 6, 2)
	UMAX_4S(7, 7, 3)
	ADD  $64, R0, R0
	SUBS $16, R1, R1
	BNE  loop
	UMAX_4S(4, 4, 5)
	UMAX_4S(6, 6, 7)
	UMAX_4S(4, 4, 6)
	UMAXV_4S(4, 4)
	FMOVS F4, ret+16(FP)
	RET

// LANES adds the four elements at off to their partial sums.
#define LANES(off, signalA, signalB, squareA, squareB, largestA, largestB) \
	FMOVQ off(R1), F0; \
	FMOVQ off(R2), F2; \
	FCVTL2_2D(1, 0); \
	FCVTL_2D(0, 0); \
	FCVTL2_2D(3, 2); \
	FCVTL_2D(2, 2); \
	FSUB_2D(2, 0, 2); \
	FSUB_2D(3, 1, 3); \
	FMUL_2D(0, 0, 0); \
	FMUL_2D(1, 1, 1); \
	FADD_2D(signalA, signalA, 0); \
	FADD_2D(signalB, signalB, 1); \
	FMUL_2D(0, 2, 2); \
	FMUL_2D(1, 3, 3); \
	FADD_2D(squareA, squareA, 0); \
	FADD_2D(squareB, squareB, 1); \
	FABS_2D(2, 2); \
	FABS_2D(3, 3); \
	FMAX_2D(largestA, largestA, 2); \
	FMAX_2D(largestB, largestB, 3)

// func errorSumsNEON(s *errorSums, x, y *float32, n int)
//
// V8 to V15 signal, V16 to V23 square, V24 to V31 largest: two partial sums each.
TEXT ·errorSumsNEON(SB), NOSPLIT, $0-32
	MOVD s+0(FP), R0
	MOVD x+8(FP), R1
	MOVD y+16(FP), R2
	MOVD n+24(FP), R3
	FLDPQ 0(R0), (F8, F9)
	FLDPQ 32(R0), (F10, F11)
	FLDPQ 64(R0), (F12, F13)
	FLDPQ 96(R0), (F14, F15)
	FLDPQ 128(R0), (F16, F17)
	FLDPQ 160(R0), (F18, F19)
	FLDPQ 192(R0), (F20, F21)
	FLDPQ 224(R0), (F22, F23)
	FLDPQ 256(R0), (F24, F25)
	FLDPQ 288(R0), (F26, F27)
	FLDPQ 320(R0), (F28, F29)
	FLDPQ 352(R0), (F30, F31)
loop:
	LANES(0, 8, 9, 16, 17, 24, 25)
	LANES(16, 10, 11, 18, 19, 26, 27)
	LANES(32, 12, 13, 20, 21, 28, 29)
	LANES(48, 14, 15, 22, 23, 30, 31)
	ADD  $64, R1, R1
	ADD  $64, R2, R2
	SUBS $16, R3, R3
	BNE  loop
	FSTPQ (F8, F9), 0(R0)
	FSTPQ (F10, F11), 32(R0)
	FSTPQ (F12, F13), 64(R0)
	FSTPQ (F14, F15), 96(R0)
	FSTPQ (F16, F17), 128(R0)
	FSTPQ (F18, F19), 160(R0)
	FSTPQ (F20, F21), 192(R0)
	FSTPQ (F22, F23), 224(R0)
	FSTPQ (F24, F25), 256(R0)
	FSTPQ (F26, F27), 288(R0)
	FSTPQ (F28, F29), 320(R0)
	FSTPQ (F30, F31), 352(R0)
	RET
