// Rounding to bfloat16, to nearest even, NaNs made quiet.

// BF16CONSTANTS sets registers 29 to 31 as BF16ROUND wants them.
#define BF16CONSTANTS \
	MOVD $0x7fff, R9; \
	VDUP R9, V29.S4; \
	MOVD $1, R9; \
	VDUP R9, V30.S4; \
	MOVD $0x400000, R9; \
	VDUP R9, V31.S4

// BF16ROUND leaves the bfloat16 of each float32 of x in the upper half of its element, something in the lower half:
// x + 0x7fff + (the bit that will be last), or a NaN with its quiet bit. Registers 20 and 21 are lost.
#define BF16ROUND(x) \
	USHR_4S(20, x, 16); \
	AND_16B(20, 20, 30); \
	ADD_4S(20, 20, 29); \
	ADD_4S(20, 20, x); \
	FCMEQ_4S(21, x, x); \
	ORR_16B(x, x, 31); \
	BIT_16B(x, 20, 21)
