//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"
#include "exp_amd64.h"

// Sums of exponentials. In every 64 elements, elements j, j+16, j+32 and j+48 are added in float32 (the exponentials of the first
// two, those of the last two, both sums), then into float64 lane j of 16. Elements after the last 64 go into lane j mod 16
// one by one. At the end lane j+8 is added to lane j, then j+4, j+2, j+1. Both instruction sets do the same.

// TERM_AVX512 sets E to e^(x*scale - largest); SCALED and the plain form differ in the product, and the plain one, which
// takes the caller's word for largest, in the limit that keeps the exponential's argument in its domain.
#define SCALED_AVX512 \
	VMULPS Z20, Z0, Z0; \
	VSUBPS Z19, Z0, Z0

#define PLAIN_AVX512 \
	VSUBPS Z19, Z0, Z0; \
	VMINPS Z0, Z20, Z0

#define TERM_AVX512(ARG, off, E) \
	VMOVUPS off(SI), Z0; \
	ARG; \
	EXP_AVX512(Z0, Z1, Z2, E, K2)

// GROUP_AVX512 adds the group in Z3 to Z6 to the lanes in Z8 and Z9.
#define GROUP_AVX512 \
	VADDPS Z4, Z3, Z3; \
	VADDPS Z6, Z5, Z5; \
	VADDPS Z5, Z3, Z3; \
	LANES_AVX512

#define LANES_AVX512 \
	VEXTRACTF64X4 $1, Z3, Y4; \
	VCVTPS2PD Y3, Z3; \
	VCVTPS2PD Y4, Z4; \
	VADDPD Z3, Z8, Z8; \
	VADDPD Z4, Z9, Z9

#define FOLD_AVX512(RESULT) \
	VADDPD Z9, Z8, Z8; \
	VEXTRACTF64X4 $1, Z8, Y9; \
	VADDPD Y9, Y8, Y8; \
	VEXTRACTF128 $1, Y8, X9; \
	VADDPD X9, X8, X8; \
	VPERMILPD $1, X8, X9; \
	VADDSD X9, X8, X8; \
	VMOVSD X8, RESULT; \
	VZEROUPPER; \
	RET

// func expSumAVX512(dst, x []float32, scale, largest float32) float64
TEXT ·expSumAVX512(SB), NOSPLIT, $0-64
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	MOVQ         x_base+24(FP), SI
	EXP_CONSTANTS_AVX512
	VBROADCASTSS scale+48(FP), Z20
	VBROADCASTSS largest+52(FP), Z19
	VXORPS       Z8, Z8, Z8
	VXORPS       Z9, Z9, Z9

loop:
	CMPQ    CX, $64
	JLT     vectors
	TERM_AVX512(SCALED_AVX512, 0, Z3)
	TERM_AVX512(SCALED_AVX512, 64, Z4)
	TERM_AVX512(SCALED_AVX512, 128, Z5)
	TERM_AVX512(SCALED_AVX512, 192, Z6)
	VMOVUPS Z3, (DI)
	VMOVUPS Z4, 64(DI)
	VMOVUPS Z5, 128(DI)
	VMOVUPS Z6, 192(DI)
	GROUP_AVX512
	ADDQ    $256, SI
	ADDQ    $256, DI
	SUBQ    $64, CX
	JMP     loop

vectors:
	CMPQ    CX, $16
	JLT     tail
	TERM_AVX512(SCALED_AVX512, 0, Z3)
	VMOVUPS Z3, (DI)
	LANES_AVX512
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, CX
	JMP     vectors

tail:
	TESTQ     CX, CX
	JEQ       fold
	MASK_AVX512
	VMOVUPS.Z (SI), K1, Z0
	SCALED_AVX512
	EXP_AVX512(Z0, Z1, Z2, Z3, K2)
	VMOVUPS   Z3, K1, (DI)
	VMOVAPS.Z Z3, K1, Z3
	LANES_AVX512

