//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "bf16_arm64.h"
#include "encode_arm64.h"

// The tiles of floats, four columns of 16 rows at a time.
//
//	R0  the tile, R1 the columns of row 0, R3 columns to go / 4, R4 the rows, one after the other, R5 their distance

// LOADROWS loads four columns of the 16 rows.
#define LOADROWS \
	MOVD R1, R4; \
	VLD1.P (R4)(R5), [V0.B16]; \
	VLD1.P (R4)(R5), [V1.B16]; \
	VLD1.P (R4)(R5), [V2.B16]; \
	VLD1.P (R4)(R5), [V3.B16]; \
	VLD1.P (R4)(R5), [V4.B16]; \
	VLD1.P (R4)(R5), [V5.B16]; \
	VLD1.P (R4)(R5), [V6.B16]; \
	VLD1.P (R4)(R5), [V7.B16]; \
	VLD1.P (R4)(R5), [V8.B16]; \
	VLD1.P (R4)(R5), [V9.B16]; \
	VLD1.P (R4)(R5), [V10.B16]; \
	VLD1.P (R4)(R5), [V11.B16]; \
	VLD1.P (R4)(R5), [V12.B16]; \
	VLD1.P (R4)(R5), [V13.B16]; \
	VLD1.P (R4)(R5), [V14.B16]; \
	VLD1.P (R4)(R5), [V15.B16]

// STOREROWS stores them.
#define STOREROWS \
	MOVD R1, R4; \
	VST1.P [V0.B16], (R4)(R5); \
	VST1.P [V1.B16], (R4)(R5); \
	VST1.P [V2.B16], (R4)(R5); \
	VST1.P [V3.B16], (R4)(R5); \
	VST1.P [V4.B16], (R4)(R5); \
	VST1.P [V5.B16], (R4)(R5); \
	VST1.P [V6.B16], (R4)(R5); \
	VST1.P [V7.B16], (R4)(R5); \
	VST1.P [V8.B16], (R4)(R5); \
	VST1.P [V9.B16], (R4)(R5); \
	VST1.P [V10.B16], (R4)(R5); \
	VST1.P [V11.B16], (R4)(R5); \
	VST1.P [V12.B16], (R4)(R5); \
	VST1.P [V13.B16], (R4)(R5); \
	VST1.P [V14.B16], (R4)(R5); \
	VST1.P [V15.B16], (R4)(R5)

// func encodeF32NEON(dst *byte, src *float32, ld, blocks int)
TEXT ·encodeF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R5
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
columns:
	LOADROWS
	TRANSPOSE16
	FSTPQ (F0, F4), 0(R0)
	FSTPQ (F8, F12), 32(R0)
	FSTPQ (F1, F5), 64(R0)
	FSTPQ (F9, F13), 96(R0)
	FSTPQ (F2, F6), 128(R0)
	FSTPQ (F10, F14), 160(R0)
	FSTPQ (F3, F7), 192(R0)
	FSTPQ (F11, F15), 224(R0)
	ADD  $256, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET

// HALVES stores a column as half floats.
#define HALVES(offset, a, b, c, d) \
	FCVTN_4H(16, a); \
	FCVTN2_8H(16, b); \
	FCVTN_4H(17, c); \
	FCVTN2_8H(17, d); \
	FSTPQ (F16, F17), offset(R0)

// func encodeF16NEON(dst *byte, src *float32, ld, blocks int)
TEXT ·encodeF16NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R5
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
columns:
	LOADROWS
	TRANSPOSE16
	HALVES(0, 0, 4, 8, 12)
	HALVES(32, 1, 5, 9, 13)
	HALVES(64, 2, 6, 10, 14)
	HALVES(96, 3, 7, 11, 15)
	ADD  $128, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET

// func encodeBF16NEON(dst *byte, src *float32, ld, blocks int)
TEXT ·encodeBF16NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R5
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
	BF16CONSTANTS
