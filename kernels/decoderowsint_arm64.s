//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "encode_arm64.h"

// From tiles of integers to rows, four rows of 32 columns at a time.
//
//	R0  the block of the tile, R1 its columns of row 0, R3 blocks to go, R5 the distance of rows
//	R6  the scales of the four rows, R7 their codes, R8 and R10 to R13 the rows, R4 fours of rows to go

// LOADCODES loads 4 x 4 columns of the four rows.
#define LOADCODES(a, b, c, d, offset) \
	FMOVQ offset(R7), a; \
	FMOVQ 64+offset(R7), b; \
	FMOVQ 128+offset(R7), c; \
	FMOVQ 192+offset(R7), d

// WEIGHTS stores 16 columns of a row: the codes in register codes, times the scale.
#define WEIGHTS(codes, scale, offset, row) \
	SXTL_8H(0, codes); \
	SXTL2_8H(2, codes); \
	SXTL2_4S(1, 0); \
	SXTL_4S(0, 0); \
	SXTL2_4S(3, 2); \
	SXTL_4S(2, 2); \
	SCVTF_4S(0, 0); \
	SCVTF_4S(1, 1); \
	SCVTF_4S(2, 2); \
	SCVTF_4S(3, 3); \
	FMUL_4S(0, 0, scale); \
	FMUL_4S(1, 1, scale); \
	FMUL_4S(2, 2, scale); \
	FMUL_4S(3, 3, scale); \
	FSTPQ (F0, F1), offset(row); \
	FSTPQ (F2, F3), 32+offset(row)

// STOREWEIGHTS transposes the codes of registers 8 to 15, takes the zero (register 31) out, and stores four rows.
#define STOREWEIGHTS \
	TRANSPOSE(8, 9, 10, 11, 0, 1, 2, 3); \
	TRANSPOSE(12, 13, 14, 15, 0, 1, 2, 3); \
	SUB_16B(8, 8, 31); \
	SUB_16B(9, 9, 31); \
	SUB_16B(10, 10, 31); \
	SUB_16B(11, 11, 31); \
	SUB_16B(12, 12, 31); \
	SUB_16B(13, 13, 31); \
	SUB_16B(14, 14, 31); \
	SUB_16B(15, 15, 31); \
	FMOVD (R6), F16; \
	FCVTL_4S(16, 16); \
	FACTORS; \
	WEIGHTS(8, 20, 0, R10); \
	WEIGHTS(9, 21, 0, R11); \
	WEIGHTS(10, 22, 0, R12); \
	WEIGHTS(11, 23, 0, R13); \
	WEIGHTS(12, 20, 64, R10); \
	WEIGHTS(13, 21, 64, R11); \
	WEIGHTS(14, 22, 64, R12); \
	WEIGHTS(15, 23, 64, R13)

// func decodeRowsInt8NEON(dst *float32, ld int, w *byte, blocks int)
TEXT ·decodeRowsInt8NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R1
	MOVD ld+8(FP), R5
	MOVD w+16(FP), R0
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	MOVI128_16B(31)
block:
	MOVD R0, R6
	ADD  $32, R0, R7
	MOVD R1, R8
	MOVD $4, R4
rows:
	ROWS4
	LOADCODES(F8, F9, F10, F11, 0)
	LOADCODES(F12, F13, F14, F15, 256)
	STOREWEIGHTS
	ADD  $8, R6, R6
	ADD  $16, R7, R7
	ADD  R5, R13, R8
	SUBS $1, R4, R4
	BNE  rows
	ADD  $544, R0, R0
	ADD  $128, R1, R1
	SUBS $1, R3, R3
	BNE  block
	RET

// func decodeRowsInt4NEON(dst *float32, ld int, w *byte, blocks int)
TEXT ·decodeRowsInt4NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R1
	MOVD ld+8(FP), R5
	MOVD w+16(FP), R0
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	VMOVI $8, V31.B16
	MOVI15_16B(30)
block:
	MOVD R0, R6
	ADD  $32, R0, R7
	MOVD R1, R8
	MOVD $4, R4
rows:
	ROWS4
	LOADCODES(F8, F9, F10, F11, 0)
	USHR4_16B(12, 8)
	USHR4_16B(13, 9)
	USHR4_16B(14, 10)
	USHR4_16B(15, 11)
	AND_16B(8, 8, 30)
	AND_16B(9, 9, 30)
	AND_16B(10, 10, 30)
	AND_16B(11, 11, 30)
	STOREWEIGHTS
	ADD  $8, R6, R6
	ADD  $16, R7, R7
	ADD  R5, R13, R8
	SUBS $1, R4, R4
	BNE  rows
	ADD  $288, R0, R0
	ADD  $128, R1, R1
	SUBS $1, R3, R3
	BNE  block
	RET
