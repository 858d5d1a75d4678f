//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "bf16_arm64.h"

// func packBF16NEON(dst *byte, x *float32, blocks int)
TEXT ·packBF16NEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD blocks+16(FP), R2
	BF16CONSTANTS
block:
	FLDPQ 0(R1), (F0, F1)
	FLDPQ 32(R1), (F2, F3)
	FLDPQ 64(R1), (F4, F5)
	FLDPQ 96(R1), (F6, F7)
	BF16ROUND(0)
	BF16ROUND(1)
	BF16ROUND(2)
	BF16ROUND(3)
	BF16ROUND(4)
	BF16ROUND(5)
	BF16ROUND(6)
	BF16ROUND(7)
	UZP2_8H(0, 0, 1)               // upper halves
	UZP2_8H(1, 2, 3)
	UZP2_8H(2, 4, 5)
	UZP2_8H(3, 6, 7)
	FSTPQ (F0, F1), 0(R0)
	FSTPQ (F2, F3), 32(R0)
	ADD  $128, R1, R1
	ADD  $64, R0, R0
	SUBS $1, R2, R2
	BNE  block
	RET