columns:
	LOADROWS
	TRANSPOSE16
	BF16ROUND(0)
	BF16ROUND(1)
	BF16ROUND(2)
	BF16ROUND(3)
	BF16ROUND(4)
	BF16ROUND(5)
	BF16ROUND(6)
	BF16ROUND(7)
	BF16ROUND(8)
	BF16ROUND(9)
	BF16ROUND(10)
	BF16ROUND(11)
	BF16ROUND(12)
	BF16ROUND(13)
	BF16ROUND(14)
	BF16ROUND(15)
	TRN2_8H(16, 0, 1)            // upper halves of two columns side by side
	TRN2_8H(17, 4, 5)
	TRN2_8H(18, 8, 9)
	TRN2_8H(19, 12, 13)
	FSTPQ (F16, F17), 0(R0)
	FSTPQ (F18, F19), 32(R0)
	TRN2_8H(16, 2, 3)
	TRN2_8H(17, 6, 7)
	TRN2_8H(18, 10, 11)
	TRN2_8H(19, 14, 15)
	FSTPQ (F16, F17), 64(R0)
	FSTPQ (F18, F19), 96(R0)
	ADD  $128, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET

// func decodeRowsF32NEON(dst *float32, ld int, w *byte, blocks int)
TEXT ·decodeRowsF32NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R1
	MOVD ld+8(FP), R5
	MOVD w+16(FP), R0
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
columns:
	FLDPQ 0(R0), (F0, F4)
	FLDPQ 32(R0), (F8, F12)
	FLDPQ 64(R0), (F1, F5)
	FLDPQ 96(R0), (F9, F13)
	FLDPQ 128(R0), (F2, F6)
	FLDPQ 160(R0), (F10, F14)
	FLDPQ 192(R0), (F3, F7)
	FLDPQ 224(R0), (F11, F15)
	TRANSPOSE16
	STOREROWS
	ADD  $256, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET

// UNHALVES loads a column of half floats.
#define UNHALVES(offset, a, b, c, d) \
	FLDPQ offset(R0), (F16, F17); \
	FCVTL_4S(a, 16); \
	FCVTL2_4S(b, 16); \
	FCVTL_4S(c, 17); \
	FCVTL2_4S(d, 17)

// func decodeRowsF16NEON(dst *float32, ld int, w *byte, blocks int)
TEXT ·decodeRowsF16NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R1
	MOVD ld+8(FP), R5
	MOVD w+16(FP), R0
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
columns:
	UNHALVES(0, 0, 4, 8, 12)
	UNHALVES(32, 1, 5, 9, 13)
	UNHALVES(64, 2, 6, 10, 14)
	UNHALVES(96, 3, 7, 11, 15)
	TRANSPOSE16
	STOREROWS
	ADD  $128, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET

// PAIR splits pairs of bfloat16 in register v into columns even and odd. Register 31 is 0xffff0000 in each element.
#define PAIR(v, even, odd) \
	SHL_4S(even, v, 16); \
	AND_16B(odd, v, 31)

// func decodeRowsBF16NEON(dst *float32, ld int, w *byte, blocks int)
TEXT ·decodeRowsBF16NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R1
	MOVD ld+8(FP), R5
	MOVD w+16(FP), R0
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	LSL  $3, R3, R3
	MOVD $0xffff0000, R9
	VDUP R9, V31.S4
columns:
	FLDPQ 0(R0), (F16, F17)
	FLDPQ 32(R0), (F18, F19)
	FLDPQ 64(R0), (F20, F21)
	FLDPQ 96(R0), (F22, F23)
	PAIR(16, 0, 1)
	PAIR(17, 4, 5)
	PAIR(18, 8, 9)
	PAIR(19, 12, 13)
	PAIR(20, 2, 3)
	PAIR(21, 6, 7)
	PAIR(22, 10, 11)
	PAIR(23, 14, 15)
	TRANSPOSE16
	STOREROWS
	ADD  $128, R0, R0
	ADD  $16, R1, R1
	SUBS $1, R3, R3
	BNE  columns
	RET
