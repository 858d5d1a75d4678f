//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "exp_arm64.h"

// Sums of exponentials. In every 64 elements, elements j, j+16, j+32 and j+48 are added in float32 (the exponentials of the first
// two, those of the last two, both sums), then into float64 lane j of 16: lane j is element j mod 2 of V(8 + j/2). Elements after the
// last 64 go into lane j mod 16 one by one. At the end lane j+8 is added to lane j, then j+4, j+2, j+1. The amd64 sets do the same.

// onlyLane+16*i has all ones in element i.
DATA ·onlyLane+0(SB)/8, $0x00000000ffffffff
DATA ·onlyLane+8(SB)/8, $0
DATA ·onlyLane+16(SB)/8, $0xffffffff00000000
DATA ·onlyLane+24(SB)/8, $0
DATA ·onlyLane+32(SB)/8, $0
DATA ·onlyLane+40(SB)/8, $0x00000000ffffffff
GLOBL ·onlyLane(SB), RODATA|NOPTR, $48

// SCALED and PLAIN make the exponent of the x in V0: x*scale - largest. PLAIN has no scale, and takes the caller's word for largest,
// within the limit that keeps the exponential's argument in its domain.
#define SCALED \
	FMUL_4S(0, 0, 28); \
	FSUB_4S(0, 0, 29)

#define PLAIN \
	FSUB_4S(0, 0, 29); \
	FMIN_4S(0, 0, 27)

#define STORE(off) FMOVQ F2, off(R0)
#define NO_STORE(off)

// TERM sets V2 to the exponential of the x at off.
#define TERM(ARG, SAVE, off) \
	FMOVQ off(R2), F0; \
	ARG; \
	EXP_NEON(0, 1, 2, 3, 4); \
	SAVE(off)

// LANES adds V2 to the lanes in a and b.
#define LANES(a, b) \
	FCVTL_2D(3, 2); \
	FCVTL2_2D(4, 2); \
	FADD_2D(a, a, 3); \
	FADD_2D(b, b, 4)

// GROUP adds four of the sixteen sums of 64 elements.
#define GROUP(ARG, SAVE, o0, o1, o2, o3, a, b) \
	TERM(ARG, SAVE, o0); \
	MOV_16B(5, 2); \
	TERM(ARG, SAVE, o1); \
	FADD_4S(5, 5, 2); \
	TERM(ARG, SAVE, o2); \
	MOV_16B(6, 2); \
	TERM(ARG, SAVE, o3); \
	FADD_4S(2, 6, 2); \
	FADD_4S(2, 5, 2); \
	LANES(a, b)

// NEXT_LANES moves the next four lanes to V8 and V9, and these to the end. Where they end is of no matter to the final sum, in
// which the first four lanes meet the third ones and the second the last.
#define NEXT_LANES \
	MOV_16B(3, 8); \
	MOV_16B(8, 10); \
	MOV_16B(10, 12); \
	MOV_16B(12, 14); \
	MOV_16B(14, 3); \
	MOV_16B(3, 9); \
	MOV_16B(9, 11); \
	MOV_16B(11, 13); \
	MOV_16B(13, 15); \
	MOV_16B(15, 3)

#define STORE_ONE FMOVS F2, (R0)
#define NO_STORE_ONE

// SUM is the whole loop: x at R2, R1 elements; the exponentials are stored at R0, or not.
#define SUM(ARG, SAVE, SAVE_ONE, RESULT) \
	MOVI0_16B(8); \
	MOVI0_16B(9); \
	MOVI0_16B(10); \
	MOVI0_16B(11); \
	MOVI0_16B(12); \
	MOVI0_16B(13); \
	MOVI0_16B(14); \
	MOVI0_16B(15); \
	SUBS  $64, R1, R1; \
	BLT   rest; \
loop: \
	GROUP(ARG, SAVE, 0, 64, 128, 192, 8, 9); \
	GROUP(ARG, SAVE, 16, 80, 144, 208, 10, 11); \
	GROUP(ARG, SAVE, 32, 96, 160, 224, 12, 13); \
	GROUP(ARG, SAVE, 48, 112, 176, 240, 14, 15); \
	ADD   $256, R2, R2; \
	ADD   $256, R0, R0; \
	SUBS  $64, R1, R1; \
	BGE   loop; \
rest: \
	ADD   $64, R1, R1; \
vector: \
	SUBS  $4, R1, R1; \
	BLT   tail; \
	TERM(ARG, SAVE, 0); \
	LANES(8, 9); \
	NEXT_LANES; \
	ADD   $16, R2, R2; \
	ADD   $16, R0, R0; \
	B     vector; \
tail: \
	ADDS  $4, R1, R1; \
	BEQ   fold; \
	MOVD  $·onlyLane(SB), R3; \
one: \
	VLD1R.P 4(R2), [V0.S4]; \
	ARG; \
	EXP_NEON(0, 1, 2, 3, 4); \
	SAVE_ONE; \
	FMOVQ (R3), F3; \
	AND_16B(2, 2, 3); \
	LANES(8, 9); \
	ADD   $16, R3, R3; \
	ADD   $4, R0, R0; \
	SUBS  $1, R1, R1; \
	BNE   one; \
fold: \
	FADD_2D(8, 8, 12); \
	FADD_2D(9, 9, 13); \
	FADD_2D(10, 10, 14); \
	FADD_2D(11, 11, 15); \
	FADD_2D(8, 8, 10); \
	FADD_2D(9, 9, 11); \
	FADD_2D(8, 8, 9); \
	FADDP_D(8, 8); \
	FMOVD F8, RESULT; \
	RET

// func expSumNEON(dst, x []float32, scale, largest float32) float64
TEXT ·expSumNEON(SB), NOSPLIT, $0-64
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R1
	MOVD  x_base+24(FP), R2
	EXP_CONSTANTS_NEON
	FMOVS scale+48(FP), F28
	FMOVS largest+52(FP), F29
	DUP_4S_LANE0(28, 28)
	DUP_4S_LANE0(29, 29)
	SUM(SCALED, STORE, STORE_ONE, ret+56(FP))

// func sumExpNEON(x []float32, largest float32) float64
TEXT ·sumExpNEON(SB), NOSPLIT, $0-40
	MOVD  x_base+0(FP), R2
	MOVD  x_len+8(FP), R1
	EXP_CONSTANTS_NEON
	FMOVS largest+24(FP), F29
	DUP_4S_LANE0(29, 29)
	SUM(PLAIN, NO_STORE, NO_STORE_ONE, ret+32(FP))
