package main

import "fmt"

// The products of int16 tiles and rows for arm64: one function for each shape of tiles x tokens, with the general registers of
// mulfloat_neon.go. After the last pair of a tile and a row come their scales, where the pointers then stand.
//
//	V0-V3   8 rows of a pair of columns, then the first columns and the second ones; at the end 16 scales
//	V4-V6   a pair of columns of a token, whose elements only V0 to V15 can give
//	V8-V31  integer sums: four for each tile and token
//	R16     pairs that are left
//
// A pair of columns of one tile x 6 tokens is 48 SMLAL of 4 multiply-adds, 6 loads of pairs, 2 of (pairs of registers of) codes and 4 UZP.

func mulInt16NEON() *file {
	f := newFileNEON("mulint16_neon")
	for _, s := range mulFloatShapesNEON {
		mulInt16ShapeNEON(f, s[0], s[1])
	}
	mulFloatSwitch(f, int16Format, "NEON", mulFloatShapesNEON)
	return f
}

func mulInt16ShapeNEON(f *file, tiles, tokens int) {
	weights := []string{"R2", "R7", "R8", "R9"}[:tiles]
	rows := []string{"R5", "R10", "R11", "R12", "R13", "R14"}[:tokens]
	sum := func(tile, token, part int) int { return 8 + 4*(tile*tokens+token) + part }
	each := func(do func(sum int)) {
		for i := range 4 * tiles * tokens {
			do(8 + i)
		}
	}
	store := func(row string) {
		dstRowsNEON(f, tokens, row, func(t int, row string) {
			for tile := range tiles {
				f.storePair(sum(tile, t, 0), 64*tile, row)
				f.storePair(sum(tile, t, 2), 64*tile+32, row)
			}
		})
	}

	f.fnFrame(fmt.Sprintf("mulInt16x%dx%dNEON", tiles, tokens), int16Format.params, 0, 56,
		fmt.Sprintf("%d tiles (stride bytes apart) x %d tokens; %s", tiles, tokens, int16Format.comment))
	f.op("MOVD", "dst+0(FP)", "R0")
	f.op("MOVD", "w+16(FP)", "R2")
	f.op("MOVD", "pairs+32(FP)", "R16")
	f.op("MOVD", "a+40(FP)", "R5")
	if tiles > 1 {
		f.op("MOVD", "stride+24(FP)", "R3")
	}
	if tokens > 1 {
		f.op("MOVD", "ldd+8(FP)", "R1")
		f.op("LSL", "$2", "R1", "R1")
		f.op("MOVD", "lda+48(FP)", "R6")
		f.op("LSL", "$2", "R6", "R6")
	}
	for i := 1; i < tiles; i++ {
		f.op("ADD", "R3", weights[i-1], weights[i])
	}
	for t := 1; t < tokens; t++ {
		f.op("ADD", "R6", rows[t-1], rows[t])
	}

	f.label("chunk")
	each(func(v int) { f.neon("MOVI0_16B", v) })
	f.op("CMP", fmt.Sprintf("$%d", int16ChunkPairs), "R16")
	f.op("MOVD", fmt.Sprintf("$%d", int16ChunkPairs), "R4")
	f.op("CSEL", "LT", "R16", "R4", "R4")
	f.label("two")
	for c := range 2 {
		if tiles > 1 { // few tokens: their pairs are loaded once for all tiles
			for t := range tokens {
				f.loadS(4*c, rows[t], 4+t)
			}
		}
		for tile := range tiles {
			for half := range 2 {
				f.loadPair(64*c+32*half, weights[tile], 0)
				f.neon("UZP1_8H", 2, 0, 1)
				f.neon("UZP2_8H", 3, 0, 1)
				for t := range tokens {
					a := 4 + t%3
					if tiles == 1 {
						f.loadS(4*c, rows[t], a)
					}
					low, high := sum(tile, t, 2*half), sum(tile, t, 2*half+1)
					f.neon("SMLAL_4S_LANE0", low, 2, a)
					f.neon("SMLAL2_4S_LANE0", high, 2, a)
					f.neon("SMLAL_4S_LANE1", low, 3, a)
					f.neon("SMLAL2_4S_LANE1", high, 3, a)
				}
			}
		}
	}
	for _, w := range weights {
		f.op("ADD", "$128", w, w)
	}
	for _, x := range rows {
		f.op("ADD", "$8", x, x)
	}
	f.op("SUBS", "$2", "R4", "R4")
	f.op("BGT", "two")

	each(func(v int) { f.neon("SCVTF_4S", v, v) })
	f.op("MOVD", "pairs+32(FP)", "R6")
	f.op("CMP", "R6", "R16")
	f.op("BEQ", "first")
	dstRowsNEON(f, tokens, "R15", func(t int, row string) {
		for tile := range tiles {
			for part := range 4 {
				f.loadQ(64*tile+16*part, row, part)
				f.neon("FADD_4S", sum(tile, t, part), sum(tile, t, part), part)
			}
		}
	})
	f.label("first")
	f.op("SUBS", fmt.Sprintf("$%d", int16ChunkPairs), "R16", "R16")
	f.op("BLE", "scale")
	store("R15")
	f.op("B", "chunk")

	f.label("scale")
	for tile := range tiles {
		f.loadPair(0, weights[tile], 0)
		f.loadPair(32, weights[tile], 2)
		for t := range tokens {
			f.loadS(0, rows[t], 4)
			for part := range 4 {
				f.neon("FMUL_4S", sum(tile, t, part), sum(tile, t, part), part)
				f.neon("FMUL_4S_LANE0", sum(tile, t, part), sum(tile, t, part), 4)
			}
		}
	}
	store("R0")
	f.op("RET")
}
