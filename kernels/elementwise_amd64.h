// Loops of the element-wise kernels. OP is a macro without parameters that works on one vector: register 0 in and out
// (Z0 or Y0), further inputs in registers 15 and 14; it may use registers 1 to 5, and K2 and K3. It must not depend on other
// elements: the last, incomplete vector is loaded with zeros beyond the end, and only its elements are stored.
//
// LOOP1: dst, x. LOOP2: dst, x, y. LOOP3: dst, x, y, z. Slices have the length of dst.

// EIGHT fills 32 bytes with a float32, given twice as 64 bits.
#define EIGHT(name, at, v) \
	DATA name+(at+0)(SB)/8, $v; \
	DATA name+(at+8)(SB)/8, $v; \
	DATA name+(at+16)(SB)/8, $v; \
	DATA name+(at+24)(SB)/8, $v

// MASK_AVX512 sets K1 to the CX (< 16) lowest elements.
#define MASK_AVX512 \
	MOVQ  $1, AX; \
	SHLQ  CX, AX; \
	DECQ  AX; \
	KMOVW AX, K1

// MASK_AVX2 sets M to all ones in the CX (< 8) lowest elements.
#define MASK_AVX2(M) \
	LEAQ    ·laneMask+32(SB), AX; \
	SHLQ    $2, CX; \
	SUBQ    CX, AX; \
	VMOVUPS (AX), M

#define LOOP1_AVX512(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
loop: \
	CMPQ    CX, $16; \
	JLT     tail; \
	VMOVUPS (SI), Z0; \
	OP; \
	VMOVUPS Z0, (DI); \
	ADDQ    $64, SI; \
	ADDQ    $64, DI; \
	SUBQ    $16, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX512; \
	VMOVUPS.Z (SI), K1, Z0; \
	OP; \
	VMOVUPS Z0, K1, (DI); \
done: \
	VZEROUPPER; \
	RET

#define LOOP2_AVX512(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
	MOVQ    y_base+48(FP), DX; \
loop: \
	CMPQ    CX, $16; \
	JLT     tail; \
	VMOVUPS (SI), Z0; \
	VMOVUPS (DX), Z15; \
	OP; \
	VMOVUPS Z0, (DI); \
	ADDQ    $64, SI; \
	ADDQ    $64, DX; \
	ADDQ    $64, DI; \
	SUBQ    $16, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX512; \
	VMOVUPS.Z (SI), K1, Z0; \
	VMOVUPS.Z (DX), K1, Z15; \
	OP; \
	VMOVUPS Z0, K1, (DI); \
done: \
	VZEROUPPER; \
	RET

#define LOOP3_AVX512(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
	MOVQ    y_base+48(FP), DX; \
	MOVQ    z_base+72(FP), BX; \
loop: \
	CMPQ    CX, $16; \
	JLT     tail; \
	VMOVUPS (SI), Z0; \
	VMOVUPS (DX), Z15; \
	VMOVUPS (BX), Z14; \
	OP; \
	VMOVUPS Z0, (DI); \
	ADDQ    $64, SI; \
	ADDQ    $64, DX; \
	ADDQ    $64, BX; \
	ADDQ    $64, DI; \
	SUBQ    $16, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX512; \
	VMOVUPS.Z (SI), K1, Z0; \
	VMOVUPS.Z (DX), K1, Z15; \
	VMOVUPS.Z (BX), K1, Z14; \
	OP; \
	VMOVUPS Z0, K1, (DI); \
done: \
	VZEROUPPER; \
	RET

#define LOOP1_AVX2(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
loop: \
	CMPQ    CX, $8; \
	JLT     tail; \
	VMOVUPS (SI), Y0; \
	OP; \
	VMOVUPS Y0, (DI); \
	ADDQ    $32, SI; \
	ADDQ    $32, DI; \
	SUBQ    $8, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX2(Y6); \
	VMASKMOVPS (SI), Y6, Y0; \
	OP; \
	VMASKMOVPS Y0, Y6, (DI); \
done: \
	VZEROUPPER; \
	RET

#define LOOP2_AVX2(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
	MOVQ    y_base+48(FP), DX; \
loop: \
	CMPQ    CX, $8; \
	JLT     tail; \
	VMOVUPS (SI), Y0; \
	VMOVUPS (DX), Y15; \
	OP; \
	VMOVUPS Y0, (DI); \
	ADDQ    $32, SI; \
	ADDQ    $32, DX; \
	ADDQ    $32, DI; \
	SUBQ    $8, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX2(Y6); \
	VMASKMOVPS (SI), Y6, Y0; \
	VMASKMOVPS (DX), Y6, Y15; \
	OP; \
	VMASKMOVPS Y0, Y6, (DI); \
done: \
	VZEROUPPER; \
	RET

#define LOOP3_AVX2(OP) \
	MOVQ    dst_base+0(FP), DI; \
	MOVQ    dst_len+8(FP), CX; \
	MOVQ    x_base+24(FP), SI; \
	MOVQ    y_base+48(FP), DX; \
	MOVQ    z_base+72(FP), BX; \
loop: \
	CMPQ    CX, $8; \
	JLT     tail; \
	VMOVUPS (SI), Y0; \
	VMOVUPS (DX), Y15; \
	VMOVUPS (BX), Y14; \
	OP; \
	VMOVUPS Y0, (DI); \
	ADDQ    $32, SI; \
	ADDQ    $32, DX; \
	ADDQ    $32, BX; \
	ADDQ    $32, DI; \
	SUBQ    $8, CX; \
	JMP     loop; \
tail: \
	TESTQ   CX, CX; \
	JEQ     done; \
	MASK_AVX2(Y6); \
	VMASKMOVPS (SI), Y6, Y0; \
	VMASKMOVPS (DX), Y6, Y15; \
	VMASKMOVPS (BX), Y6, Y14; \
	OP; \
	VMASKMOVPS Y0, Y6, (DI); \
done: \
	VZEROUPPER; \
	RET
