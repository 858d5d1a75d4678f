//go:build !purego

#include "textflag.h"

// func widenF16AVX512(dst *float32, src *byte, n int)
TEXT ·widenF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VCVTPH2PS (SI), Z0
	VMOVUPS Z0, (DI)
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  loop
	VZEROUPPER
	RET

// func widenBF16AVX512(dst *float32, src *byte, n int)
TEXT ·widenBF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VPMOVZXWD (SI), Z0
	VPSLLD $16, Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  loop
	VZEROUPPER
	RET

// func maxMagnitudeAVX512(x *float32, n int) uint32
TEXT ·maxMagnitudeAVX512(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0x7fffffff, AX
	VPBROADCASTD AX, Z2
	VPXORD Z0, Z0, Z0
loop:
	VPANDD  (SI), Z2, Z1
	VPMAXUD Z1, Z0, Z0
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  loop
	VEXTRACTI64X4 $1, Z0, Y1
	VPMAXUD Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0x4e, X0, X1
	VPMAXUD X1, X0, X0
	VPSHUFD $0xb1, X0, X1
	VPMAXUD X1, X0, X0
	VMOVD X0, AX
	MOVL AX, ret+16(FP)
	VZEROUPPER
	RET

// func errorSumsAVX512(s *errorSums, x, y *float32, n int)
//
// Z0, Z1 signal; Z2, Z3 square; Z4, Z5 largest: the first and the last eight partial sums. Conversions and maxima keep the ports of
// additions busy, so what can be goes through those of multiplications, as a fused operation that rounds as the plain one would: a
// product by one, and the square of a float32, are exact in float64.
TEXT ·errorSumsAVX512(SB), NOSPLIT, $0-32
	MOVQ s+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	MOVQ n+24(FP), CX
	VMOVUPD (DI), Z0
	VMOVUPD 64(DI), Z1
	VMOVUPD 128(DI), Z2
	VMOVUPD 192(DI), Z3
	VMOVUPD 256(DI), Z4
	VMOVUPD 320(DI), Z5
	MOVQ $0x7fffffffffffffff, AX
	VPBROADCASTQ AX, Z16
	MOVQ $0x3ff0000000000000, AX
	VPBROADCASTQ AX, Z17
loop:
	VCVTPS2PD (SI), Z6
	VCVTPS2PD 32(SI), Z7
	VCVTPS2PD (DX), Z8
	VCVTPS2PD 32(DX), Z9
	VFMSUB231PD Z17, Z6, Z8 // x*1 - y
	VFMSUB231PD Z17, Z7, Z9
	VFMADD231PD Z6, Z6, Z0
	VFMADD231PD Z7, Z7, Z1
	VMULPD Z8, Z8, Z6
	VMULPD Z9, Z9, Z7
	VFMADD231PD Z17, Z6, Z2
	VFMADD231PD Z17, Z7, Z3
	VPANDQ Z16, Z8, Z8
	VPANDQ Z16, Z9, Z9
	VPMAXUQ Z8, Z4, Z4
	VPMAXUQ Z9, Z5, Z5
	ADDQ $64, SI
	ADDQ $64, DX
	SUBQ $16, CX
	JNZ  loop
	VMOVUPD Z0, (DI)
	VMOVUPD Z1, 64(DI)
	VMOVUPD Z2, 128(DI)
	VMOVUPD Z3, 192(DI)
	VMOVUPD Z4, 256(DI)
	VMOVUPD Z5, 320(DI)
	VZEROUPPER
	RET
