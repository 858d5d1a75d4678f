//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// A column's codes are one byte (int8) or half a byte (int4) of each of 16 dwords: shifted down, masked, made signed, converted,
// scaled. All steps but the last are exact.

// SCALES widens the scales of a block into V16 to V19.
#define SCALES \
	FMOVQ (R1), F16; \
	FMOVQ 16(R1), F18; \
	ADD   $32, R1, R1; \
	FCVTL2_4S(17, 16); \
	FCVTL_4S(16, 16); \
	FCVTL2_4S(19, 18); \
	FCVTL_4S(18, 18)

// CODES loads the 64 bytes of four columns (int4: and of four more) into V0 to V3.
#define CODES \
	FLDPQ 0(R1), (F0, F1); \
	FLDPQ 32(R1), (F2, F3); \
	ADD   $64, R1, R1

#define SHIFTED(shift) \
	USHR_4S(4, 0, shift); \
	USHR_4S(5, 1, shift); \
	USHR_4S(6, 2, shift); \
	USHR_4S(7, 3, shift); \
	AND_16B(4, 4, 31); \
	AND_16B(5, 5, 31); \
	AND_16B(6, 6, 31); \
	AND_16B(7, 7, 31)

#define UNSHIFTED \
	AND_16B(4, 0, 31); \
	AND_16B(5, 1, 31); \
	AND_16B(6, 2, 31); \
	AND_16B(7, 3, 31)

// WEIGHTS writes the 16 weights of the codes in V4 to V7. V31 masks a code, V30 is the zero code.
#define WEIGHTS(offset, base) \
	SUB_4S(4, 4, 30); \
	SUB_4S(5, 5, 30); \
	SUB_4S(6, 6, 30); \
	SUB_4S(7, 7, 30); \
	SCVTF_4S(4, 4); \
	SCVTF_4S(5, 5); \
	SCVTF_4S(6, 6); \
	SCVTF_4S(7, 7); \
	FMUL_4S(4, 4, 16); \
	FMUL_4S(5, 5, 17); \
	FMUL_4S(6, 6, 18); \
	FMUL_4S(7, 7, 19); \
	FSTPQ (F4, F5), offset(base); \
	FSTPQ (F6, F7), (offset+32)(base)

// func decodeBlocksInt8NEON(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt8NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD w+8(FP), R1
	MOVD blocks+16(FP), R2
	MOVD $255, R3
	VDUP R3, V31.S4
	MOVD $128, R3
	VDUP R3, V30.S4
block:
	SCALES
	MOVD $8, R3
quad:
	CODES
	UNSHIFTED
	WEIGHTS(0, R0)
	SHIFTED(8)
	WEIGHTS(64, R0)
	SHIFTED(16)
	WEIGHTS(128, R0)
	SHIFTED(24)
	WEIGHTS(192, R0)
	ADD  $256, R0, R0
	SUBS $1, R3, R3
	BNE  quad
	SUBS $1, R2, R2
	BNE  block
	RET

// func decodeBlocksInt4NEON(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt4NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD w+8(FP), R1
	MOVD blocks+16(FP), R2
	MOVD $15, R3
	VDUP R3, V31.S4
	MOVD $8, R3
	VDUP R3, V30.S4
block:
	SCALES
	ADD  $1024, R0, R4             // the high nibbles' columns
	MOVD $4, R3
quad:
	CODES
	UNSHIFTED
	WEIGHTS(0, R0)
	SHIFTED(8)
	WEIGHTS(64, R0)
	SHIFTED(16)
	WEIGHTS(128, R0)
	SHIFTED(24)
	WEIGHTS(192, R0)
	SHIFTED(4)
	WEIGHTS(0, R4)
	SHIFTED(12)
	WEIGHTS(64, R4)
	SHIFTED(20)
	WEIGHTS(128, R4)
	SHIFTED(28)
	WEIGHTS(192, R4)
	ADD  $256, R0, R0
	ADD  $256, R4, R4
	SUBS $1, R3, R3
	BNE  quad
	MOVD R4, R0
	SUBS $1, R2, R2
	BNE  block
	RET
