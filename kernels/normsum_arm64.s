//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// Sums over whole groups of 32 elements: len(x) is a multiple of 32. Lane j of the 32 float64 lanes (norm_generic.go) is element j
// mod 2 of V(16 + j/2).

// GET sets V0 to four elements of x; ADDGET adds delta to x before.
#define GET(off) FMOVQ off(R0), F0
#define ADDGET(off) \
	FMOVQ off(R0), F0; \
	FMOVQ off(R2), F1; \
	FADD_4S(0, 0, 1); \
	FMOVQ F0, off(R0)

// The terms go into two lanes each. They are the elements themselves, or their squares, whose products are exact, so that fusing
// them with the sum changes nothing, or the squares of deviations, which are not exact, so they are not fused.
#define PLAIN(a, b) \
	FCVTL2_2D(1, 0); \
	FCVTL_2D(0, 0); \
	FADD_2D(a, a, 0); \
	FADD_2D(b, b, 1)

#define SQUARE(a, b) \
	FCVTL2_2D(1, 0); \
	FCVTL_2D(0, 0); \
	FMLA_2D(a, 0, 0); \
	FMLA_2D(b, 1, 1)

#define DEVIATION(a, b) \
	FCVTL2_2D(1, 0); \
	FCVTL_2D(0, 0); \
	FSUB_2D(0, 0, 8); \
	FSUB_2D(1, 1, 8); \
	FMUL_2D(0, 0, 0); \
	FMUL_2D(1, 1, 1); \
	FADD_2D(a, a, 0); \
	FADD_2D(b, b, 1)

#define SUM_NEON(LOAD, TERM, RESULT) \
	MOVI0_16B(16); \
	MOVI0_16B(17); \
	MOVI0_16B(18); \
	MOVI0_16B(19); \
	MOVI0_16B(20); \
	MOVI0_16B(21); \
	MOVI0_16B(22); \
	MOVI0_16B(23); \
	MOVI0_16B(24); \
	MOVI0_16B(25); \
	MOVI0_16B(26); \
	MOVI0_16B(27); \
	MOVI0_16B(28); \
	MOVI0_16B(29); \
	MOVI0_16B(30); \
	MOVI0_16B(31); \
loop: \
	SUBS $32, R1, R1; \
	BLT  fold; \
	LOAD(0); \
	TERM(16, 17); \
	LOAD(16); \
	TERM(18, 19); \
	LOAD(32); \
	TERM(20, 21); \
	LOAD(48); \
	TERM(22, 23); \
	LOAD(64); \
	TERM(24, 25); \
	LOAD(80); \
	TERM(26, 27); \
	LOAD(96); \
	TERM(28, 29); \
	LOAD(112); \
	TERM(30, 31); \
	ADD  $128, R0, R0; \
	ADD  $128, R2, R2; \
	B    loop; \
fold: \
	FADD_2D(16, 16, 24); \
	FADD_2D(17, 17, 25); \
	FADD_2D(18, 18, 26); \
	FADD_2D(19, 19, 27); \
	FADD_2D(20, 20, 28); \
	FADD_2D(21, 21, 29); \
	FADD_2D(22, 22, 30); \
	FADD_2D(23, 23, 31); \
	FADD_2D(16, 16, 20); \
	FADD_2D(17, 17, 21); \
	FADD_2D(18, 18, 22); \
	FADD_2D(19, 19, 23); \
	FADD_2D(16, 16, 18); \
	FADD_2D(17, 17, 19); \
	FADD_2D(16, 16, 17); \
	FADDP_D(16, 16); \
	FMOVD F16, RESULT; \
	RET

// func sumGroupsNEON(x []float32) float64
TEXT ·sumGroupsNEON(SB), NOSPLIT, $0-32
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R1
	SUM_NEON(GET, PLAIN, ret+24(FP))

// func addSumGroupsNEON(x, delta []float32) float64
TEXT ·addSumGroupsNEON(SB), NOSPLIT, $0-56
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R1
	MOVD delta_base+24(FP), R2
	SUM_NEON(ADDGET, PLAIN, ret+48(FP))

// func sumSquareGroupsNEON(x []float32) float64
TEXT ·sumSquareGroupsNEON(SB), NOSPLIT, $0-32
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R1
	SUM_NEON(GET, SQUARE, ret+24(FP))

// func addSumSquareGroupsNEON(x, delta []float32) float64
TEXT ·addSumSquareGroupsNEON(SB), NOSPLIT, $0-56
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R1
	MOVD delta_base+24(FP), R2
	SUM_NEON(ADDGET, SQUARE, ret+48(FP))

// func sumDeviationGroupsNEON(x []float32, mean float64) float64
TEXT ·sumDeviationGroupsNEON(SB), NOSPLIT, $0-40
	MOVD  x_base+0(FP), R0
	MOVD  x_len+8(FP), R1
	FMOVD mean+24(FP), F8
	DUP_2D_LANE0(8, 8)
	SUM_NEON(GET, DEVIATION, ret+32(FP))
