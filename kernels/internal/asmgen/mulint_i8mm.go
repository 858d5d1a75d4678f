package main

// The integer products with arm64's matrix products of bytes: USMMLA adds the product of two rows of 8 weights and 8 activations of
// two tokens to a register of four sums,
//
//	row 0 x token 0, row 0 x token 1, row 1 x token 0, row 1 x token 1
//
// which stay in this order until the end. One tile x 2 to 6 tokens, in pairs; an odd token is paired with zeros.
//
//	V0-V23   integer sums of the block: of row pair q and token pair p in V(8*p+q)
//	V24-V26  8 activations of both tokens of each pair; V24-V27 scales
//	V27-V30  weights and activations on the way; V8-V15 the float sums of 2 tokens, which otherwise are on the stack
//	V31      int4: 0x0f in every byte, made anew in each block
//
//	R0-R4    as in mulint_neon.go
//
// One USMMLA is 32 multiply-adds; a block of 6 tokens has 96 of them. What else the vector units do for it:
//
//	      start  activations  codes  scales of rows  sums to float, scale, add  all  multiply-adds each
//	int8     24           12     32              18                         72  254  12.1 (38 % of the peak of USMMLA)
//	int4     25           12     64              18                         72  287  10.7 (33 %)
//
// 15 % and 13 % less than with USDOT and SDOT. 8 columns of a row are in two registers (ZIP brings them together), so the codes are
// touched once more, and those of int4 are loaded and zipped for either nibble, because both do not fit beside 24 sums.
// Loads are 24 of activations, 32 of codes (int4: for half as many), 11 of scales and starts, and 12 of pairs of float sums, with
// as many stores: about one to a USMMLA.

func mulIntI8MM(bits int) *file {
	f := newFileNEON(map[int]string{8: "mulint8_i8mm", 4: "mulint4_i8mm"}[bits])
	if bits == 8 {
		mulIntShapeNEON(f, dotUnsignedBytes, 1)
	}
	for tokens := 2; tokens <= 6; tokens++ {
		mulIntShapeI8MM(f, bits, tokens)
	}
	return f
}

func mulIntShapeI8MM(f *file, bits, tokens int) {
	pairs := (tokens + 1) / 2
	sum := func(p, q int) int { return 8*p + q }
	inRegisters := pairs == 1
	stackSums := 0
	if !inRegisters {
		stackSums = 8 * pairs
	}
	mulIntBegin(f, bits, tokens, "I8MM", stackSums)
	if inRegisters {
		for q := range 8 {
			f.neon("MOVI0_16B", 8+q)
		}
	} else {
		clearStackSums(f, stackSums)
	}
	// loadBoth loads the 32 bits of both tokens of a pair, twice; the second token's are zero where there is none.
	loadBoth := func(p, displacement, v int) {
		if 2*p+1 < tokens {
			f.loadD(displacement+8*p, "R4", v)
		} else {
			f.loadS(displacement+8*p, "R4", v)
		}
	}

	f.label("block")
	for p := range pairs {
		loadBoth(p, 36*tokens, 27)
		for q := range 8 {
			f.neon("DUP_2D_LANE0", sum(p, q), 27)
		}
	}
	if bits == 4 {
		f.neon("MOVI15_16B", 31)
	}
	// products multiplies the 8 columns from first on, whose codes are the j-th 64 bytes and the next ones.
	products := func(j, first int) {
		for p := range pairs {
			f.loadD(64*p+first, "R4", 24+p)
			if 2*p+1 < tokens {
				f.loadD(64*p+32+first, "R4", 27)
				f.neon("ZIP1_2D", 24+p, 24+p, 27)
			}
		}
		for part := range 4 {
			f.loadQ(32+64*j+16*part, "R2", 28)
			f.loadQ(96+64*j+16*part, "R2", 29)
			f.neon("ZIP1_4S", 30, 28, 29)
			f.neon("ZIP2_4S", 28, 28, 29)
			for i, codes := range []int{30, 28} {
				switch {
				case bits == 4 && first < 16:
					f.neon("AND_16B", codes, codes, 31)
				case bits == 4:
					f.neon("USHR4_16B", codes, codes)
				}
				for p := range pairs {
					f.neon("USMMLA_4S", sum(p, 2*part+i), codes, 24+p)
				}
			}
		}
	}
	for j := 0; j < bits; j += 2 {
		products(j, 4*j)
		if bits == 4 {
			products(j, 16+4*j)
		}
	}

	for half := range 2 { // scales of 8 rows, each twice, in V24 to V27
		f.loadQ(16*half, "R2", 24)
		f.neon("ZIP2_8H", 26, 24, 24)
		f.neon("ZIP1_8H", 24, 24, 24)
		widenNEON(f)
		for p := range pairs {
			loadBoth(p, 32*tokens, 28)
			f.neon("DUP_2D_LANE0", 28, 28)
			for i := 0; i < 4; i += 2 {
				q := 4*half + i
				if !inRegisters {
					f.loadPair(stackSum(sum(p, q)), "RSP", 30)
				}
				for k := range 2 {
					f.neon("SCVTF_4S", sum(p, q+k), sum(p, q+k))
					f.neon("FMUL_4S", 29, 24+i+k, 28)
					to := 30 + k
					if inRegisters {
						to = 8 + q + k
					}
					f.neon("FMLA_4S", to, sum(p, q+k), 29)
				}
				if !inRegisters {
					f.storePair(30, stackSum(sum(p, q)), "RSP")
				}
			}
		}
	}
	mulIntNext(f, bits, tokens)

	for p := range pairs {
		from := 8
		if !inRegisters {
			from = 0
			for q := 0; q < 8; q += 2 {
				f.loadPair(stackSum(sum(p, q)), "RSP", q)
			}
		}
		for t, uzp := range []string{"UZP1_4S", "UZP2_4S"}[:min(2, tokens-2*p)] {
			for part := range 4 {
				f.neon(uzp, 16+part, from+2*part, from+2*part+1)
			}
			f.storePair(16, 0, "R0")
			f.storePair(18, 32, "R0")
			if 2*p+t+1 < tokens {
				f.op("ADD", "R1", "R0", "R0")
			}
		}
	}
	f.op("RET")
}
