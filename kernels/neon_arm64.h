// The vector instructions of the arm64 kernels, as macros of register numbers: NAME(d, n, m) is NAME Vd, Vn, Vm of the Arm manual,
// destination first. Go's assembler knows few of them, and those only by register names, which a macro cannot make from a number.
//
// The line above each macro is what a disassembler prints for it, with {d}, {n}, {m} for the registers and {s} for a shift. A test
// (neon_encoding_test.go) evaluates each macro for many registers, has the words disassembled, and compares.
//
// All but four are Armv8.0 Advanced SIMD. SDOT_4S and SDOT_4S_LANE0 want the feature asimddp, which is what the level "neon"
// asks for; USDOT_4S_LANE0 and USMMLA_4S want i8mm, and are in loops of their own (*_i8mm_arm64.s).

// Dot products of bytes: each 32-bit element of d gets the sum of four products added. USMMLA: of eight, two rows by two columns.

// sdot v{d}.4s, v{n}.16b, v{m}.16b
#define SDOT_4S(d, n, m) WORD $(0x4e809400 | (m)<<16 | (n)<<5 | (d))
// sdot v{d}.4s, v{n}.16b, v{m}.4b[0]
#define SDOT_4S_LANE0(d, n, m) WORD $(0x4f80e000 | (m)<<16 | (n)<<5 | (d))
// usdot v{d}.4s, v{n}.16b, v{m}.4b[0]
#define USDOT_4S_LANE0(d, n, m) WORD $(0x4f80f000 | (m)<<16 | (n)<<5 | (d))
// usmmla v{d}.4s, v{n}.16b, v{m}.16b
#define USMMLA_4S(d, n, m) WORD $(0x4e80ac00 | (m)<<16 | (n)<<5 | (d))

// Products of 16-bit integers, added to 32-bit sums: SMLAL takes the lower four elements of n, SMLAL2 the upper four. The
// register l is one of the lower 16.

// smlal v{d}.4s, v{n}.4h, v{l}.h[0]
#define SMLAL_4S_LANE0(d, n, l) WORD $(0x0f402000 | (l)<<16 | (n)<<5 | (d))
// smlal v{d}.4s, v{n}.4h, v{l}.h[1]
#define SMLAL_4S_LANE1(d, n, l) WORD $(0x0f502000 | (l)<<16 | (n)<<5 | (d))
// smlal2 v{d}.4s, v{n}.8h, v{l}.h[0]
#define SMLAL2_4S_LANE0(d, n, l) WORD $(0x4f402000 | (l)<<16 | (n)<<5 | (d))
// smlal2 v{d}.4s, v{n}.8h, v{l}.h[1]
#define SMLAL2_4S_LANE1(d, n, l) WORD $(0x4f502000 | (l)<<16 | (n)<<5 | (d))

// Integers and bits.

