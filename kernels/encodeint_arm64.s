//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "encode_arm64.h"

// The tiles of integers, four rows of 32 columns at a time.
//
//	R0  the block of the tile, R1 its columns of row 0, R3 blocks to go, R5 the distance of rows
//	R6  the scales of the four rows, R7 their codes, R8 and R10 to R13 the rows, R4 fours of rows to go

// LOADROW loads 32 columns.
#define LOADROW(row) \
	FLDPQ 0(row), (F0, F1); \
	FLDPQ 32(row), (F2, F3); \
	FLDPQ 64(row), (F4, F5); \
	FLDPQ 96(row), (F6, F7)

// REDUCE reduces 32 columns to four values.
#define REDUCE(OP, out) \
	OP(24, 0, 1); \
	OP(25, 2, 3); \
	OP(26, 4, 5); \
	OP(27, 6, 7); \
	OP(24, 24, 25); \
	OP(26, 26, 27); \
	OP(out, 24, 26)

// MAGNITUDES leaves the largest magnitude of each four columns in out.
#define MAGNITUDES(row, out) \
	LOADROW(row); \
	FABS_4S(0, 0); \
	FABS_4S(1, 1); \
	FABS_4S(2, 2); \
	FABS_4S(3, 3); \
	FABS_4S(4, 4); \
	FABS_4S(5, 5); \
	FABS_4S(6, 6); \
	FABS_4S(7, 7); \
	REDUCE(FMAX_4S, out)

// PUTSCALES stores the scales in register 16 as half floats, and leaves the inverses of what it stored, 0 for 0, in registers 20 to
// 23. Register 28 is 1.
#define PUTSCALES \
	FCVTN_4H(17, 16); \
	FMOVD F17, (R6); \
	FCVTL_4S(16, 17); \
	FCMEQ0_4S(18, 16); \
	FDIV_4S(16, 28, 16); \
	BIC_16B(16, 16, 18); \
	FACTORS

// ROUND rounds half away from zero: adds 0.5 (register 30) with the sign (register 31), and takes the fraction away.
#define ROUND(v, inverse) \
	FMUL_4S(v, v, inverse); \
	AND_16B(24, v, 31); \
	ORR_16B(24, 24, 30); \
	FADD_4S(v, v, 24); \
	FCVTZS_4S(v, v)

// ROWCODES rounds 32 columns to bytes in low and high. Clipping comes after rounding here, where 16 of them are in a register: that is
// the same, because the limits are integers. Without it a code is 191 at most, with a scale that was rounded to 2^-24 from 1.5 times that.
#define ROWCODES(row, inverse, low, high) \
	LOADROW(row); \
	ROUND(0, inverse); \
	ROUND(1, inverse); \
	ROUND(2, inverse); \
	ROUND(3, inverse); \
	ROUND(4, inverse); \
	ROUND(5, inverse); \
	ROUND(6, inverse); \
	ROUND(7, inverse); \
	UZP1_8H(0, 0, 1); \
	UZP1_8H(2, 2, 3); \
	UZP1_8H(4, 4, 5); \
	UZP1_8H(6, 6, 7); \
	SQXTN_8B(low, 0); \
	SQXTN2_16B(low, 2); \
	SQXTN_8B(high, 4); \
	SQXTN2_16B(high, 6)

// INT8CODES is ROWCODES for int8. Register 19 is -127, 17 is -128.
#define INT8CODES(row, inverse, low, high) \
	ROWCODES(row, inverse, low, high); \
	SMAX_16B(low, low, 19); \
	SMAX_16B(high, high, 19); \
	EOR_16B(low, low, 17); \
	EOR_16B(high, high, 17)

// func encodeInt8NEON(dst *byte, src *float32, ld, blocks int)
TEXT ·encodeInt8NEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R5
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	MOVD $0x80000000, R9
	VDUP R9, V31.S4
	MOVD $0x3f000000, R9           // 0.5
	VDUP R9, V30.S4
	MOVD $0x42fe0000, R9           // 127
	VDUP R9, V29.S4
	MOVD $0x3f800000, R9           // 1
	VDUP R9, V28.S4
block:
	MOVD R0, R6
	ADD  $32, R0, R7
	MOVD R1, R8
	MOVD $4, R4
