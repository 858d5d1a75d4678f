package main

import "fmt"

// The integer products with arm64's dot products of bytes: one tile x 1 to 6 tokens.
//
//	V0-V23   integer sums of the block: four for each token; up to 3 tokens V12-V23 are the float sums, which otherwise are on the stack
//	V24-V27  64 bytes of codes, 4 columns of 16 rows; then the scales of the 16 rows
//	V28-V30  four activations of a token in the lowest element; scales; float sums
//	V31      int8: 0x80 in every byte; int4: 0x0f
//
//	R0, R1   dst, distance of its rows
//	R2       weights
//	R3       blocks left
//	R4       panel
//
// One dot product is 16 multiply-adds; a block of 6 tokens has 192 of them. What else the vector units do for it, and the share of the
// dot products (the bound, as all of it goes to the same units on the CPUs in use):
//
//	            start  codes  scales of rows  sums to float, scale, add  all  multiply-adds each
//	int4 SDOT      24     32               4                         72  324  9.5  (59 %)
//	int8 SDOT      51     32               4                         72  351  8.8  (55 %)
//	int8 USDOT     24      0               4                         72  292  10.5 (66 %)
//
// (int8 USDOT is what I8MM would make of this shape.) Loads are 48 of activations, 16 of pairs of registers of codes (int4: each is
// loaded twice, see below; int8: 6 more of activations), 24 of float sums, 11 of scales and starts, and there are 24 stores of
// float sums: 0.65 to a dot product, which the CPUs' other units do at the same time.

// mulIntDot is how weights are multiplied.
type mulIntDot int

const (
	// dotSignedBytes: SDOT takes int8 weights as signed numbers, code-128: 128 times the sum of the block's activations is then
	// missing, and is added to the start value, so that the sum is the one of unsigned codes, whatever the panel's start says.
	dotSignedBytes mulIntDot = iota
	// dotUnsignedBytes: USDOT takes int8 codes as they are. It is for single tokens: mulint_i8mm.go has more.
	dotUnsignedBytes
	// dotNibbles: a nibble is a positive number for SDOT too.
	dotNibbles
)

func (d mulIntDot) instruction() string {
	if d == dotUnsignedBytes {
		return "USDOT_4S_LANE0"
	}
	return "SDOT_4S_LANE0"
}

func (d mulIntDot) bits() int {
	if d == dotNibbles {
		return 4
	}
	return 8
}

func (d mulIntDot) isa() string {
	if d == dotUnsignedBytes {
		return "I8MM"
	}
	return "NEON"
}

func mulIntNEON(dot mulIntDot) *file {
	f := newFileNEON(fmt.Sprintf("mulint%d_neon", dot.bits()))
	for tokens := 1; tokens <= 6; tokens++ {
		mulIntShapeNEON(f, dot, tokens)
	}
	return f
}

// mulIntBegin opens the function for one tile x tokens and loads R0 to R4; the float sums take stackSums registers on the stack.
func mulIntBegin(f *file, bits, tokens int, isa string, stackSums int) {
	frame := 0
	if stackSums > 0 {
		frame = 16*stackSums + 16
	}
	f.fnFrame(fmt.Sprintf("mulInt%dx1x%d%s", bits, tokens, isa), mulIntParams, frame, 48,
		fmt.Sprintf("One tile x %d tokens; a is a panel of %d tokens; ldd counts floats; stride is not used; blocks > 0.", tokens, tokens))
	f.op("MOVD", "dst+0(FP)", "R0")
	if tokens > 1 {
		f.op("MOVD", "ldd+8(FP)", "R1")
		f.op("LSL", "$2", "R1", "R1")
	}
	f.op("MOVD", "w+16(FP)", "R2")
	f.op("MOVD", "blocks+32(FP)", "R3")
	f.op("MOVD", "a+40(FP)", "R4")
}

// mulIntNext ends the loop over blocks.
func mulIntNext(f *file, bits, tokens int) {
	f.op("ADD", fmt.Sprintf("$%d", 32+64*bits), "R2", "R2")
	f.op("ADD", fmt.Sprintf("$%d", 40*tokens), "R4", "R4")
	f.op("SUBS", "$1", "R3", "R3")
	f.op("BNE", "block")
}

// stackSum is the displacement from RSP of the i-th float sum on the stack, above the link register. The rows of dst themselves may
// share a set of the cache, if they are a large power of two apart.
func stackSum(i int) int { return 16 + 16*i }

// clearStackSums sets n sums on the stack to zero; it uses V0 and V1.
func clearStackSums(f *file, n int) {
	f.neon("MOVI0_16B", 0)
	f.neon("MOVI0_16B", 1)
	for i := 0; i < n; i += 2 {
		f.storePair(0, stackSum(i), "RSP")
	}
}