fold:
	FOLD_AVX512(ret+56(FP))

// func sumExpAVX512(x []float32, largest float32) float64
TEXT ·sumExpAVX512(SB), NOSPLIT, $0-40
	MOVQ         x_base+0(FP), SI
	MOVQ         x_len+8(FP), CX
	EXP_CONSTANTS_AVX512
	VBROADCASTSS EXPTOP, Z20
	VBROADCASTSS largest+24(FP), Z19
	VXORPS       Z8, Z8, Z8
	VXORPS       Z9, Z9, Z9

loop:
	CMPQ CX, $64
	JLT  vectors
	TERM_AVX512(PLAIN_AVX512, 0, Z3)
	TERM_AVX512(PLAIN_AVX512, 64, Z4)
	TERM_AVX512(PLAIN_AVX512, 128, Z5)
	TERM_AVX512(PLAIN_AVX512, 192, Z6)
	GROUP_AVX512
	ADDQ $256, SI
	SUBQ $64, CX
	JMP  loop

vectors:
	CMPQ CX, $16
	JLT  tail
	TERM_AVX512(PLAIN_AVX512, 0, Z3)
	LANES_AVX512
	ADDQ $64, SI
	SUBQ $16, CX
	JMP  vectors

tail:
	TESTQ     CX, CX
	JEQ       fold
	MASK_AVX512
	VMOVUPS.Z (SI), K1, Z0
	PLAIN_AVX512
	EXP_AVX512(Z0, Z1, Z2, Z3, K2)
	VMOVAPS.Z Z3, K1, Z3
	LANES_AVX512

fold:
	FOLD_AVX512(ret+32(FP))

#define SCALED_AVX2 \
	VMULPS Y14, Y0, Y0; \
	VSUBPS Y13, Y0, Y0

#define PLAIN_AVX2 \
	VSUBPS Y13, Y0, Y0; \
	VMINPS Y0, Y14, Y0

#define STORE_AVX2(off) VMOVUPS Y3, off(DI)
#define NO_STORE_AVX2(off)

// TERM_AVX2 sets Y3 to e^(x*scale - largest).
#define TERM_AVX2(ARG, STORE, off) \
	VMOVUPS off(SI), Y0; \
	ARG; \
	EXP_AVX2(Y0, Y1, Y2, Y3, Y4); \
	STORE(off)

// HALF_AVX2 adds eight of the sixteen sums of a group to the lanes in A and B.
#define HALF_AVX2(ARG, STORE, o0, o1, o2, o3, A, B) \
	TERM_AVX2(ARG, STORE, o0); \
	VMOVAPS Y3, Y5; \
	TERM_AVX2(ARG, STORE, o1); \
	VADDPS Y3, Y5, Y5; \
	TERM_AVX2(ARG, STORE, o2); \
	VMOVAPS Y3, Y6; \
	TERM_AVX2(ARG, STORE, o3); \
	VADDPS Y3, Y6, Y3; \
	VADDPS Y3, Y5, Y3; \
	LANES_AVX2(A, B)

#define LANES_AVX2(A, B) \
	VEXTRACTF128 $1, Y3, X4; \
	VCVTPS2PD X3, Y3; \
	VCVTPS2PD X4, Y4; \
	VADDPD Y3, A, A; \
	VADDPD Y4, B, B

#define FOLD_AVX2(RESULT) \
	VADDPD Y10, Y8, Y8; \
	VADDPD Y11, Y9, Y9; \
	VADDPD Y9, Y8, Y8; \
	VEXTRACTF128 $1, Y8, X9; \
	VADDPD X9, X8, X8; \
	VPERMILPD $1, X8, X9; \
	VADDSD X9, X8, X8; \
	VMOVSD X8, RESULT; \
	VZEROUPPER; \
	RET

#define ZERO_LANES_AVX2 \
	VXORPS Y8, Y8, Y8; \
	VXORPS Y9, Y9, Y9; \
	VXORPS Y10, Y10, Y10; \
	VXORPS Y11, Y11, Y11