// movi v{d}.16b, #0x0
#define MOVI0_16B(d) WORD $(0x4f00e400 | (d))
// movi v{d}.16b, #0xf
#define MOVI15_16B(d) WORD $(0x4f00e5e0 | (d))
// movi v{d}.16b, #0x80
#define MOVI128_16B(d) WORD $(0x4f04e400 | (d))
// mov v{d}.16b, v{n}.16b
#define MOV_16B(d, n) WORD $(0x4ea01c00 | (n)<<16 | (n)<<5 | (d))
// dup v{d}.4s, v{n}.s[0]
#define DUP_4S_LANE0(d, n) WORD $(0x4e040400 | (n)<<5 | (d))
// dup v{d}.4s, v{n}.s[1]
#define DUP_4S_LANE1(d, n) WORD $(0x4e0c0400 | (n)<<5 | (d))
// dup v{d}.4s, v{n}.s[2]
#define DUP_4S_LANE2(d, n) WORD $(0x4e140400 | (n)<<5 | (d))
// dup v{d}.4s, v{n}.s[3]
#define DUP_4S_LANE3(d, n) WORD $(0x4e1c0400 | (n)<<5 | (d))
// dup v{d}.2d, v{n}.d[0]
#define DUP_2D_LANE0(d, n) WORD $(0x4e080400 | (n)<<5 | (d))
// and v{d}.16b, v{n}.16b, v{m}.16b
#define AND_16B(d, n, m) WORD $(0x4e201c00 | (m)<<16 | (n)<<5 | (d))
// bic v{d}.16b, v{n}.16b, v{m}.16b
#define BIC_16B(d, n, m) WORD $(0x4e601c00 | (m)<<16 | (n)<<5 | (d))
// eor v{d}.16b, v{n}.16b, v{m}.16b
#define EOR_16B(d, n, m) WORD $(0x6e201c00 | (m)<<16 | (n)<<5 | (d))
// orr v{d}.16b, v{n}.16b, v{m}.16b
#define ORR_16B(d, n, m) WORD $(0x4ea01c00 | (m)<<16 | (n)<<5 | (d))
// bsl v{d}.16b, v{n}.16b, v{m}.16b
#define BSL_16B(d, n, m) WORD $(0x6e601c00 | (m)<<16 | (n)<<5 | (d))
// bit v{d}.16b, v{n}.16b, v{m}.16b
#define BIT_16B(d, n, m) WORD $(0x6ea01c00 | (m)<<16 | (n)<<5 | (d))
// add v{d}.4s, v{n}.4s, v{m}.4s
#define ADD_4S(d, n, m) WORD $(0x4ea08400 | (m)<<16 | (n)<<5 | (d))
// sub v{d}.4s, v{n}.4s, v{m}.4s
#define SUB_4S(d, n, m) WORD $(0x6ea08400 | (m)<<16 | (n)<<5 | (d))
// sub v{d}.16b, v{n}.16b, v{m}.16b
#define SUB_16B(d, n, m) WORD $(0x6e208400 | (m)<<16 | (n)<<5 | (d))
// smax v{d}.16b, v{n}.16b, v{m}.16b
#define SMAX_16B(d, n, m) WORD $(0x4e206400 | (m)<<16 | (n)<<5 | (d))
// smin v{d}.16b, v{n}.16b, v{m}.16b
#define SMIN_16B(d, n, m) WORD $(0x4e206c00 | (m)<<16 | (n)<<5 | (d))
// addp v{d}.4s, v{n}.4s, v{m}.4s
#define ADDP_4S(d, n, m) WORD $(0x4ea0bc00 | (m)<<16 | (n)<<5 | (d))
// umax v{d}.4s, v{n}.4s, v{m}.4s
#define UMAX_4S(d, n, m) WORD $(0x6ea06400 | (m)<<16 | (n)<<5 | (d))
// umaxv s{d}, v{n}.4s
#define UMAXV_4S(d, n) WORD $(0x6eb0a800 | (n)<<5 | (d))
// cmhi v{d}.4s, v{n}.4s, v{m}.4s
#define CMHI_4S(d, n, m) WORD $(0x6ea03400 | (m)<<16 | (n)<<5 | (d))
// cmhs v{d}.4s, v{n}.4s, v{m}.4s
#define CMHS_4S(d, n, m) WORD $(0x6ea03c00 | (m)<<16 | (n)<<5 | (d))
// ushl v{d}.4s, v{n}.4s, v{m}.4s
#define USHL_4S(d, n, m) WORD $(0x6ea04400 | (m)<<16 | (n)<<5 | (d))
// cmlt v{d}.4s, v{n}.4s, #0
#define CMLT0_4S(d, n) WORD $(0x4ea0a800 | (n)<<5 | (d))
// shl v{d}.4s, v{n}.4s, #{s}
#define SHL_4S(d, n, s) WORD $(0x4f005400 | (32+(s))<<16 | (n)<<5 | (d))
// sshr v{d}.4s, v{n}.4s, #{s}
#define SSHR_4S(d, n, s) WORD $(0x4f000400 | (64-(s))<<16 | (n)<<5 | (d))
// ushr v{d}.4s, v{n}.4s, #{s}
#define USHR_4S(d, n, s) WORD $(0x6f000400 | (64-(s))<<16 | (n)<<5 | (d))
// ushr v{d}.16b, v{n}.16b, #4
#define USHR4_16B(d, n) WORD $(0x6f0c0400 | (n)<<5 | (d))
// sli v{d}.16b, v{n}.16b, #4
#define SLI4_16B(d, n) WORD $(0x6f0c5400 | (n)<<5 | (d))
// uzp1 v{d}.8h, v{n}.8h, v{m}.8h
#define UZP1_8H(d, n, m) WORD $(0x4e401800 | (m)<<16 | (n)<<5 | (d))
// uzp2 v{d}.8h, v{n}.8h, v{m}.8h
#define UZP2_8H(d, n, m) WORD $(0x4e405800 | (m)<<16 | (n)<<5 | (d))
// uzp1 v{d}.16b, v{n}.16b, v{m}.16b
#define UZP1_16B(d, n, m) WORD $(0x4e001800 | (m)<<16 | (n)<<5 | (d))
// uzp1 v{d}.4s, v{n}.4s, v{m}.4s
#define UZP1_4S(d, n, m) WORD $(0x4e801800 | (m)<<16 | (n)<<5 | (d))
// uzp2 v{d}.4s, v{n}.4s, v{m}.4s
#define UZP2_4S(d, n, m) WORD $(0x4e805800 | (m)<<16 | (n)<<5 | (d))
// zip1 v{d}.8h, v{n}.8h, v{m}.8h
#define ZIP1_8H(d, n, m) WORD $(0x4e403800 | (m)<<16 | (n)<<5 | (d))
// zip2 v{d}.8h, v{n}.8h, v{m}.8h
#define ZIP2_8H(d, n, m) WORD $(0x4e407800 | (m)<<16 | (n)<<5 | (d))
// zip1 v{d}.4s, v{n}.4s, v{m}.4s
#define ZIP1_4S(d, n, m) WORD $(0x4e803800 | (m)<<16 | (n)<<5 | (d))
// zip2 v{d}.4s, v{n}.4s, v{m}.4s
#define ZIP2_4S(d, n, m) WORD $(0x4e807800 | (m)<<16 | (n)<<5 | (d))
// zip1 v{d}.2d, v{n}.2d, v{m}.2d
#define ZIP1_2D(d, n, m) WORD $(0x4ec03800 | (m)<<16 | (n)<<5 | (d))
// zip2 v{d}.2d, v{n}.2d, v{m}.2d
#define ZIP2_2D(d, n, m) WORD $(0x4ec07800 | (m)<<16 | (n)<<5 | (d))
// trn1 v{d}.4s, v{n}.4s, v{m}.4s
#define TRN1_4S(d, n, m) WORD $(0x4e802800 | (m)<<16 | (n)<<5 | (d))
// trn2 v{d}.4s, v{n}.4s, v{m}.4s
#define TRN2_4S(d, n, m) WORD $(0x4e806800 | (m)<<16 | (n)<<5 | (d))
// trn2 v{d}.8h, v{n}.8h, v{m}.8h
#define TRN2_8H(d, n, m) WORD $(0x4e406800 | (m)<<16 | (n)<<5 | (d))

