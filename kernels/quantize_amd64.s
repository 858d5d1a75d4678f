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
// A NaN or infinity times the inverse 0 converts to 0x80000000, whose low byte, the code, is 0.
TEXT ·quantizeTokenAVX512(SB), NOSPLIT, $0-52
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
	VPBROADCASTD AX, Y25
	VPBROADCASTD quantizeConst<>+0(SB), Z26
	VPBROADCASTD quantizeConst<>+4(SB), X27
	VPBROADCASTD quantizeConst<>+8(SB), X28
	VPBROADCASTD quantizeConst<>+12(SB), X29
	VPBROADCASTD quantizeConst<>+16(SB), X30
	VPBROADCASTD quantizeConst<>+20(SB), X31

group:
	VMOVUPS (DX), Z0
	VMOVUPS 64(DX), Z1
	VPANDD  Z26, Z0, Z2
	VPANDD  Z26, Z1, Z3
	VPMAXUD Z2, Z3, Z2
	VEXTRACTI64X4 $1, Z2, Y3
	VPMAXUD Y2, Y3, Y2
	VEXTRACTI128 $1, Y2, X3
	VPMAXUD X2, X3, X2
	VPSHUFD $0x4e, X2, X3
	VPMAXUD X2, X3, X2
	VPSHUFD $0xb1, X2, X3
	VPMAXUD X2, X3, X2             // the bits of max |x|, four times

	VPSUBD   X27, X2, X3
	VPCMPUD  $1, X28, X3, K1       // TinyGroup <= max < infinity
	VPCMPUD  $6, X31, X2, K2       // max is infinite or NaN
	VDIVPS.Z X2, X29, K1, X4       // 127/max or 0
	VDIVPS.Z X29, X2, K1, X5       // max/127 or 0
	VMOVAPS  X30, K2, X5
	VMOVSS   X5, (SI)
	VBROADCASTSS X4, Z4
	VMULPS   Z4, Z0, Z0
	VMULPS   Z4, Z1, Z1
	VCVTPS2DQ Z0, Z0
	VCVTPS2DQ Z1, Z1
	VPMOVDB  Z0, X0
	VPMOVDB  Z1, X1
	VINSERTI128 $1, X1, Y0, Y0
	VMOVDQU  Y0, (DI)

	VPXOR    X6, X6, X6
	VPDPBUSD Y0, Y25, Y6           // sums of four codes
	VEXTRACTI128 $1, Y6, X7
	VPADDD   X6, X7, X6
	VPSHUFD  $0x4e, X6, X7
	VPADDD   X6, X7, X6
	VPSHUFD  $0xb1, X6, X7
	VPADDD   X6, X7, X6
	VPMULLD  X24, X6, X6
	VMOVD    X6, (R8)

	ADDQ $128, DX
	ADDQ R9, DI
	ADDQ R9, SI
	ADDQ R9, R8
	DECQ CX
	JNZ  group
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
