//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"
#include "elementwise_arm64.h"

#define RMS \
	FMUL_4S_LANE0(0, 0, 16); \
	FMUL_4S(0, 0, 7)

// CENTER: V0 = float32((x - mean)*factor) * gain, the quotient in float64.
#define CENTER \
	FCVTL2_2D(1, 0); \
	FCVTL_2D(0, 0); \
	FSUB_2D(0, 0, 16); \
	FSUB_2D(1, 1, 16); \
	FMUL_2D(0, 0, 17); \
	FMUL_2D(1, 1, 17); \
	FCVTN_2S(0, 0); \
	FCVTN2_4S(0, 1); \
	FMUL_4S(0, 0, 7)

#define CENTERBIAS \
	CENTER; \
	FADD_4S(0, 0, 6)

// func rmsScaleNEON(dst, x, y []float32, factor float32)
TEXT ·rmsScaleNEON(SB), NOSPLIT, $0-76
	FMOVS factor+72(FP), F16
	LOOP2_NEON(RMS)

// func centerScaleNEON(dst, x, y []float32, mean, factor float64)
TEXT ·centerScaleNEON(SB), NOSPLIT, $0-88
	FMOVD mean+72(FP), F16
	FMOVD factor+80(FP), F17
	DUP_2D_LANE0(16, 16)
	DUP_2D_LANE0(17, 17)
	LOOP2_NEON(CENTER)

// func centerScaleBiasNEON(dst, x, y, z []float32, mean, factor float64)
TEXT ·centerScaleBiasNEON(SB), NOSPLIT, $0-112
	FMOVD mean+96(FP), F16
	FMOVD factor+104(FP), F17
	DUP_2D_LANE0(16, 16)
	DUP_2D_LANE0(17, 17)
	LOOP3_NEON(CENTERBIAS)
