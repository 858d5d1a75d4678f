//go:build !purego

#include "textflag.h"

// Constants of the quantization, broadcast where they are used.
DATA quantizeConst<>+0(SB)/4, $0x7fffffff  // absolute value
DATA quantizeConst<>+4(SB)/4, $0x03800000  // TinyGroup
DATA quantizeConst<>+8(SB)/4, $0x7c000000  // infinity - TinyGroup, as integers: the range of groups that are quantized
DATA quantizeConst<>+12(SB)/4, $0x42fe0000 // 127
DATA quantizeConst<>+16(SB)/4, $0x7fc00000 // NaN
DATA quantizeConst<>+20(SB)/4, $0x7f7fffff // largest finite
GLOBL quantizeConst<>(SB), RODATA|NOPTR, $24

// func quantizeTokenAVX512(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)
//
// Up to 64 groups at a time: first their maxima, scales and inverses, then their codes and starts, which so need not wait for the
// divisions. Four groups share these and the last steps of the maxima and sums, those of columns of 4x4 elements. A NaN or infinity times
// the inverse 0 converts to 0x80000000, whose low byte, the code, is 0.
TEXT ·quantizeTokenAVX512(SB), NOSPLIT, $256-52
	MOVQ codes+0(FP), DI
	MOVQ scale+8(FP), SI
	MOVQ start+16(FP), R8
	MOVQ stride+24(FP), R9
	MOVQ x+32(FP), DX
	MOVQ groups+40(FP), CX
	MOVL zero+48(FP), AX
	NEGL AX
	VPBROADCASTD AX, X24
	MOVL $0x01010101, AX
	VPBROADCASTD AX, Z25
	MOVL $0xff, AX
	VPBROADCASTD AX, Z22
	VMOVDQU32 quantizeOrder512<>(SB), Z23
	LEAQ (R9)(R9*2), R10
	VPBROADCASTD quantizeConst<>+0(SB), Z26
	VPBROADCASTD quantizeConst<>+4(SB), X27
	VPBROADCASTD quantizeConst<>+8(SB), X28
	VPBROADCASTD quantizeConst<>+12(SB), X29
	VPBROADCASTD quantizeConst<>+16(SB), X30
	VPBROADCASTD quantizeConst<>+20(SB), X31

chunk:
	MOVQ $64, R12
	CMPQ CX, R12
	CMOVQLT CX, R12
	SUBQ R12, CX
	MOVQ DX, BX
	LEAQ inverse-256(SP), R11
	MOVQ R12, AX
	SUBQ $4, AX
	JLT  max1

max4:
	VPANDD  (BX), Z26, Z8
	VPANDD  64(BX), Z26, Z9
	VPANDD  128(BX), Z26, Z10
	VPANDD  192(BX), Z26, Z11
	VPANDD  256(BX), Z26, Z12
	VPANDD  320(BX), Z26, Z13
	VPANDD  384(BX), Z26, Z14
	VPANDD  448(BX), Z26, Z15
	VPMAXUD Z8, Z9, Z8
	VPMAXUD Z10, Z11, Z10
	VPMAXUD Z12, Z13, Z12
	VPMAXUD Z14, Z15, Z14
	VUNPCKLPS Z10, Z8, Z9
	VUNPCKHPS Z10, Z8, Z11
	VUNPCKLPS Z14, Z12, Z13
	VUNPCKHPS Z14, Z12, Z15
	VPMAXUD Z9, Z11, Z8
	VPMAXUD Z13, Z15, Z12
	VUNPCKLPD Z12, Z8, Z9
	VUNPCKHPD Z12, Z8, Z11
	VPMAXUD Z9, Z11, Z8            // of each group, four maxima
	VEXTRACTI64X4 $1, Z8, Y9
	VPMAXUD Y8, Y9, Y8
	VEXTRACTI128 $1, Y8, X9
	VPMAXUD X8, X9, X8             // the bits of max |x| of each group
	VPSUBD   X27, X8, X9
	VPCMPUD  $1, X28, X9, K1       // TinyGroup <= max < infinity
	VPCMPUD  $6, X31, X8, K2       // max is infinite or NaN
	VDIVPS.Z X8, X29, K1, X10      // 127/max or 0
	VDIVPS.Z X29, X8, K1, X11      // max/127 or 0
	VMOVAPS  X30, K2, X11
	VMOVUPS    X10, (R11)
	VMOVSS     X11, (SI)
	VEXTRACTPS $1, X11, (SI)(R9*1)
	VEXTRACTPS $2, X11, (SI)(R9*2)
	VEXTRACTPS $3, X11, (SI)(R10*1)
	ADDQ $512, BX
	ADDQ $16, R11
	LEAQ (SI)(R9*4), SI
	SUBQ $4, AX
	JGE  max4

