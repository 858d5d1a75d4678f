//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"

DATA ·negativeInf(SB)/4, $0xff800000
GLOBL ·negativeInf(SB), RODATA|NOPTR, $4

// VMAXPS returns its second operand (the first one written here) where one is NaN. The running maximum stands there, so it never
// becomes NaN; NaN is found by comparing elements in pairs (unordered: either is NaN).

// func maxAVX512(x []float32, scale float32) float32
TEXT ·maxAVX512(SB), NOSPLIT, $0-36
	MOVQ         x_base+0(FP), SI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS scale+24(FP), Z8
	VBROADCASTSS ·negativeInf(SB), Z0
	VMOVAPS      Z0, Z1
	VMOVAPS      Z0, Z2
	VMOVAPS      Z0, Z3
	VMOVAPS      Z0, Z9
	KXORW        K2, K2, K2

loop:
	CMPQ   CX, $64
	JLT    vectors
	VMULPS (SI), Z8, Z4
	VMULPS 64(SI), Z8, Z5
	VMULPS 128(SI), Z8, Z6
	VMULPS 192(SI), Z8, Z7
	VCMPPS $3, Z4, Z5, K3
	VCMPPS $3, Z6, Z7, K4
	VMAXPS Z0, Z4, Z0
	VMAXPS Z1, Z5, Z1
	VMAXPS Z2, Z6, Z2
	VMAXPS Z3, Z7, Z3
	KORW   K3, K2, K2
	KORW   K4, K2, K2
	ADDQ   $256, SI
	SUBQ   $64, CX
	JMP    loop

vectors:
	CMPQ   CX, $16
	JLT    tail
	VMULPS (SI), Z8, Z4
	VCMPPS $3, Z4, Z4, K3
	VMAXPS Z0, Z4, Z0
	KORW   K3, K2, K2
	ADDQ   $64, SI
	SUBQ   $16, CX
	JMP    vectors

tail:
	TESTQ   CX, CX
	JEQ     reduce
	MASK_AVX512
	VMOVAPS Z9, Z4
	VMULPS  (SI), Z8, K1, Z4
	VCMPPS  $3, Z4, Z4, K3
	VMAXPS  Z0, Z4, Z0
	KORW    K3, K2, K2

reduce:
	KORTESTW      K2, K2
	JNE           nan
	VMAXPS        Z1, Z0, Z0
	VMAXPS        Z3, Z2, Z2
	VMAXPS        Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VMAXPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x4e, X0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0xb1, X0, X1
	VMAXPS        X1, X0, X0
	VMOVSS        X0, ret+32(FP)
	VZEROUPPER
	RET

nan:
	MOVL $0x7fc00000, ret+32(FP)
	VZEROUPPER
	RET

// func maxAVX2(x []float32, scale float32) float32
TEXT ·maxAVX2(SB), NOSPLIT, $0-36
	MOVQ         x_base+0(FP), SI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS scale+24(FP), Y8
	VBROADCASTSS ·negativeInf(SB), Y0
	VMOVAPS      Y0, Y1
	VMOVAPS      Y0, Y2
	VMOVAPS      Y0, Y3
	VMOVAPS      Y0, Y9
	VXORPS       Y10, Y10, Y10

loop:
	CMPQ   CX, $32
	JLT    vectors
	VMULPS (SI), Y8, Y4
	VMULPS 32(SI), Y8, Y5
	VMULPS 64(SI), Y8, Y6
	VMULPS 96(SI), Y8, Y7
	VCMPPS $3, Y4, Y5, Y11
	VCMPPS $3, Y6, Y7, Y12
	VMAXPS Y0, Y4, Y0
	VMAXPS Y1, Y5, Y1
	VMAXPS Y2, Y6, Y2
	VMAXPS Y3, Y7, Y3
	VORPS  Y11, Y10, Y10
	VORPS  Y12, Y10, Y10
	ADDQ   $128, SI
	SUBQ   $32, CX
	JMP    loop

vectors:
	CMPQ   CX, $8
	JLT    tail
	VMULPS (SI), Y8, Y4
	VCMPPS $3, Y4, Y4, Y11
	VMAXPS Y0, Y4, Y0
	VORPS  Y11, Y10, Y10
	ADDQ   $32, SI
	SUBQ   $8, CX
	JMP    vectors

tail:
	TESTQ      CX, CX
	JEQ        reduce
	MASK_AVX2(Y13)
	VMASKMOVPS (SI), Y13, Y4
	VMULPS     Y4, Y8, Y4
	VBLENDVPS  Y13, Y4, Y9, Y4
	VCMPPS     $3, Y4, Y4, Y11
	VMAXPS     Y0, Y4, Y0
	VORPS      Y11, Y10, Y10

reduce:
	VPTEST       Y10, Y10
	JNE          nan
	VMAXPS       Y1, Y0, Y0
	VMAXPS       Y3, Y2, Y2
	VMAXPS       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0x4e, X0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0xb1, X0, X1
	VMAXPS       X1, X0, X0
	VMOVSS       X0, ret+32(FP)
	VZEROUPPER
	RET

nan:
	MOVL $0x7fc00000, ret+32(FP)
	VZEROUPPER
	RET