rows:
	ROWS4
	MAGNITUDES(R10, 16)
	MAGNITUDES(R11, 17)
	MAGNITUDES(R12, 18)
	MAGNITUDES(R13, 19)
	FMAXP_4S(16, 16, 17)
	FMAXP_4S(18, 18, 19)
	FMAXP_4S(16, 16, 18)
	FDIV_4S(16, 16, 29)
	PUTSCALES
	VMOVI $129, V19.B16            // -127
	MOVI128_16B(17)
	INT8CODES(R10, 20, 8, 12)
	INT8CODES(R11, 21, 9, 13)
	INT8CODES(R12, 22, 10, 14)
	INT8CODES(R13, 23, 11, 15)
	TRANSPOSE(8, 9, 10, 11, 0, 1, 2, 3)
	TRANSPOSE(12, 13, 14, 15, 0, 1, 2, 3)
	FMOVQ F8, 0(R7)
	FMOVQ F9, 64(R7)
	FMOVQ F10, 128(R7)
	FMOVQ F11, 192(R7)
	FMOVQ F12, 256(R7)
	FMOVQ F13, 320(R7)
	FMOVQ F14, 384(R7)
	FMOVQ F15, 448(R7)
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

// EXTREMES leaves the largest and the smallest of each four columns in top and bottom.
#define EXTREMES(row, top, bottom) \
	LOADROW(row); \
	REDUCE(FMAX_4S, top); \
	REDUCE(FMIN_4S, bottom)

// FIRST replaces the extreme of a row by the first weight of its magnitude.
#define FIRST(row, offset, loop, done) \
	MOVWU extreme-16+offset(SP), R14; \
	AND   $0x7fffffff, R14, R14; \
	MOVD  row, R15; \
	MOVD  $32, R2; \
loop: \
	MOVWU.P 4(R15), R9; \
	AND   $0x7fffffff, R9, R16; \
	CMP   R14, R16; \
	BEQ   done; \
	SUBS  $1, R2, R2; \
	BNE   loop; \
done: \
	MOVW  R9, extreme-16+offset(SP)

// INT4CODES is ROWCODES for int4: the codes of columns 0-15 are low nibbles, those of 16-31 high ones. Register 26 is 7, 27 is -8.
#define INT4CODES(row, inverse, codes) \
	ROWCODES(row, inverse, codes, 25); \
	SMIN_16B(codes, codes, 26); \
	SMIN_16B(25, 25, 26); \
	SMAX_16B(codes, codes, 27); \
	SMAX_16B(25, 25, 27); \
	SUB_16B(codes, codes, 27); \
	SUB_16B(25, 25, 27); \
	SLI4_16B(codes, 25)

// func encodeInt4NEON(dst *byte, src *float32, ld, blocks int)
TEXT ·encodeInt4NEON(SB), NOSPLIT, $16-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R5
	MOVD blocks+24(FP), R3
	LSL  $2, R5, R5
	MOVD $0x80000000, R9
	VDUP R9, V31.S4
	MOVD $0x3f000000, R9           // 0.5
	VDUP R9, V30.S4
	MOVD $0xbe000000, R9           // -1/8
	VDUP R9, V29.S4
	MOVD $0x3f800000, R9           // 1
	VDUP R9, V28.S4
block:
	MOVD R0, R6
	ADD  $32, R0, R7
	MOVD R1, R8
	MOVD $4, R4
rows:
	ROWS4
	EXTREMES(R10, 16, 20)
	EXTREMES(R11, 17, 21)
	EXTREMES(R12, 18, 22)
	EXTREMES(R13, 19, 23)
	FMAXP_4S(16, 16, 17)
	FMAXP_4S(18, 18, 19)
	FMAXP_4S(16, 16, 18)
	FMINP_4S(20, 20, 21)
	FMINP_4S(22, 22, 23)
	FMINP_4S(20, 20, 22)
	FNEG_4S(21, 20)
	FCMGT_4S(22, 21, 16)           // -min > max
	FCMEQ_4S(23, 21, 16)           // two candidates,
	FCMEQ0_4S(24, 16)              // unless all are zeros
	BIC_16B(23, 23, 24)
	BIT_16B(16, 20, 22)
	UMAXV_4S(23, 23)
	FMOVS F23, R9
	CBNZW R9, tie
scale:
	MOVI0_16B(17)
	FADD_4S(16, 16, 17)            // -0 becomes +0
	FMUL_4S(16, 16, 29)            // exactly the extreme / -8
	PUTSCALES
	VMOVI $7, V26.B16
	VMOVI $248, V27.B16            // -8
	INT4CODES(R10, 20, 8)
	INT4CODES(R11, 21, 9)
	INT4CODES(R12, 22, 10)
	INT4CODES(R13, 23, 11)
	TRANSPOSE(8, 9, 10, 11, 0, 1, 2, 3)
	FMOVQ F8, 0(R7)
	FMOVQ F9, 64(R7)
	FMOVQ F10, 128(R7)
	FMOVQ F11, 192(R7)
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

tie:
	FMOVQ F16, extreme-16(SP)
	FIRST(R10, 0, first0, done0)
	FIRST(R11, 4, first1, done1)
	FIRST(R12, 8, first2, done2)
	FIRST(R13, 12, first3, done3)
	FMOVQ extreme-16(SP), F16
	B     scale