max1:
	ADDQ $4, AX
	JZ   codes
	VPANDD  (BX), Z26, Z8
	VPANDD  64(BX), Z26, Z9
	VPMAXUD Z8, Z9, Z8
	VEXTRACTI64X4 $1, Z8, Y9
	VPMAXUD Y8, Y9, Y8
	VEXTRACTI128 $1, Y8, X9
	VPMAXUD X8, X9, X8
	VPSHUFD $0x4e, X8, X9
	VPMAXUD X8, X9, X8
	VPSHUFD $0xb1, X8, X9
	VPMAXUD X8, X9, X8             // the bits of max |x|, four times
	VPSUBD   X27, X8, X9
	VPCMPUD  $1, X28, X9, K1
	VPCMPUD  $6, X31, X8, K2
	VDIVPS.Z X8, X29, K1, X10
	VDIVPS.Z X29, X8, K1, X11
	VMOVAPS  X30, K2, X11
	VMOVSS   X10, (R11)
	VMOVSS   X11, (SI)
	ADDQ $128, BX
	ADDQ $4, R11
	ADDQ R9, SI
	SUBQ $5, AX
	JMP  max1

codes:
	LEAQ inverse-256(SP), R11
	SUBQ $4, R12
	JLT  code1

code4:
	VBROADCASTSS (R11), Z8
	VBROADCASTSS 4(R11), Z9
	VBROADCASTSS 8(R11), Z10
	VBROADCASTSS 12(R11), Z11
	VMULPS     (DX), Z8, Z0
	VMULPS     64(DX), Z8, Z1
	VMULPS     128(DX), Z9, Z2
	VMULPS     192(DX), Z9, Z3
	VMULPS     256(DX), Z10, Z4
	VMULPS     320(DX), Z10, Z5
	VMULPS     384(DX), Z11, Z6
	VMULPS     448(DX), Z11, Z7
	VCVTPS2DQ  Z0, Z0
	VCVTPS2DQ  Z1, Z1
	VCVTPS2DQ  Z2, Z2
	VCVTPS2DQ  Z3, Z3
	VCVTPS2DQ  Z4, Z4
	VCVTPS2DQ  Z5, Z5
	VCVTPS2DQ  Z6, Z6
	VCVTPS2DQ  Z7, Z7
	VPANDD     Z22, Z0, Z0
	VPANDD     Z22, Z1, Z1
	VPANDD     Z22, Z2, Z2
	VPANDD     Z22, Z3, Z3
	VPANDD     Z22, Z4, Z4
	VPANDD     Z22, Z5, Z5
	VPANDD     Z22, Z6, Z6
	VPANDD     Z22, Z7, Z7
	VPACKUSDW  Z1, Z0, Z0
	VPACKUSDW  Z3, Z2, Z2
	VPACKUSDW  Z5, Z4, Z4
	VPACKUSDW  Z7, Z6, Z6
	VPACKUSWB  Z2, Z0, Z0          // in each 128 bits eight codes of one group, eight of the next
	VPACKUSWB  Z6, Z4, Z4
	VPXORD     Z8, Z8, Z8
	VPXORD     Z9, Z9, Z9
	VPDPBUSD   Z0, Z25, Z8         // sums of four codes
	VPDPBUSD   Z4, Z25, Z9
	VPERMD     Z0, Z23, Z0
	VPERMD     Z4, Z23, Z4
	VMOVDQU    Y0, (DI)
	VEXTRACTI64X4 $1, Z0, (DI)(R9*1)
	VMOVDQU    Y4, (DI)(R9*2)
	VEXTRACTI64X4 $1, Z4, (DI)(R10*1)
	VSHUFPS $0x88, Z9, Z8, Z10
	VSHUFPS $0xdd, Z9, Z8, Z11
	VPADDD  Z10, Z11, Z10
	VEXTRACTI64X4 $1, Z10, Y11
	VPADDD  Y10, Y11, Y10
	VEXTRACTI128 $1, Y10, X11
	VPADDD  X10, X11, X10
	VPMULLD X24, X10, X10
	VMOVD   X10, (R8)
	VPEXTRD $1, X10, (R8)(R9*1)
	VPEXTRD $2, X10, (R8)(R9*2)
	VPEXTRD $3, X10, (R8)(R10*1)
	ADDQ $512, DX
	ADDQ $16, R11
	LEAQ (DI)(R9*4), DI
	LEAQ (R8)(R9*4), R8
	SUBQ $4, R12
	JGE  code4

code1:
	ADDQ $4, R12
	JZ   next
	VBROADCASTSS (R11), Z8
	VMULPS    (DX), Z8, Z0
	VMULPS    64(DX), Z8, Z1
	VCVTPS2DQ Z0, Z0
	VCVTPS2DQ Z1, Z1
	VPMOVDB   Z0, X0
	VPMOVDB   Z1, X1
	VINSERTI128 $1, X1, Y0, Y0
	VMOVDQU  Y0, (DI)
	VPXOR    X6, X6, X6
	VPDPBUSD Y0, Y25, Y6
	VEXTRACTI128 $1, Y6, X7
	VPADDD   X6, X7, X6
	VPSHUFD  $0x4e, X6, X7
	VPADDD   X6, X7, X6
	VPSHUFD  $0xb1, X6, X7
	VPADDD   X6, X7, X6
	VPMULLD  X24, X6, X6
	VMOVD    X6, (R8)
	ADDQ $128, DX
	ADDQ $4, R11
	ADDQ R9, DI
	ADDQ R9, R8
	SUBQ $5, R12
	JMP  code1

