//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"

// Sums over whole groups of 32 elements: len(x) is a multiple of 32. Lane j of the 32 float64 lanes (norm_generic.go) is element j
// mod 8 of Z(16 + j/8), or element j mod 4 of Y(8 + j/4).

// LOAD and ADDLOAD set register 0 to x as float64; ADDLOAD adds delta to x before.
#define LOAD_AVX512(off) VCVTPS2PD off(SI), Z0
#define ADDLOAD_AVX512(off) \
	VMOVUPS off(SI), Y0; \
	VADDPS off(DX), Y0, Y0; \
	VMOVUPS Y0, off(SI); \
	VCVTPS2PD Y0, Z0

#define LOAD_AVX2(off) VCVTPS2PD off(SI), Y0
#define ADDLOAD_AVX2(off) \
	VMOVUPS off(SI), X0; \
	VADDPS off(DX), X0, X0; \
	VMOVUPS X0, off(SI); \
	VCVTPS2PD X0, Y0

#define PLAIN_AVX512(LANE) VADDPD Z0, LANE, LANE
#define PLAIN_AVX2(LANE) VADDPD Y0, LANE, LANE

// The product of two float32 is exact, so fusing it with the sum changes nothing.
#define SQUARE_AVX512(LANE) VFMADD231PD Z0, Z0, LANE
#define SQUARE_AVX2(LANE) VFMADD231PD Y0, Y0, LANE

// The square of a deviation is not exact, so it is not fused.
#define DEVIATION_AVX512(LANE) \
	VSUBPD Z8, Z0, Z0; \
	VMULPD Z0, Z0, Z0; \
	VADDPD Z0, LANE, LANE
#define DEVIATION_AVX2(LANE) \
	VSUBPD Y7, Y0, Y0; \
	VMULPD Y0, Y0, Y0; \
	VADDPD Y0, LANE, LANE

#define SUM_AVX512(GET, TERM, RESULT) \
	VXORPS Z16, Z16, Z16; \
	VXORPS Z17, Z17, Z17; \
	VXORPS Z18, Z18, Z18; \
	VXORPS Z19, Z19, Z19; \
loop: \
	SUBQ $32, CX; \
	JLT fold; \
	GET(0); \
	TERM(Z16); \
	GET(32); \
	TERM(Z17); \
	GET(64); \
	TERM(Z18); \
	GET(96); \
	TERM(Z19); \
	ADDQ $128, SI; \
	ADDQ $128, DX; \
	JMP loop; \
fold: \
	VADDPD Z18, Z16, Z16; \
	VADDPD Z19, Z17, Z17; \
	VADDPD Z17, Z16, Z0; \
	VEXTRACTF64X4 $1, Z0, Y1; \
	VADDPD Y1, Y0, Y0; \
	VEXTRACTF128 $1, Y0, X1; \
	VADDPD X1, X0, X0; \
	VPERMILPD $1, X0, X1; \
	VADDSD X1, X0, X0; \
	VMOVSD X0, RESULT; \
	VZEROUPPER; \
	RET

#define SUM_AVX2(GET, TERM, RESULT) \
	VXORPS Y8, Y8, Y8; \
	VXORPS Y9, Y9, Y9; \
	VXORPS Y10, Y10, Y10; \
	VXORPS Y11, Y11, Y11; \
	VXORPS Y12, Y12, Y12; \
	VXORPS Y13, Y13, Y13; \
	VXORPS Y14, Y14, Y14; \
	VXORPS Y15, Y15, Y15; \
loop: \
	SUBQ $32, CX; \
	JLT fold; \
	GET(0); \
	TERM(Y8); \
	GET(16); \
	TERM(Y9); \
	GET(32); \
	TERM(Y10); \
	GET(48); \
	TERM(Y11); \
	GET(64); \
	TERM(Y12); \
	GET(80); \
	TERM(Y13); \
	GET(96); \
	TERM(Y14); \
	GET(112); \
	TERM(Y15); \
	ADDQ $128, SI; \
	ADDQ $128, DX; \
	JMP loop; \
fold: \
	VADDPD Y12, Y8, Y8; \
	VADDPD Y13, Y9, Y9; \
	VADDPD Y14, Y10, Y10; \
	VADDPD Y15, Y11, Y11; \
	VADDPD Y10, Y8, Y8; \
	VADDPD Y11, Y9, Y9; \
	VADDPD Y9, Y8, Y0; \
	VEXTRACTF128 $1, Y0, X1; \
	VADDPD X1, X0, X0; \
	VPERMILPD $1, X0, X1; \
	VADDSD X1, X0, X0; \
	VMOVSD X0, RESULT; \
	VZEROUPPER; \
	RET

// func sumGroupsAVX512(x []float32) float64
TEXT ·sumGroupsAVX512(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	SUM_AVX512(LOAD_AVX512, PLAIN_AVX512, ret+24(FP))

// func addSumGroupsAVX512(x, delta []float32) float64
TEXT ·addSumGroupsAVX512(SB), NOSPLIT, $0-56
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	MOVQ delta_base+24(FP), DX
	SUM_AVX512(ADDLOAD_AVX512, PLAIN_AVX512, ret+48(FP))

// func sumSquareGroupsAVX512(x []float32) float64
TEXT ·sumSquareGroupsAVX512(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	SUM_AVX512(LOAD_AVX512, SQUARE_AVX512, ret+24(FP))

// func addSumSquareGroupsAVX512(x, delta []float32) float64
TEXT ·addSumSquareGroupsAVX512(SB), NOSPLIT, $0-56
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	MOVQ delta_base+24(FP), DX
	SUM_AVX512(ADDLOAD_AVX512, SQUARE_AVX512, ret+48(FP))

// func sumDeviationGroupsAVX512(x []float32, mean float64) float64
TEXT ·sumDeviationGroupsAVX512(SB), NOSPLIT, $0-40
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	VBROADCASTSD mean+24(FP), Z8
	SUM_AVX512(LOAD_AVX512, DEVIATION_AVX512, ret+32(FP))

// func sumGroupsAVX2(x []float32) float64
TEXT ·sumGroupsAVX2(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	SUM_AVX2(LOAD_AVX2, PLAIN_AVX2, ret+24(FP))

// func addSumGroupsAVX2(x, delta []float32) float64
TEXT ·addSumGroupsAVX2(SB), NOSPLIT, $0-56
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	MOVQ delta_base+24(FP), DX
	SUM_AVX2(ADDLOAD_AVX2, PLAIN_AVX2, ret+48(FP))

// func sumSquareGroupsAVX2(x []float32) float64
TEXT ·sumSquareGroupsAVX2(SB), NOSPLIT, $0-32
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	SUM_AVX2(LOAD_AVX2, SQUARE_AVX2, ret+24(FP))

// func addSumSquareGroupsAVX2(x, delta []float32) float64
TEXT ·addSumSquareGroupsAVX2(SB), NOSPLIT, $0-56
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	MOVQ delta_base+24(FP), DX
	SUM_AVX2(ADDLOAD_AVX2, SQUARE_AVX2, ret+48(FP))

// func sumDeviationGroupsAVX2(x []float32, mean float64) float64
TEXT ·sumDeviationGroupsAVX2(SB), NOSPLIT, $0-40
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	VBROADCASTSD mean+24(FP), Y7
	SUM_AVX2(LOAD_AVX2, DEVIATION_AVX2, ret+32(FP))
