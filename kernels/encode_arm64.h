// What the encoders and the decoders to rows share. Row-major weights and tiles differ by transpositions of 4 x 4 elements of 32 bits.

// TRANSPOSE transposes the 4 x 4 elements of registers a, b, c, d in place; p, q, r, s are lost.
#define TRANSPOSE(a, b, c, d, p, q, r, s) \
	TRN1_4S(p, a, b); \
	TRN2_4S(q, a, b); \
	TRN1_4S(r, c, d); \
	TRN2_4S(s, c, d); \
	ZIP1_2D(a, p, r); \
	ZIP1_2D(b, q, s); \
	ZIP2_2D(c, p, r); \
	ZIP2_2D(d, q, s)

// TRANSPOSE16 transposes four columns of 16 rows, which are in registers 0 to 15, to and from four rows in a register: register 4*g+k
// has column k of rows 4*g to 4*g+3, or row 4*g+k of columns 0 to 3. Registers 16 to 19 are lost.
#define TRANSPOSE16 \
	TRANSPOSE(0, 1, 2, 3, 16, 17, 18, 19); \
	TRANSPOSE(4, 5, 6, 7, 16, 17, 18, 19); \
	TRANSPOSE(8, 9, 10, 11, 16, 17, 18, 19); \
	TRANSPOSE(12, 13, 14, 15, 16, 17, 18, 19)

// ROWS4 makes R10, R11, R12, R13 pointers to four rows from R8 on, R5 bytes apart.
#define ROWS4 \
	MOVD R8, R10; \
	ADD  R5, R10, R11; \
	ADD  R5, R11, R12; \
	ADD  R5, R12, R13

// FACTORS broadcasts the elements of register 16, one for each of four rows, to registers 20 to 23.
#define FACTORS \
	DUP_4S_LANE0(20, 16); \
	DUP_4S_LANE1(21, 16); \
	DUP_4S_LANE2(22, 16); \
	DUP_4S_LANE3(23, 16)
