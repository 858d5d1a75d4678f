// Loops of the element-wise kernels. OP is a macro without parameters that works on one vector of four: V0 in and out, further inputs
// in V7 and V6; it may use V1 to V5. It must not depend on other elements: after the last whole vector, elements are taken one by
// one, in the lowest element of registers whose rest is zero.
//
// LOOP1: dst, x. LOOP2: dst, x, y. LOOP3: dst, x, y, z. Slices have the length of dst. R3 is free.

#define LOOP1_NEON(OP) \
	MOVD  dst_base+0(FP), R0; \
	MOVD  dst_len+8(FP), R1; \
	MOVD  x_base+24(FP), R2; \
	SUBS  $4, R1, R1; \
	BLT   tail; \
loop: \
	FMOVQ (R2), F0; \
	OP; \
	FMOVQ F0, (R0); \
	ADD   $16, R2, R2; \
	ADD   $16, R0, R0; \
	SUBS  $4, R1, R1; \
	BGE   loop; \
tail: \
	ADDS  $4, R1, R1; \
	BEQ   done; \
one: \
	FMOVS (R2), F0; \
	OP; \
	FMOVS F0, (R0); \
	ADD   $4, R2, R2; \
	ADD   $4, R0, R0; \
	SUBS  $1, R1, R1; \
	BNE   one; \
done: \
	RET

#define LOOP2_NEON(OP) \
	MOVD  dst_base+0(FP), R0; \
	MOVD  dst_len+8(FP), R1; \
	MOVD  x_base+24(FP), R2; \
	MOVD  y_base+48(FP), R4; \
	SUBS  $4, R1, R1; \
	BLT   tail; \
loop: \
	FMOVQ (R2), F0; \
	FMOVQ (R4), F7; \
	OP; \
	FMOVQ F0, (R0); \
	ADD   $16, R2, R2; \
	ADD   $16, R4, R4; \
	ADD   $16, R0, R0; \
	SUBS  $4, R1, R1; \
	BGE   loop; \
tail: \
	ADDS  $4, R1, R1; \
	BEQ   done; \
one: \
	FMOVS (R2), F0; \
	FMOVS (R4), F7; \
	OP; \
	FMOVS F0, (R0); \
	ADD   $4, R2, R2; \
	ADD   $4, R4, R4; \
	ADD   $4, R0, R0; \
	SUBS  $1, R1, R1; \
	BNE   one; \
done: \
	RET

#define LOOP3_NEON(OP) \
	MOVD  dst_base+0(FP), R0; \
	MOVD  dst_len+8(FP), R1; \
	MOVD  x_base+24(FP), R2; \
	MOVD  y_base+48(FP), R4; \
	MOVD  z_base+72(FP), R5; \
	SUBS  $4, R1, R1; \
	BLT   tail; \
loop: \
	FMOVQ (R2), F0; \
	FMOVQ (R4), F7; \
	FMOVQ (R5), F6; \
	OP; \
	FMOVQ F0, (R0); \
	ADD   $16, R2, R2; \
	ADD   $16, R4, R4; \
	ADD   $16, R5, R5; \
	ADD   $16, R0, R0; \
	SUBS  $4, R1, R1; \
	BGE   loop; \
tail: \
	ADDS  $4, R1, R1; \
	BEQ   done; \
one: \
	FMOVS (R2), F0; \
	FMOVS (R4), F7; \
	FMOVS (R5), F6; \
	OP; \
	FMOVS F0, (R0); \
	ADD   $4, R2, R2; \
	ADD   $4, R4, R4; \
	ADD   $4, R5, R5; \
	ADD   $4, R0, R0; \
	SUBS  $1, R1, R1; \
	BNE   one; \
done: \
	RET