// Conversions. FCVTL and SXTL widen the lower half of a register, FCVTL2 and SXTL2 the upper one; FCVTN, SQXTN and FCVTN2, SQXTN2 narrow
// into them.

// scvtf v{d}.4s, v{n}.4s
#define SCVTF_4S(d, n) WORD $(0x4e21d800 | (n)<<5 | (d))
// fcvtns v{d}.4s, v{n}.4s
#define FCVTNS_4S(d, n) WORD $(0x4e21a800 | (n)<<5 | (d))
// fcvtzs v{d}.4s, v{n}.4s
#define FCVTZS_4S(d, n) WORD $(0x4ea1b800 | (n)<<5 | (d))
// sqxtn v{d}.8b, v{n}.8h
#define SQXTN_8B(d, n) WORD $(0x0e214800 | (n)<<5 | (d))
// sqxtn2 v{d}.16b, v{n}.8h
#define SQXTN2_16B(d, n) WORD $(0x4e214800 | (n)<<5 | (d))
// sxtl v{d}.8h, v{n}.8b
#define SXTL_8H(d, n) WORD $(0x0f08a400 | (n)<<5 | (d))
// sxtl2 v{d}.8h, v{n}.16b
#define SXTL2_8H(d, n) WORD $(0x4f08a400 | (n)<<5 | (d))
// sxtl v{d}.4s, v{n}.4h
#define SXTL_4S(d, n) WORD $(0x0f10a400 | (n)<<5 | (d))
// sxtl2 v{d}.4s, v{n}.8h
#define SXTL2_4S(d, n) WORD $(0x4f10a400 | (n)<<5 | (d))
// fcvtl v{d}.4s, v{n}.4h
#define FCVTL_4S(d, n) WORD $(0x0e217800 | (n)<<5 | (d))
// fcvtl2 v{d}.4s, v{n}.8h
#define FCVTL2_4S(d, n) WORD $(0x4e217800 | (n)<<5 | (d))
// fcvtn v{d}.4h, v{n}.4s
#define FCVTN_4H(d, n) WORD $(0x0e216800 | (n)<<5 | (d))
// fcvtn2 v{d}.8h, v{n}.4s
#define FCVTN2_8H(d, n) WORD $(0x4e216800 | (n)<<5 | (d))
// fcvtl v{d}.2d, v{n}.2s
#define FCVTL_2D(d, n) WORD $(0x0e617800 | (n)<<5 | (d))
// fcvtl2 v{d}.2d, v{n}.4s
#define FCVTL2_2D(d, n) WORD $(0x4e617800 | (n)<<5 | (d))
// fcvtn v{d}.2s, v{n}.2d
#define FCVTN_2S(d, n) WORD $(0x0e616800 | (n)<<5 | (d))
// fcvtn2 v{d}.4s, v{n}.2d
#define FCVTN2_4S(d, n) WORD $(0x4e616800 | (n)<<5 | (d))

// float32. FMIN and FMAX give NaN where either input is NaN.