// REST_AVX2 takes the fewer than 16 elements that are left: eight for the lower lanes, the rest for the next ones.
#define REST_AVX2(ARG, STORE, MASKED_STORE) \
	XORQ BX, BX; \
	CMPQ CX, $8; \
	JLT tail; \
	TERM_AVX2(ARG, STORE, 0); \
	LANES_AVX2(Y8, Y9); \
	ADDQ $32, SI; \
	ADDQ $32, DI; \
	SUBQ $8, CX; \
	INCQ BX; \
tail: \
	TESTQ CX, CX; \
	JEQ fold; \
	MASK_AVX2(Y12); \
	VMASKMOVPS (SI), Y12, Y0; \
	ARG; \
	EXP_AVX2(Y0, Y1, Y2, Y3, Y4); \
	MASKED_STORE; \
	VANDPS Y12, Y3, Y3; \
	TESTQ BX, BX; \
	JNE high; \
	LANES_AVX2(Y8, Y9); \
	JMP fold; \
high: \
	LANES_AVX2(Y10, Y11)

#define MASKED_STORE_AVX2 VMASKMOVPS Y3, Y12, (DI)
#define NO_MASKED_STORE_AVX2

// func expSumAVX2(dst, x []float32, scale, largest float32) float64
TEXT ·expSumAVX2(SB), NOSPLIT, $0-64
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	MOVQ         x_base+24(FP), SI
	VBROADCASTSS scale+48(FP), Y14
	VBROADCASTSS largest+52(FP), Y13
	ZERO_LANES_AVX2

loop:
	CMPQ CX, $64
	JLT  vectors
	HALF_AVX2(SCALED_AVX2, STORE_AVX2, 0, 64, 128, 192, Y8, Y9)
	HALF_AVX2(SCALED_AVX2, STORE_AVX2, 32, 96, 160, 224, Y10, Y11)
	ADDQ $256, SI
	ADDQ $256, DI
	SUBQ $64, CX
	JMP  loop

vectors:
	CMPQ CX, $16
	JLT  rest
	TERM_AVX2(SCALED_AVX2, STORE_AVX2, 0)
	LANES_AVX2(Y8, Y9)
	TERM_AVX2(SCALED_AVX2, STORE_AVX2, 32)
	LANES_AVX2(Y10, Y11)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JMP  vectors

rest:
	REST_AVX2(SCALED_AVX2, STORE_AVX2, MASKED_STORE_AVX2)

fold:
	FOLD_AVX2(ret+56(FP))

// func sumExpAVX2(x []float32, largest float32) float64
TEXT ·sumExpAVX2(SB), NOSPLIT, $0-40
	MOVQ         x_base+0(FP), SI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS EXPTOP, Y14
	VBROADCASTSS largest+24(FP), Y13
	ZERO_LANES_AVX2

loop:
	CMPQ CX, $64
	JLT  vectors
	HALF_AVX2(PLAIN_AVX2, NO_STORE_AVX2, 0, 64, 128, 192, Y8, Y9)
	HALF_AVX2(PLAIN_AVX2, NO_STORE_AVX2, 32, 96, 160, 224, Y10, Y11)
	ADDQ $256, SI
	SUBQ $64, CX
	JMP  loop

vectors:
	CMPQ CX, $16
	JLT  rest
	TERM_AVX2(PLAIN_AVX2, NO_STORE_AVX2, 0)
	LANES_AVX2(Y8, Y9)
	TERM_AVX2(PLAIN_AVX2, NO_STORE_AVX2, 32)
	LANES_AVX2(Y10, Y11)
	ADDQ $64, SI
	SUBQ $16, CX
	JMP  vectors

rest:
	REST_AVX2(PLAIN_AVX2, NO_STORE_AVX2, NO_MASKED_STORE_AVX2)

fold:
	FOLD_AVX2(ret+32(FP))
