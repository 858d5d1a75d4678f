// The exponential of a vector whose elements are at most 0 (or NaN, -Inf), shared by Exp, Softmax, SumExp and the activations.
// The roundings are those of the amd64 sets (exp_amd64.h), so the bits are the same.
//
//	n = round(x/ln 2)                  by adding and taking away 1.5*2^23, which leaves n in the low bits of the sum
//	r = x - n*ln2hi - n*ln2lo          the first product difference is exact
//	p = 1 + r*(1 + r*(c2 + r*(c3 + r*(c4 + r*(c5 + r*c6)))))
//	result = p*2^n, or 0 where x < -87.33654 (the float32 just above ln 2^-126)

// EXP_CONSTANTS_NEON loads V16 to V27: log2 e, 1.5*2^23, ln2hi, ln2lo, c6 to c2, 1, the lowest and the highest argument.
#define EXP_CONSTANTS_NEON \
	MOVD    $·expTable(SB), R3; \
	VLD1R.P 4(R3), [V16.S4]; \
	VLD1R.P 4(R3), [V17.S4]; \
	VLD1R.P 4(R3), [V18.S4]; \
	VLD1R.P 4(R3), [V19.S4]; \
	VLD1R.P 4(R3), [V20.S4]; \
	VLD1R.P 4(R3), [V21.S4]; \
	VLD1R.P 4(R3), [V22.S4]; \
	VLD1R.P 4(R3), [V23.S4]; \
	VLD1R.P 4(R3), [V24.S4]; \
	VLD1R.P 4(R3), [V25.S4]; \
	VLD1R.P 4(R3), [V26.S4]; \
	VLD1R.P 4(R3), [V27.S4]

// EXP_POLY_NEON sets p to e^r and t to the sum that has n in its low bits; it destroys x and q.
#define EXP_POLY_NEON(x, t, p, q) \
	MOV_16B(t, 17); \
	FMLA_4S(t, x, 16); \
	FSUB_4S(p, t, 17); \
	FMLS_4S(x, p, 18); \
	FMLS_4S(x, p, 19); \
	MOV_16B(q, 21); \
	FMLA_4S(q, 20, x); \
	MOV_16B(p, 22); \
	FMLA_4S(p, q, x); \
	MOV_16B(q, 23); \
	FMLA_4S(q, p, x); \
	MOV_16B(p, 24); \
	FMLA_4S(p, q, x); \
	MOV_16B(q, 25); \
	FMLA_4S(q, p, x); \
	MOV_16B(p, 25); \
	FMLA_4S(p, q, x)

// EXP_NEON sets p to e^x; it destroys x, t, q and low. The bits of 2^n are (n+127)<<23, and 127<<23 is also 1.0. Multiplying, not
// adding to the exponent, keeps NaN.
#define EXP_NEON(x, t, p, q, low) \
	FCMGT_4S(low, 26, x); \
	EXP_POLY_NEON(x, t, p, q); \
	SHL_4S(t, t, 23); \
	ADD_4S(t, t, 25); \
	FMUL_4S(p, p, t); \
	BIC_16B(p, p, low)