// fadd v{d}.4s, v{n}.4s, v{m}.4s
#define FADD_4S(d, n, m) WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d))
// fsub v{d}.4s, v{n}.4s, v{m}.4s
#define FSUB_4S(d, n, m) WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d))
// fmul v{d}.4s, v{n}.4s, v{m}.4s
#define FMUL_4S(d, n, m) WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d))
// fdiv v{d}.4s, v{n}.4s, v{m}.4s
#define FDIV_4S(d, n, m) WORD $(0x6e20fc00 | (m)<<16 | (n)<<5 | (d))
// fmla v{d}.4s, v{n}.4s, v{m}.4s
#define FMLA_4S(d, n, m) WORD $(0x4e20cc00 | (m)<<16 | (n)<<5 | (d))
// fmls v{d}.4s, v{n}.4s, v{m}.4s
#define FMLS_4S(d, n, m) WORD $(0x4ea0cc00 | (m)<<16 | (n)<<5 | (d))
// fmul v{d}.4s, v{n}.4s, v{m}.s[0]
#define FMUL_4S_LANE0(d, n, m) WORD $(0x4f809000 | (m)<<16 | (n)<<5 | (d))
// fmla v{d}.4s, v{n}.4s, v{m}.s[0]
#define FMLA_4S_LANE0(d, n, m) WORD $(0x4f801000 | (m)<<16 | (n)<<5 | (d))
// fmax v{d}.4s, v{n}.4s, v{m}.4s
#define FMAX_4S(d, n, m) WORD $(0x4e20f400 | (m)<<16 | (n)<<5 | (d))
// fmaxv s{d}, v{n}.4s
#define FMAXV_4S(d, n) WORD $(0x6e30f800 | (n)<<5 | (d))
// fmaxp v{d}.4s, v{n}.4s, v{m}.4s
#define FMAXP_4S(d, n, m) WORD $(0x6e20f400 | (m)<<16 | (n)<<5 | (d))
// fminp v{d}.4s, v{n}.4s, v{m}.4s
#define FMINP_4S(d, n, m) WORD $(0x6ea0f400 | (m)<<16 | (n)<<5 | (d))
// fmin v{d}.4s, v{n}.4s, v{m}.4s
#define FMIN_4S(d, n, m) WORD $(0x4ea0f400 | (m)<<16 | (n)<<5 | (d))
// fabs v{d}.4s, v{n}.4s
#define FABS_4S(d, n) WORD $(0x4ea0f800 | (n)<<5 | (d))
// fneg v{d}.4s, v{n}.4s
#define FNEG_4S(d, n) WORD $(0x6ea0f800 | (n)<<5 | (d))
// fcmgt v{d}.4s, v{n}.4s, v{m}.4s
#define FCMGT_4S(d, n, m) WORD $(0x6ea0e400 | (m)<<16 | (n)<<5 | (d))
// fcmgt v{d}.4s, v{n}.4s, #0.0
#define FCMGT0_4S(d, n) WORD $(0x4ea0c800 | (n)<<5 | (d))
// fcmlt v{d}.4s, v{n}.4s, #0.0
#define FCMLT0_4S(d, n) WORD $(0x4ea0e800 | (n)<<5 | (d))
// fcmeq v{d}.4s, v{n}.4s, v{m}.4s
#define FCMEQ_4S(d, n, m) WORD $(0x4e20e400 | (m)<<16 | (n)<<5 | (d))
// fcmeq v{d}.4s, v{n}.4s, #0.0
#define FCMEQ0_4S(d, n) WORD $(0x4ea0d800 | (n)<<5 | (d))

// float64.

// fadd v{d}.2d, v{n}.2d, v{m}.2d
#define FADD_2D(d, n, m) WORD $(0x4e60d400 | (m)<<16 | (n)<<5 | (d))
// fsub v{d}.2d, v{n}.2d, v{m}.2d
#define FSUB_2D(d, n, m) WORD $(0x4ee0d400 | (m)<<16 | (n)<<5 | (d))
// fmul v{d}.2d, v{n}.2d, v{m}.2d
#define FMUL_2D(d, n, m) WORD $(0x6e60dc00 | (m)<<16 | (n)<<5 | (d))
// fmla v{d}.2d, v{n}.2d, v{m}.2d
#define FMLA_2D(d, n, m) WORD $(0x4e60cc00 | (m)<<16 | (n)<<5 | (d))
// fabs v{d}.2d, v{n}.2d
#define FABS_2D(d, n) WORD $(0x4ee0f800 | (n)<<5 | (d))
// fmax v{d}.2d, v{n}.2d, v{m}.2d
#define FMAX_2D(d, n, m) WORD $(0x4e60f400 | (m)<<16 | (n)<<5 | (d))
// faddp d{d}, v{n}.2d
#define FADDP_D(d, n) WORD $(0x7e70d800 | (n)<<5 | (d))
