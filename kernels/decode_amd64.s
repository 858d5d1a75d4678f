//go:build !purego

#include "textflag.h"

// A column's codes are one byte (int8) or half a byte (int4) of each of 16 dwords: shifted down, masked, made signed, converted,
// scaled. All steps but the last are exact.

// COLUMN512 writes the 16 weights whose codes begin at bit shift of the dwords of Z0 to offset(DI). Z31 masks a code, Z30 is the
// zero code, Z1 holds the scales.
#define COLUMN512(shift, offset) \
	VPSRLD $shift, Z0, Z2; \
	VPANDD Z31, Z2, Z2; \
	VPSUBD Z30, Z2, Z2; \
	VCVTDQ2PS Z2, Z2; \
	VMULPS Z1, Z2, Z2; \
	VMOVUPS Z2, offset(DI)

// func decodeBlocksInt8AVX512(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt8AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVL $255, AX
	VPBROADCASTD AX, Z31
	MOVL $128, AX
	VPBROADCASTD AX, Z30
block:
	VCVTPH2PS (SI), Z1
	ADDQ $32, SI
	MOVL $8, DX
quad:
	VMOVDQU32 (SI), Z0
	COLUMN512(0, 0)
	COLUMN512(8, 64)
	COLUMN512(16, 128)
	COLUMN512(24, 192)
	ADDQ $64, SI
	ADDQ $256, DI
	DECL DX
	JNZ  quad
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func decodeBlocksInt4AVX512(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt4AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVL $15, AX
	VPBROADCASTD AX, Z31
	MOVL $8, AX
	VPBROADCASTD AX, Z30
block:
	VCVTPH2PS (SI), Z1
	ADDQ $32, SI
	MOVL $4, DX
quad:
	VMOVDQU32 (SI), Z0
	COLUMN512(0, 0)
	COLUMN512(8, 64)
	COLUMN512(16, 128)
	COLUMN512(24, 192)
	COLUMN512(4, 1024)
	COLUMN512(12, 1088)
	COLUMN512(20, 1152)
	COLUMN512(28, 1216)
	ADDQ $64, SI
	ADDQ $256, DI
	DECL DX
	JNZ  quad
	ADDQ $1024, DI                 // the high nibbles' columns are written
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// COLUMN256 is COLUMN512 in halves: codes in Y0 and Y3, scales in Y1 and Y4, mask in Y15, zero code in Y14.
#define COLUMN256(shift, offset) \
	VPSRLD $shift, Y0, Y2; \
	VPSRLD $shift, Y3, Y5; \
	VPAND  Y15, Y2, Y2; \
	VPAND  Y15, Y5, Y5; \
	VPSUBD Y14, Y2, Y2; \
	VPSUBD Y14, Y5, Y5; \
	VCVTDQ2PS Y2, Y2; \
	VCVTDQ2PS Y5, Y5; \
	VMULPS Y1, Y2, Y2; \
	VMULPS Y4, Y5, Y5; \
	VMOVUPS Y2, offset(DI); \
	VMOVUPS Y5, (offset+32)(DI)

// func decodeBlocksInt8AVX2(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt8AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVL $255, AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVL $128, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
block:
	VCVTPH2PS (SI), Y1
	VCVTPH2PS 16(SI), Y4
	ADDQ $32, SI
	MOVL $8, DX
quad:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y3
	COLUMN256(0, 0)
	COLUMN256(8, 64)
	COLUMN256(16, 128)
	COLUMN256(24, 192)
	ADDQ $64, SI
	ADDQ $256, DI
	DECL DX
	JNZ  quad
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func decodeBlocksInt4AVX2(dst *float32, w *byte, blocks int)
TEXT ·decodeBlocksInt4AVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVL $15, AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVL $8, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
block:
	VCVTPH2PS (SI), Y1
	VCVTPH2PS 16(SI), Y4
	ADDQ $32, SI
	MOVL $4, DX
quad:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y3
	COLUMN256(0, 0)
	COLUMN256(8, 64)
	COLUMN256(16, 128)
	COLUMN256(24, 192)
	COLUMN256(4, 1024)
	COLUMN256(12, 1088)
	COLUMN256(20, 1152)
	COLUMN256(28, 1216)
	ADDQ $64, SI
	ADDQ $256, DI
	DECL DX
	JNZ  quad
	ADDQ $1024, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET
