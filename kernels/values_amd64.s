//go:build !purego

#include "textflag.h"

DATA valueConst<>+0(SB)/4, $0x00007fff
DATA valueConst<>+4(SB)/4, $0x00000001
DATA valueConst<>+8(SB)/4, $0x00400000
DATA valueConst<>+12(SB)/4, $0xffff0000
DATA valueConst<>+16(SB)/4, $0x7fffffff
DATA valueConst<>+20(SB)/4, $0x21800000 // MinValue
DATA valueConst<>+24(SB)/4, $0x2b800000 // MinProbability
GLOBL valueConst<>(SB), RODATA|NOPTR, $28

// Rounding to bfloat16: x + 0x7fff + (the bit that will be last), or NaNs made quiet, without the lower 16 bits; 0 where the magnitude
// is below the smallest one.

// CONSTANTS_AVX512 loads Z27 to Z31; SMALLEST is the offset of the smallest magnitude.
#define CONSTANTS_AVX512(SMALLEST) \
	VPBROADCASTD valueConst<>+0(SB), Z31; \
	VPBROADCASTD valueConst<>+4(SB), Z30; \
	VPBROADCASTD valueConst<>+8(SB), Z29; \
	VPBROADCASTD valueConst<>+12(SB), Z28; \
	VPBROADCASTD valueConst<>+SMALLEST(SB), Z27

// ROUND_AVX512 rounds Z0 to Z2; Z1 is its magnitude.
#define ROUND_AVX512 \
	VCMPPS    $3, Z0, Z0, K1; \
	VPCMPUD   $5, Z27, Z1, K2; \
	VPSRLD    $16, Z0, Z2; \
	VPANDD    Z30, Z2, Z2; \
	VPADDD    Z31, Z2, Z2; \
	VPADDD    Z0, Z2, Z2; \
	VPORD     Z29, Z0, K1, Z2; \
	VPANDD.Z  Z28, Z2, K2, Z2

// func storeTilesAVX512(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)
TEXT ·storeTilesAVX512(SB), NOSPLIT, $0-40
	MOVQ  dst+0(FP), DI
	MOVQ  tileStride+8(FP), DX
	MOVQ  x+16(FP), SI
	MOVQ  tiles+24(FP), CX
	MOVL  shift+32(FP), AX
	VMOVD AX, X5
	MOVL  keep+36(FP), AX
	VPBROADCASTD AX, Z6
	VPBROADCASTD valueConst<>+16(SB), Z26
	CONSTANTS_AVX512(20)

tile:
	VMOVUPS (SI), Z0
	VPANDD  Z26, Z0, Z1
	ROUND_AVX512
	VPSRLD  X5, Z2, Z2
	VPANDD  (DI), Z6, Z3
	VPORD   Z3, Z2, Z2
	VMOVDQU32 Z2, (DI)
	ADDQ $64, SI
	ADDQ DX, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func probabilitiesAVX512(s []float32, f float32)
TEXT ·probabilitiesAVX512(SB), NOSPLIT, $0-28
	MOVQ s_base+0(FP), SI
	MOVQ s_len+8(FP), CX
	VBROADCASTSS f+24(FP), Z5
	CONSTANTS_AVX512(24)
	SUBQ $16, CX
	JLT  done

loop:
	VMULPS  (SI), Z5, Z0
	VMOVDQA32 Z0, Z1               // not negative, but for NaN: compared without sign
	ROUND_AVX512
	VMOVUPS Z2, (SI)
	ADDQ $64, SI
	SUBQ $16, CX
	JGE  loop

done:
	VZEROUPPER
	RET

// SCALED_AVX512 sets V to the scores at offset times Z5, or 0 where that is below Z27. NaN, which is not below, stays.
#define SCALED_AVX512(offset, V) \
	VMULPS    offset(SI), Z5, V; \
	VCMPPS    $5, Z27, V, K1; \
	VMOVAPS.Z V, K1, V

// func probabilityPairsAVX512(s []float32, f float32)
//
// VCVTNE2PS2BF16 rounds to nearest even whatever the rounding mode, makes NaN quiet, and takes subnormal numbers for zeros, which are none here.
TEXT ·probabilityPairsAVX512(SB), NOSPLIT, $0-28
	MOVQ s_base+0(FP), SI
	MOVQ s_len+8(FP), CX
	MOVQ SI, DI
	VBROADCASTSS f+24(FP), Z5
	VPBROADCASTD valueConst<>+24(SB), Z27
	SUBQ $32, CX
	JLT  rest

