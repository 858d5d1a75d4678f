//go:build !purego

#include "textflag.h"

// Constants, broadcast where they are used.
DATA int16Const<>+0(SB)/4, $0x7fffffff  // absolute value
DATA int16Const<>+4(SB)/4, $0x05800000  // TinyRow
DATA int16Const<>+8(SB)/4, $0x7a000000  // infinity - TinyRow, as integers: the range of rows that are quantized
DATA int16Const<>+12(SB)/4, $0x457ff000 // Int16Max
DATA int16Const<>+16(SB)/4, $0x7fc00000 // NaN
DATA int16Const<>+20(SB)/4, $0x7f7fffff // largest finite
GLOBL int16Const<>(SB), RODATA|NOPTR, $24

// func quantizeInt16AVX512(dst *uint32, x *float32, ldx, n, cols int)
//
// A NaN or infinity times the inverse 0 converts to 0x80000000, whose lower half, the code, is 0.
TEXT ·quantizeInt16AVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ ldx+16(FP), R9
	MOVQ n+24(FP), CX
	MOVQ cols+32(FP), R10
	SHLQ $2, R9
	VPBROADCASTD int16Const<>+0(SB), Z26
	VPBROADCASTD int16Const<>+4(SB), X27
	VPBROADCASTD int16Const<>+8(SB), X28
	VPBROADCASTD int16Const<>+12(SB), X29
	VPBROADCASTD int16Const<>+16(SB), X30
	VPBROADCASTD int16Const<>+20(SB), X31

row:
	MOVQ  SI, DX
	MOVQ  R10, AX
	VPXOR X2, X2, X2

largest:
	VPANDD  (DX), Z26, Z3
	VPMAXUD Z2, Z3, Z2
	ADDQ    $64, DX
	SUBQ    $16, AX
	JNZ     largest

	VEXTRACTI64X4 $1, Z2, Y3
	VPMAXUD Y2, Y3, Y2
	VEXTRACTI128 $1, Y2, X3
	VPMAXUD X2, X3, X2
	VPSHUFD $0x4e, X2, X3
	VPMAXUD X2, X3, X2
	VPSHUFD $0xb1, X2, X3
	VPMAXUD X2, X3, X2             // the bits of max |x|, four times

	VPSUBD   X27, X2, X3
	VPCMPUD  $1, X28, X3, K1       // TinyRow <= max < infinity
	VPCMPUD  $6, X31, X2, K2       // max is infinite or NaN
	VDIVPS.Z X2, X29, K1, X4       // Int16Max/max or 0
	VDIVPS.Z X29, X2, K1, X5       // max/Int16Max or 0
	VMOVAPS  X30, K2, X5
	VBROADCASTSS X4, Z4
	MOVQ SI, DX
	MOVQ R10, AX

codes:
	VMULPS    (DX), Z4, Z0
	VCVTPS2DQ Z0, Z0
	VPMOVDW   Z0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ $64, DX
	ADDQ $32, DI
	SUBQ $16, AX
	JNZ  codes

	VMOVSS X5, (DI)
	ADDQ   $4, DI
	ADDQ   R9, SI
	DECQ   CX
	JNZ    row
	VZEROUPPER
	RET

// func quantizeInt16AVX2(dst *uint32, x *float32, ldx, n, cols int)
TEXT ·quantizeInt16AVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ ldx+16(FP), R9
	MOVQ n+24(FP), CX
	MOVQ cols+32(FP), R10
	SHLQ $2, R9
	VPBROADCASTD int16Const<>+0(SB), Y10
	VPBROADCASTD int16Const<>+4(SB), X11
	VPBROADCASTD int16Const<>+12(SB), X12
	VPBROADCASTD int16Const<>+16(SB), X13
	VPBROADCASTD int16Const<>+20(SB), X14

row:
	MOVQ  SI, DX
	MOVQ  R10, AX
	VPXOR Y4, Y4, Y4

largest:
	VPAND   (DX), Y10, Y0
	VPAND   32(DX), Y10, Y1
	VPMAXUD Y0, Y1, Y0
	VPMAXUD Y0, Y4, Y4
	ADDQ    $64, DX
	SUBQ    $16, AX
	JNZ     largest

	VEXTRACTI128 $1, Y4, X5
	VPMAXUD X4, X5, X4
	VPSHUFD $0x4e, X4, X5
	VPMAXUD X4, X5, X4
	VPSHUFD $0xb1, X4, X5
	VPMAXUD X4, X5, X4             // the bits of max |x|, four times: positive, so signed comparisons do

	VPCMPGTD X14, X4, X5           // max is infinite or NaN
	VPCMPGTD X4, X11, X6           // max < TinyRow
	VPOR     X5, X6, X6
	VDIVPS   X4, X12, X7
	VPANDN   X7, X6, X7            // Int16Max/max or 0
	VDIVPS   X12, X4, X8
	VPANDN   X8, X6, X8            // max/Int16Max or 0
	VBLENDVPS X5, X13, X8, X8
	VBROADCASTSS X7, Y7
	VPBROADCASTD X6, Y6
	MOVQ SI, DX
	MOVQ R10, AX

codes:
	VMULPS    (DX), Y7, Y0
	VMULPS    32(DX), Y7, Y1
	VCVTPS2DQ Y0, Y0
	VCVTPS2DQ Y1, Y1
	VPANDN    Y0, Y6, Y0           // NaN and infinity have converted to 0x80000000
	VPANDN    Y1, Y6, Y1
	VPACKSSDW Y1, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0        // packing works in halves of the register: back in order
	VMOVDQU   Y0, (DI)
	ADDQ $64, DX
	ADDQ $32, DI
	SUBQ $16, AX
	JNZ  codes

	VMOVSS X8, (DI)
	ADDQ   $4, DI
	ADDQ   R9, SI
	DECQ   CX
	JNZ    row
	VZEROUPPER
	RET
