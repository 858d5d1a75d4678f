//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "elementwise_arm64.h"

#define SUM FADD_4S(0, 0, 7)
#define PRODUCT FMUL_4S_LANE0(0, 0, 16)

// func sumOfNEON(dst, x, y []float32)
TEXT ·sumOfNEON(SB), NOSPLIT, $0-72
	LOOP2_NEON(SUM)

// func productOfNEON(dst, x []float32, f float32)
TEXT ·productOfNEON(SB), NOSPLIT, $0-52
	FMOVS f+48(FP), F16
	LOOP1_NEON(PRODUCT)
