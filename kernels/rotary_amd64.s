//go:build !purego

#include "textflag.h"
#include "elementwise_amd64.h"

// func rotateAVX512(x []float32, heads, stride int, cos, sin []float32)
TEXT ·rotateAVX512(SB), NOSPLIT, $0-88
	MOVQ x_base+0(FP), SI
	MOVQ heads+24(FP), DX
	MOVQ stride+32(FP), R11
	MOVQ cos_base+40(FP), R8
	MOVQ cos_len+48(FP), R10
	MOVQ sin_base+64(FP), R9
	SHLQ $2, R11
	MOVQ R10, CX
	ANDQ $15, CX
	MASK_AVX512               // K1: the elements after the last whole vector
	MOVQ R10, R12
	ANDQ $~15, R12

head:
	LEAQ (SI)(R10*4), DI      // x[h:]
	XORQ AX, AX

loop:
	CMPQ    AX, R12
	JGE     tail
	VMOVUPS (R8)(AX*4), Z0
	VMOVUPS (R9)(AX*4), Z1
	VMOVUPS (SI)(AX*4), Z2
	VMOVUPS (DI)(AX*4), Z3
	VMULPS  Z0, Z2, Z4
	VMULPS  Z1, Z3, Z5
	VMULPS  Z0, Z3, Z3
	VMULPS  Z1, Z2, Z2
	VSUBPS  Z5, Z4, Z4
	VADDPS  Z2, Z3, Z3
	VMOVUPS Z4, (SI)(AX*4)
	VMOVUPS Z3, (DI)(AX*4)
	ADDQ    $16, AX
	JMP     loop

tail:
	CMPQ      AX, R10
	JEQ       next
	VMOVUPS.Z (R8)(AX*4), K1, Z0
	VMOVUPS.Z (R9)(AX*4), K1, Z1
	VMOVUPS.Z (SI)(AX*4), K1, Z2
	VMOVUPS.Z (DI)(AX*4), K1, Z3
	VMULPS    Z0, Z2, Z4
	VMULPS    Z1, Z3, Z5
	VMULPS    Z0, Z3, Z3
	VMULPS    Z1, Z2, Z2
	VSUBPS    Z5, Z4, Z4
	VADDPS    Z2, Z3, Z3
	VMOVUPS   Z4, K1, (SI)(AX*4)
	VMOVUPS   Z3, K1, (DI)(AX*4)

next:
	ADDQ R11, SI
	DECQ DX
	JNE  head
	VZEROUPPER
	RET

// func rotateAVX2(x []float32, heads, stride int, cos, sin []float32)
TEXT ·rotateAVX2(SB), NOSPLIT, $0-88
	MOVQ x_base+0(FP), SI
	MOVQ heads+24(FP), DX
	MOVQ stride+32(FP), R11
	MOVQ cos_base+40(FP), R8
	MOVQ cos_len+48(FP), R10
	MOVQ sin_base+64(FP), R9
	SHLQ $2, R11
	MOVQ R10, CX
	ANDQ $7, CX
	MASK_AVX2(Y6)             // the elements after the last whole vector
	MOVQ R10, R12
	ANDQ $~7, R12

head:
	LEAQ (SI)(R10*4), DI      // x[h:]
	XORQ AX, AX

loop:
	CMPQ    AX, R12
	JGE     tail
	VMOVUPS (R8)(AX*4), Y0
	VMOVUPS (R9)(AX*4), Y1
	VMOVUPS (SI)(AX*4), Y2
	VMOVUPS (DI)(AX*4), Y3
	VMULPS  Y0, Y2, Y4
	VMULPS  Y1, Y3, Y5
	VMULPS  Y0, Y3, Y3
	VMULPS  Y1, Y2, Y2
	VSUBPS  Y5, Y4, Y4
	VADDPS  Y2, Y3, Y3
	VMOVUPS Y4, (SI)(AX*4)
	VMOVUPS Y3, (DI)(AX*4)
	ADDQ    $8, AX
	JMP     loop

tail:
	CMPQ       AX, R10
	JEQ        next
	VMASKMOVPS (R8)(AX*4), Y6, Y0
	VMASKMOVPS (R9)(AX*4), Y6, Y1
	VMASKMOVPS (SI)(AX*4), Y6, Y2
	VMASKMOVPS (DI)(AX*4), Y6, Y3
	VMULPS     Y0, Y2, Y4
	VMULPS     Y1, Y3, Y5
	VMULPS     Y0, Y3, Y3
	VMULPS     Y1, Y2, Y2
	VSUBPS     Y5, Y4, Y4
	VADDPS     Y2, Y3, Y3
	VMASKMOVPS Y4, Y6, (SI)(AX*4)
	VMASKMOVPS Y3, Y6, (DI)(AX*4)

next:
	ADDQ R11, SI
	DECQ DX
	JNE  head
	VZEROUPPER
	RET
