//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// FMAX gives NaN where either input is NaN, so a NaN stays in the running maximum.

// func maxNEON(x []float32, scale float32) float32
TEXT ·maxNEON(SB), NOSPLIT, $0-36
	MOVD  x_base+0(FP), R0
	MOVD  x_len+8(FP), R1
	FMOVS scale+24(FP), F8
	MOVD  $0xff800000, R2          // -Inf
	VDUP  R2, V0.S4
	MOV_16B(1, 0)
	MOV_16B(2, 0)
	MOV_16B(3, 0)
	SUBS  $16, R1, R1
	BLT   vectors

loop:
	FLDPQ (R0), (F4, F5)
	FLDPQ 32(R0), (F6, F7)
	FMUL_4S_LANE0(4, 4, 8)
	FMUL_4S_LANE0(5, 5, 8)
	FMUL_4S_LANE0(6, 6, 8)
	FMUL_4S_LANE0(7, 7, 8)
	FMAX_4S(0, 0, 4)
	FMAX_4S(1, 1, 5)
	FMAX_4S(2, 2, 6)
	FMAX_4S(3, 3, 7)
	ADD   $64, R0, R0
	SUBS  $16, R1, R1
	BGE   loop

vectors:
	ADD  $16, R1, R1

vector:
	SUBS  $4, R1, R1
	BLT   tail
	FMOVQ (R0), F4
	FMUL_4S_LANE0(4, 4, 8)
	FMAX_4S(0, 0, 4)
	ADD   $16, R0, R0
	B     vector

tail:
	ADDS $4, R1, R1
	BEQ  reduce

one:
	VLD1R.P 4(R0), [V4.S4]
	FMUL_4S_LANE0(4, 4, 8)
	FMAX_4S(0, 0, 4)
	SUBS    $1, R1, R1
	BNE     one

reduce:
	FMAX_4S(0, 0, 1)
	FMAX_4S(2, 2, 3)
	FMAX_4S(0, 0, 2)
	FMAXV_4S(0, 0)
	FMOVS F0, ret+32(FP)
	RET
