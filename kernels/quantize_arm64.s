//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// func quantizeTokenNEON(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)
//
// A NaN or infinity times the inverse 0 is NaN, which FCVTNS makes 0, the code.
TEXT ·quantizeTokenNEON(SB), NOSPLIT, $0-52
	MOVD codes+0(FP), R0
	MOVD scale+8(FP), R1
	MOVD start+16(FP), R2
	MOVD stride+24(FP), R3
	MOVD x+32(FP), R4
	MOVD groups+40(FP), R5
	MOVW zero+48(FP), R6
	NEGW R6, R6
	MOVD $0x03800000, R7           // TinyGroup
	MOVD $0x7c000000, R8           // infinity - TinyGroup, as integers: the range of groups that are quantized
	MOVD $0x42fe0000, R9
	FMOVS R9, F31                  // 127
	VMOVI $1, V30.B16

group:
	FLDPQ 0(R4), (F0, F1)
	FLDPQ 32(R4), (F2, F3)
	FLDPQ 64(R4), (F4, F5)
	FLDPQ 96(R4), (F6, F7)
	FABS_4S(16, 0)
	FABS_4S(17, 1)
	FABS_4S(18, 2)
	FABS_4S(19, 3)
	FABS_4S(20, 4)
	FABS_4S(21, 5)
	FABS_4S(22, 6)
	FABS_4S(23, 7)
	UMAX_4S(16, 16, 17)
	UMAX_4S(18, 18, 19)
	UMAX_4S(20, 20, 21)
	UMAX_4S(22, 22, 23)
	UMAX_4S(16, 16, 18)
	UMAX_4S(20, 20, 22)
	UMAX_4S(16, 16, 20)
	UMAXV_4S(16, 16)               // max |x|; its bits compare like the values
	FMOVS F16, R9
	SUBW  R7, R9, R10
	CMPW  R8, R10
	BHS   special
	FDIVS F16, F31, F17            // 127/max
	FDIVS F31, F16, F18            // max/127

scaled:
	FMOVS F18, (R1)
	FMUL_4S_LANE0(0, 0, 17)
	FMUL_4S_LANE0(1, 1, 17)
	FMUL_4S_LANE0(2, 2, 17)
	FMUL_4S_LANE0(3, 3, 17)
	FMUL_4S_LANE0(4, 4, 17)
	FMUL_4S_LANE0(5, 5, 17)
	FMUL_4S_LANE0(6, 6, 17)
	FMUL_4S_LANE0(7, 7, 17)
	FCVTNS_4S(0, 0)
	FCVTNS_4S(1, 1)
	FCVTNS_4S(2, 2)
	FCVTNS_4S(3, 3)
	FCVTNS_4S(4, 4)
	FCVTNS_4S(5, 5)
	FCVTNS_4S(6, 6)
	FCVTNS_4S(7, 7)
	UZP1_8H(0, 0, 1)               // lower halves of 32 bits, then of 16
	UZP1_8H(2, 2, 3)
	UZP1_8H(4, 4, 5)
	UZP1_8H(6, 6, 7)
	UZP1_16B(0, 0, 2)
	UZP1_16B(1, 4, 6)
	FSTPQ (F0, F1), (R0)

	MOVI0_16B(16)
	SDOT_4S(16, 0, 30)
	SDOT_4S(16, 1, 30)
	ADDP_4S(16, 16, 16)
	ADDP_4S(16, 16, 16)
	FMOVS F16, R9
	MULW  R6, R9, R9
	MOVW  R9, (R2)

	ADD  $128, R4, R4
	ADD  R3, R0, R0
	ADD  R3, R1, R1
	ADD  R3, R2, R2
	SUBS $1, R5, R5
	BNE  group
	RET

special:                           // too small: scale 0; infinite or NaN: scale NaN
	FMOVS ZR, F17
	FMOVS ZR, F18
	CMPW  R7, R9
	BLO   scaled
	MOVD  $0x7fc00000, R9
	FMOVS R9, F18
	B     scaled
