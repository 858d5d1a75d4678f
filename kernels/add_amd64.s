//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"

#define ADD_AVX512 VADDPS Z15, Z0, Z0
#define ADD_AVX2 VADDPS Y15, Y0, Y0
#define SCALE_AVX512 VMULPS Z16, Z0, Z0
#define SCALE_AVX2 VMULPS Y7, Y0, Y0

// func sumOfAVX512(dst, x, y []float32)
TEXT ·sumOfAVX512(SB), NOSPLIT, $0-72
	LOOP2_AVX512(ADD_AVX512)

// func sumOfAVX2(dst, x, y []float32)
TEXT ·sumOfAVX2(SB), NOSPLIT, $0-72
	LOOP2_AVX2(ADD_AVX2)

// func productOfAVX512(dst, x []float32, f float32)
TEXT ·productOfAVX512(SB), NOSPLIT, $0-52
	VBROADCASTSS f+48(FP), Z16
	LOOP1_AVX512(SCALE_AVX512)

// func productOfAVX2(dst, x []float32, f float32)
TEXT ·productOfAVX2(SB), NOSPLIT, $0-52
	VBROADCASTSS f+48(FP), Y7
	LOOP1_AVX2(SCALE_AVX2)