func mulIntShapeNEON(f *file, dot mulIntDot, tokens int) {
	inRegisters := tokens <= 3
	sum := func(token, part int) int { return 4*token + part }
	acc := func(token, part int) int { return 12 + 4*token + part }

	stackSums := 0
	if !inRegisters {
		stackSums = 4 * tokens
	}
	mulIntBegin(f, dot.bits(), tokens, dot.isa(), stackSums)
	switch dot {
	case dotSignedBytes:
		f.neon("MOVI128_16B", 31)
	case dotNibbles:
		f.neon("MOVI15_16B", 31)
	}
	if inRegisters {
		for i := range 4 * tokens {
			f.neon("MOVI0_16B", 12+i)
		}
	} else {
		clearStackSums(f, stackSums)
	}

	f.label("block")
	for t := 0; t < tokens; t += 2 {
		mulIntStartNEON(f, dot, tokens, t)
	}
	// products adds the products of the four columns from first on, whose codes are in V24 to V27.
	products := func(first int) {
		for t := range tokens {
			a := 28 + t%3
			f.loadS(32*t+first, "R4", a)
			for part := range 4 {
				f.neon(dot.instruction(), sum(t, part), 24+part, a)
			}
		}
	}
	codes := func(j int) {
		f.loadPair(32+64*j, "R2", 24)
		f.loadPair(64+64*j, "R2", 26)
	}
	for j := range dot.bits() {
		codes(j)
		switch dot {
		case dotSignedBytes:
			for v := 24; v < 28; v++ {
				f.neon("EOR_16B", v, v, 31)
			}
		case dotNibbles: // six tokens leave no registers for both nibbles, so codes are loaded twice
			for v := 24; v < 28; v++ {
				f.neon("AND_16B", v, v, 31)
			}
			products(4 * j)
			codes(j)
			for v := 24; v < 28; v++ {
				f.neon("USHR4_16B", v, v)
			}
			products(16 + 4*j)
			continue
		}
		products(4 * j)
	}

	f.loadQ(0, "R2", 24)
	f.loadQ(16, "R2", 26)
	widenNEON(f)
	for t := range tokens {
		f.loadS(32*tokens+4*t, "R4", 28)
		for part := range 4 {
			f.neon("SCVTF_4S", sum(t, part), sum(t, part))
			f.neon("FMUL_4S_LANE0", 29, 24+part, 28)
			if inRegisters {
				f.neon("FMLA_4S", acc(t, part), sum(t, part), 29)
				continue
			}
			f.loadQ(stackSum(sum(t, part)), "RSP", 30)
			f.neon("FMLA_4S", 30, sum(t, part), 29)
			f.storeQ(30, stackSum(sum(t, part)), "RSP")
		}
	}
	mulIntNext(f, dot.bits(), tokens)
	dstRowsNEON(f, tokens, "R0", func(t int, row string) {
		from := acc(t, 0)
		if !inRegisters {
			from = 0
			f.loadPair(stackSum(sum(t, 0)), "RSP", 0)
			f.loadPair(stackSum(sum(t, 2)), "RSP", 2)
		}
		f.storePair(from, 0, row)
		f.storePair(from+2, 32, row)
	})
	f.op("RET")
}

// mulIntStartNEON sets the sums of token t and the next one, if there is one, to the panel's start values.
func mulIntStartNEON(f *file, dot mulIntDot, tokens, t int) {
	count := min(2, tokens-t)
	if at := 36*tokens + 4*t; count == 2 {
		f.loadD(at, "R4", 30)
	} else {
		f.loadS(at, "R4", 30)
	}
	if dot == dotSignedBytes { // minus 128 times the activations: 0x80 is -128
		for i := range count {
			f.loadPair(32*(t+i), "R4", 26)
			f.neon("MOVI0_16B", 28+i)
			f.neon("SDOT_4S", 28+i, 26, 31)
			f.neon("SDOT_4S", 28+i, 27, 31)
		}
		f.neon("ADDP_4S", 28, 28, 28+count-1)
		f.neon("ADDP_4S", 28, 28, 28)
		f.neon("SUB_4S", 30, 30, 28)
	}
	for i := range count {
		for part := range 4 {
			f.neon([]string{"DUP_4S_LANE0", "DUP_4S_LANE1"}[i], 4*(t+i)+part, 30)
		}
	}
}

// widenNEON makes float32 in V24 to V27 of the half floats in V24 and V26.
func widenNEON(f *file) {
	for _, v := range []int{24, 26} {
		f.neon("FCVTL2_4S", v+1, v)
		f.neon("FCVTL_4S", v, v)
	}
}
