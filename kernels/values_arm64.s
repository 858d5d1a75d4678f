//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// Rounding to bfloat16: x + 0x7fff + (the bit that will be last), or NaNs made quiet, without the lower 16 bits; 0 where the magnitude
// is below the smallest one.

// CONSTANTS loads V26 to V31.
#define CONSTANTS(SMALLEST) \
	MOVD $0x00007fff, R9; \
	VDUP R9, V31.S4; \
	MOVD $0x00000001, R9; \
	VDUP R9, V30.S4; \
	MOVD $0x00400000, R9; \
	VDUP R9, V29.S4; \
	MOVD $0xffff0000, R9; \
	VDUP R9, V28.S4; \
	MOVD $SMALLEST, R9; \
	VDUP R9, V27.S4; \
	MOVD $0x7f800000, R9; \
	VDUP R9, V26.S4

// ROUND rounds V0 to V2; it destroys V1, V3 and V4.
#define ROUND \
	FABS_4S(1, 0); \
	CMHS_4S(4, 1, 27); \
	CMHI_4S(1, 1, 26); \
	USHR_4S(2, 0, 16); \
	AND_16B(2, 2, 30); \
	ADD_4S(2, 2, 31); \
	ADD_4S(2, 2, 0); \
	ORR_16B(3, 0, 29); \
	BSL_16B(1, 3, 2); \
	AND_16B(2, 1, 4); \
	AND_16B(2, 2, 28)

// func storeTilesNEON(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)
TEXT ·storeTilesNEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	MOVD  tileStride+8(FP), R1
	MOVD  x+16(FP), R2
	MOVD  tiles+24(FP), R3
	MOVWU shift+32(FP), R4
	MOVWU keep+36(FP), R5
	NEG   R4, R4
	VDUP  R4, V5.S4                // USHL shifts right by negative counts
	VDUP  R5, V6.S4
	CONSTANTS(0x21800000)          // MinValue

#define QUARTER(offset) \
	FMOVQ offset(R2), F0; \
	ROUND; \
	USHL_4S(2, 2, 5); \
	FMOVQ offset(R0), F3; \
	AND_16B(3, 3, 6); \
	ORR_16B(2, 2, 3); \
	FMOVQ F2, offset(R0)

tile:
	QUARTER(0)
	QUARTER(16)
	QUARTER(32)
	QUARTER(48)
	ADD  $64, R2, R2
	ADD  R1, R0, R0
	SUBS $1, R3, R3
	BNE  tile
	RET

// func probabilitiesNEON(s []float32, f float32)
TEXT ·probabilitiesNEON(SB), NOSPLIT, $0-28
	MOVD  s_base+0(FP), R0
	MOVD  s_len+8(FP), R1
	FMOVS f+24(FP), F5
	CONSTANTS(0x2b800000)          // MinProbability
	SUBS  $4, R1, R1
	BLT   done

loop:
	FMOVQ (R0), F0
	FMUL_4S_LANE0(0, 0, 5)
	ROUND
	FMOVQ F2, (R0)
	ADD   $16, R0, R0
	SUBS  $4, R1, R1
	BGE   loop

done:
	RET