next:
	TESTQ CX, CX
	JNZ  chunk
	VZEROUPPER
	RET

// func quantizeTokenAVX2(codes, scale, start *byte, stride int, x *float32, groups int, zero int32)
TEXT ·quantizeTokenAVX2(SB), NOSPLIT, $0-52
	MOVQ codes+0(FP), DI
	MOVQ scale+8(FP), SI
	MOVQ start+16(FP), R8
	MOVQ stride+24(FP), R9
	MOVQ x+32(FP), DX
	MOVQ groups+40(FP), CX
	MOVL zero+48(FP), AX
	NEGL AX
	VPBROADCASTD quantizeConst<>+0(SB), Y10
	VPBROADCASTD quantizeConst<>+4(SB), X11
	VPBROADCASTD quantizeConst<>+12(SB), X12
	VPBROADCASTD quantizeConst<>+16(SB), X13
	VPBROADCASTD quantizeConst<>+20(SB), X14
	VMOVDQU quantizeOrder<>(SB), Y15

group:
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVUPS 64(DX), Y2
	VMOVUPS 96(DX), Y3
	VPAND   Y10, Y0, Y4
	VPAND   Y10, Y1, Y5
	VPAND   Y10, Y2, Y6
	VPAND   Y10, Y3, Y7
	VPMAXUD Y4, Y5, Y4
	VPMAXUD Y6, Y7, Y6
	VPMAXUD Y4, Y6, Y4
	VEXTRACTI128 $1, Y4, X5
	VPMAXUD X4, X5, X4
	VPSHUFD $0x4e, X4, X5
	VPMAXUD X4, X5, X4
	VPSHUFD $0xb1, X4, X5
	VPMAXUD X4, X5, X4             // the bits of max |x|, four times: positive, so signed comparisons do

	VPCMPGTD X14, X4, X5           // max is infinite or NaN
	VPCMPGTD X4, X11, X6           // max < TinyGroup
	VPOR     X5, X6, X6
	VDIVPS   X4, X12, X7
	VPANDN   X7, X6, X7            // 127/max or 0
	VDIVPS   X12, X4, X8
	VPANDN   X8, X6, X8            // max/127 or 0
	VBLENDVPS X5, X13, X8, X8
	VMOVSS   X8, (SI)
	VBROADCASTSS X7, Y7
	VPBROADCASTD X6, Y6
	VMULPS   Y7, Y0, Y0
	VMULPS   Y7, Y1, Y1
	VMULPS   Y7, Y2, Y2
	VMULPS   Y7, Y3, Y3
	VCVTPS2DQ Y0, Y0
	VCVTPS2DQ Y1, Y1
	VCVTPS2DQ Y2, Y2
	VCVTPS2DQ Y3, Y3
	VPANDN   Y0, Y6, Y0            // NaN and infinity have converted to 0x80000000
	VPANDN   Y1, Y6, Y1
	VPANDN   Y2, Y6, Y2
	VPANDN   Y3, Y6, Y3
	VPADDD   Y0, Y1, Y4
	VPADDD   Y2, Y3, Y5
	VPADDD   Y4, Y5, Y4
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKSSWB Y2, Y0, Y0
	VPERMD   Y0, Y15, Y0           // packing works in halves of the register: back in order
	VMOVDQU  Y0, (DI)

	VEXTRACTI128 $1, Y4, X5
	VPADDD   X4, X5, X4
	VPSHUFD  $0x4e, X4, X5
	VPADDD   X4, X5, X4
	VPSHUFD  $0xb1, X4, X5
	VPADDD   X4, X5, X4
	VMOVD    X4, R10
	IMULL    AX, R10
	MOVL     R10, (R8)

	ADDQ $128, DX
	ADDQ R9, DI
	ADDQ R9, SI
	ADDQ R9, R8
	DECQ CX
	JNZ  group
	VZEROUPPER
	RET

DATA quantizeOrder<>+0(SB)/8, $0x0000000400000000
DATA quantizeOrder<>+8(SB)/8, $0x0000000500000001
DATA quantizeOrder<>+16(SB)/8, $0x0000000600000002
DATA quantizeOrder<>+24(SB)/8, $0x0000000700000003
GLOBL quantizeOrder<>(SB), RODATA|NOPTR, $32

// The order of the groups of four codes, from that of packing in 128 bits.
DATA quantizeOrder512<>+0(SB)/8, $0x0000000400000000
DATA quantizeOrder512<>+8(SB)/8, $0x0000000c00000008
DATA quantizeOrder512<>+16(SB)/8, $0x0000000500000001
DATA quantizeOrder512<>+24(SB)/8, $0x0000000d00000009
DATA quantizeOrder512<>+32(SB)/8, $0x0000000600000002
DATA quantizeOrder512<>+40(SB)/8, $0x0000000e0000000a
DATA quantizeOrder512<>+48(SB)/8, $0x0000000700000003
DATA quantizeOrder512<>+56(SB)/8, $0x0000000f0000000b
GLOBL quantizeOrder512<>(SB), RODATA|NOPTR, $64