loop:
	SCALED_AVX512(0, Z0)
	SCALED_AVX512(64, Z1)
	BYTE $0x62; BYTE $0xf2; BYTE $0x77; BYTE $0x48; BYTE $0x72; BYTE $0xd0 // vcvtne2ps2bf16 %zmm0,%zmm1,%zmm2
	VPROLD  $16, Z2, Z2
	VMOVDQU32 Z2, (DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $32, CX
	JGE  loop

rest:
	TESTQ $16, CX
	JZ    done
	SCALED_AVX512(0, Z0)
	VPXORD  Z1, Z1, Z1
	BYTE $0x62; BYTE $0xf2; BYTE $0x77; BYTE $0x48; BYTE $0x72; BYTE $0xd0 // vcvtne2ps2bf16 %zmm0,%zmm1,%zmm2
	VPROLD  $16, Y2, Y2
	VMOVDQU Y2, (DI)

done:
	VZEROUPPER
	RET

// CONSTANTS_AVX2 loads Y11 to Y15.
#define CONSTANTS_AVX2(SMALLEST) \
	VPBROADCASTD valueConst<>+0(SB), Y15; \
	VPBROADCASTD valueConst<>+4(SB), Y14; \
	VPBROADCASTD valueConst<>+8(SB), Y13; \
	VPBROADCASTD valueConst<>+12(SB), Y12; \
	VPBROADCASTD valueConst<>+SMALLEST(SB), Y11

// ROUND_AVX2 rounds Y0 to Y2; Y1 is its magnitude, whose bits compare as signed integers too.
#define ROUND_AVX2 \
	VPSRLD    $16, Y0, Y2; \
	VPAND     Y14, Y2, Y2; \
	VPADDD    Y15, Y2, Y2; \
	VPADDD    Y0, Y2, Y2; \
	VPOR      Y13, Y0, Y3; \
	VCMPPS    $3, Y0, Y0, Y4; \
	VBLENDVPS Y4, Y3, Y2, Y2; \
	VPCMPGTD  Y1, Y11, Y4; \
	VPANDN    Y2, Y4, Y2; \
	VPAND     Y12, Y2, Y2

// func storeTilesAVX2(dst *byte, tileStride int, x *float32, tiles int, shift, keep uint32)
TEXT ·storeTilesAVX2(SB), NOSPLIT, $0-40
	MOVQ  dst+0(FP), DI
	MOVQ  tileStride+8(FP), DX
	MOVQ  x+16(FP), SI
	MOVQ  tiles+24(FP), CX
	MOVL  shift+32(FP), AX
	VMOVD AX, X5
	MOVL  keep+36(FP), AX
	VMOVD AX, X6
	VPBROADCASTD X6, Y6
	VPBROADCASTD valueConst<>+16(SB), Y10
	CONSTANTS_AVX2(20)

#define HALF_AVX2(offset) \
	VMOVUPS offset(SI), Y0; \
	VPAND   Y10, Y0, Y1; \
	ROUND_AVX2; \
	VPSRLD  X5, Y2, Y2; \
	VPAND   offset(DI), Y6, Y3; \
	VPOR    Y3, Y2, Y2; \
	VMOVDQU Y2, offset(DI)

tile:
	HALF_AVX2(0)
	HALF_AVX2(32)
	ADDQ $64, SI
	ADDQ DX, DI
	DECQ CX
	JNZ  tile
	VZEROUPPER
	RET

// func probabilitiesAVX2(s []float32, f float32)
TEXT ·probabilitiesAVX2(SB), NOSPLIT, $0-28
	MOVQ s_base+0(FP), SI
	MOVQ s_len+8(FP), CX
	VBROADCASTSS f+24(FP), Y5
	VPBROADCASTD valueConst<>+16(SB), Y10
	CONSTANTS_AVX2(24)
	SUBQ $8, CX
	JLT  done

loop:
	VMULPS  (SI), Y5, Y0
	VPAND   Y10, Y0, Y1            // a NaN may have a sign
	ROUND_AVX2
	VMOVUPS Y2, (SI)
	ADDQ $32, SI
	SUBQ $8, CX
	JGE  loop

done:
	VZEROUPPER
	RET
