//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"

#define RMS_AVX512 \
	VMULPS Z16, Z0, Z0; \
	VMULPS Z15, Z0, Z0

#define RMS_AVX2 \
	VMULPS Y7, Y0, Y0; \
	VMULPS Y15, Y0, Y0

// CENTER: register 0 = float32((x - mean)*factor) * gain, the quotient in float64.
#define CENTER_AVX512 \
	VEXTRACTF64X4 $1, Z0, Y1; \
	VCVTPS2PD Y0, Z0; \
	VCVTPS2PD Y1, Z1; \
	VSUBPD Z16, Z0, Z0; \
	VSUBPD Z16, Z1, Z1; \
	VMULPD Z17, Z0, Z0; \
	VMULPD Z17, Z1, Z1; \
	VCVTPD2PS Z0, Y0; \
	VCVTPD2PS Z1, Y1; \
	VINSERTF64X4 $1, Y1, Z0, Z0; \
	VMULPS Z15, Z0, Z0

#define CENTER_AVX2 \
	VEXTRACTF128 $1, Y0, X1; \
	VCVTPS2PD X0, Y0; \
	VCVTPS2PD X1, Y1; \
	VSUBPD Y7, Y0, Y0; \
	VSUBPD Y7, Y1, Y1; \
	VMULPD Y8, Y0, Y0; \
	VMULPD Y8, Y1, Y1; \
	VCVTPD2PSY Y0, X0; \
	VCVTPD2PSY Y1, X1; \
	VINSERTF128 $1, X1, Y0, Y0; \
	VMULPS Y15, Y0, Y0

#define CENTERBIAS_AVX512 \
	CENTER_AVX512; \
	VADDPS Z14, Z0, Z0

#define CENTERBIAS_AVX2 \
	CENTER_AVX2; \
	VADDPS Y14, Y0, Y0

// func rmsScaleAVX512(dst, x, y []float32, factor float32)
TEXT ·rmsScaleAVX512(SB), NOSPLIT, $0-76
	VBROADCASTSS factor+72(FP), Z16
	LOOP2_AVX512(RMS_AVX512)

// func rmsScaleAVX2(dst, x, y []float32, factor float32)
TEXT ·rmsScaleAVX2(SB), NOSPLIT, $0-76
	VBROADCASTSS factor+72(FP), Y7
	LOOP2_AVX2(RMS_AVX2)

// func centerScaleAVX512(dst, x, y []float32, mean, factor float64)
TEXT ·centerScaleAVX512(SB), NOSPLIT, $0-88
	VBROADCASTSD mean+72(FP), Z16
	VBROADCASTSD factor+80(FP), Z17
	LOOP2_AVX512(CENTER_AVX512)

// func centerScaleAVX2(dst, x, y []float32, mean, factor float64)
TEXT ·centerScaleAVX2(SB), NOSPLIT, $0-88
	VBROADCASTSD mean+72(FP), Y7
	VBROADCASTSD factor+80(FP), Y8
	LOOP2_AVX2(CENTER_AVX2)

// func centerScaleBiasAVX512(dst, x, y, z []float32, mean, factor float64)
TEXT ·centerScaleBiasAVX512(SB), NOSPLIT, $0-112
	VBROADCASTSD mean+96(FP), Z16
	VBROADCASTSD factor+104(FP), Z17
	LOOP3_AVX512(CENTERBIAS_AVX512)

// func centerScaleBiasAVX2(dst, x, y, z []float32, mean, factor float64)
TEXT ·centerScaleBiasAVX2(SB), NOSPLIT, $0-112
	VBROADCASTSD mean+96(FP), Y7
	VBROADCASTSD factor+104(FP), Y8
	LOOP3_AVX2(CENTERBIAS_AVX2)
