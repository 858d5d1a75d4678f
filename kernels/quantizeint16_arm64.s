//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// func quantizeInt16NEON(dst *uint32, x *float32, ldx, n, cols int)
//
// A NaN or infinity times the inverse 0 is NaN, which FCVTNS makes 0, the code.
TEXT ·quantizeInt16NEON(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R4
	MOVD ldx+16(FP), R3
	MOVD n+24(FP), R5
	MOVD cols+32(FP), R6
	LSL  $2, R3, R3
	MOVD $0x05800000, R7           // TinyRow
	MOVD $0x7a000000, R8           // infinity - TinyRow, as integers: the range of rows that are quantized
	MOVD $0x457ff000, R9
	FMOVS R9, F31                  // Int16Max

row:
	MOVD R4, R1
	MOVD R6, R2
	MOVI0_16B(16)

largest:
	FLDPQ 0(R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FABS_4S(0, 0)
	FABS_4S(1, 1)
	FABS_4S(2, 2)
	FABS_4S(3, 3)
	UMAX_4S(0, 0, 1)
	UMAX_4S(2, 2, 3)
	UMAX_4S(16, 16, 0)
	UMAX_4S(16, 16, 2)
	ADD  $64, R1, R1
	SUBS $16, R2, R2
	BNE  largest

	UMAXV_4S(16, 16)               // max |x|; its bits compare like the values
	FMOVS F16, R9
	SUBW  R7, R9, R10
	CMPW  R8, R10
	BHS   special
	FDIVS F16, F31, F17            // Int16Max/max
	FDIVS F31, F16, F18            // max/Int16Max

scaled:
	MOVD R4, R1
	MOVD R6, R2

codes:
	FLDPQ 0(R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FMUL_4S_LANE0(0, 0, 17)
	FMUL_4S_LANE0(1, 1, 17)
	FMUL_4S_LANE0(2, 2, 17)
	FMUL_4S_LANE0(3, 3, 17)
	FCVTNS_4S(0, 0)
	FCVTNS_4S(1, 1)
	FCVTNS_4S(2, 2)
	FCVTNS_4S(3, 3)
	UZP1_8H(0, 0, 1)               // lower halves
	UZP1_8H(1, 2, 3)
	FSTPQ (F0, F1), (R0)
	ADD  $64, R1, R1
	ADD  $32, R0, R0
	SUBS $16, R2, R2
	BNE  codes

	FMOVS F18, (R0)
	ADD  $4, R0, R0
	ADD  R3, R4, R4
	SUBS $1, R5, R5
	BNE  row
	RET

special:                           // too small: scale 0; infinite or NaN: scale NaN
	FMOVS ZR, F17
	FMOVS ZR, F18
	CMPW  R7, R9
	BLO   scaled
	MOVD  $0x7fc00000, R9
	FMOVS R9, F18
	B     scaled
