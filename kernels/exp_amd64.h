// The exponential of a vector whose elements are at most 0 (or NaN, -Inf), shared by Exp, Softmax, SumExp and the
// activations. Both instruction sets do the same roundings, so they give the same bits.
//
//	n = round(x/ln 2)                  by adding and taking away 1.5*2^23, which leaves n in the low bits of the sum
//	r = x - n*ln2hi - n*ln2lo          the first product difference is exact
//	p = 1 + r*(1 + r*(c2 + r*(c3 + r*(c4 + r*(c5 + r*c6)))))
//	result = p*2^n, or 0 where x < -87.33654 (the float32 just above ln 2^-126)

// Constants, 8 copies each (exp_amd64.s).
#define LOG2E  ·expTable+0(SB)
#define MAGIC  ·expTable+32(SB)
#define LN2HI  ·expTable+64(SB)
#define LN2LO  ·expTable+96(SB)
#define EXPC6  ·expTable+128(SB)
#define EXPC5  ·expTable+160(SB)
#define EXPC4  ·expTable+192(SB)
#define EXPC3  ·expTable+224(SB)
#define EXPC2  ·expTable+256(SB)
#define ONE    ·expTable+288(SB)
#define EXPLOW ·expTable+320(SB)
#define EXPTOP ·expTable+352(SB)

// EXP_CONSTANTS_AVX512 loads what EXP_AVX512 reads: Z21 to Z31.
#define EXP_CONSTANTS_AVX512 \
	VBROADCASTSS LOG2E, Z31; \
	VBROADCASTSS MAGIC, Z30; \
	VBROADCASTSS LN2HI, Z29; \
	VBROADCASTSS LN2LO, Z28; \
	VBROADCASTSS EXPC6, Z27; \
	VBROADCASTSS EXPC5, Z26; \
	VBROADCASTSS EXPC4, Z25; \
	VBROADCASTSS EXPC3, Z24; \
	VBROADCASTSS EXPC2, Z23; \
	VBROADCASTSS ONE, Z22; \
	VBROADCASTSS EXPLOW, Z21

// EXP_AVX512 sets Q to e^X; it destroys X, T, N and K. The comparison (not less than, true for NaN) keeps NaN.
#define EXP_AVX512(X, T, N, Q, K) \
	VCMPPS $0x15, Z21, X, K; \
	VMOVAPS Z30, T; \
	VFMADD231PS Z31, X, T; \
	VSUBPS Z30, T, N; \
	VFNMADD231PS Z29, N, X; \
	VFNMADD231PS Z28, N, X; \
	VMOVAPS Z27, Q; \
	VFMADD213PS Z26, X, Q; \
	VFMADD213PS Z25, X, Q; \
	VFMADD213PS Z24, X, Q; \
	VFMADD213PS Z23, X, Q; \
	VFMADD213PS Z22, X, Q; \
	VFMADD213PS Z22, X, Q; \
	VSCALEFPS.Z N, Q, K, Q

// EXP_POLY_AVX2 sets Q to e^r and T to the sum that has n in its low bits; it destroys X and N.
#define EXP_POLY_AVX2(X, T, N, Q) \
	VMOVUPS LOG2E, T; \
	VFMADD213PS MAGIC, X, T; \
	VSUBPS MAGIC, T, N; \
	VFNMADD231PS LN2HI, N, X; \
	VFNMADD231PS LN2LO, N, X; \
	VMOVUPS EXPC6, Q; \
	VFMADD213PS EXPC5, X, Q; \
	VFMADD213PS EXPC4, X, Q; \
	VFMADD213PS EXPC3, X, Q; \
	VFMADD213PS EXPC2, X, Q; \
	VFMADD213PS ONE, X, Q; \
	VFMADD213PS ONE, X, Q

// EXP_AVX2 sets Q to e^X; it destroys X, T, N and M. The bits of 2^n are (n+127)<<23, and 127<<23 is also 1.0. Multiplying, not
// adding to the exponent, keeps NaN.
#define EXP_AVX2(X, T, N, Q, M) \
	VCMPPS $0x11, EXPLOW, X, M; \
	EXP_POLY_AVX2(X, T, N, Q); \
	VPSLLD $23, T, T; \
	VPADDD ONE, T, T; \
	VMULPS T, Q, Q; \
	VANDNPS Q, M, Q
