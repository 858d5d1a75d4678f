//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// TURN rotates the pairs of V2 and V3 by the cosines V0 and sines V1 into V4 and V3.
#define TURN \
	FMUL_4S(4, 2, 0); \
	FMUL_4S(5, 3, 1); \
	FMUL_4S(3, 3, 0); \
	FMUL_4S(2, 2, 1); \
	FSUB_4S(4, 4, 5); \
	FADD_4S(3, 3, 2)

// func rotateNEON(x []float32, heads, stride int, cos, sin []float32)
TEXT ·rotateNEON(SB), NOSPLIT, $0-88
	MOVD x_base+0(FP), R0
	MOVD heads+24(FP), R1
	MOVD stride+32(FP), R2
	MOVD cos_base+40(FP), R3
	MOVD cos_len+48(FP), R4
	MOVD sin_base+64(FP), R5
	LSL  $2, R2, R2

head:
	MOVD R0, R6
	ADD  R4<<2, R0, R7             // x[h:]
	MOVD R3, R8
	MOVD R5, R9
	SUBS $4, R4, R10
	BLT  tail

loop:
	FMOVQ (R8), F0
	FMOVQ (R9), F1
	FMOVQ (R6), F2
	FMOVQ (R7), F3
	TURN
	FMOVQ F4, (R6)
	FMOVQ F3, (R7)
	ADD   $16, R6, R6
	ADD   $16, R7, R7
	ADD   $16, R8, R8
	ADD   $16, R9, R9
	SUBS  $4, R10, R10
	BGE   loop

tail:
	ADDS $4, R10, R10
	BEQ  next

one:
	FMOVS (R8), F0
	FMOVS (R9), F1
	FMOVS (R6), F2
	FMOVS (R7), F3
	TURN
	FMOVS F4, (R6)
	FMOVS F3, (R7)
	ADD   $4, R6, R6
	ADD   $4, R7, R7
	ADD   $4, R8, R8
	ADD   $4, R9, R9
	SUBS  $1, R10, R10
	BNE   one

next:
	ADD  R2, R0, R0
	SUBS $1, R1, R1
	BNE  head
	RET
