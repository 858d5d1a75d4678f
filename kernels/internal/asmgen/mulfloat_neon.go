package main

import "fmt"

// The floating-point products for arm64: one function for each shape of tiles x tokens.
//
//	V0-V23   sums: four for each tile and token
//	V24-V27  16 rows of one column of a tile
//	V28-V30  an activation of a token in the lowest element
//	V31      bf16: 0xffff0000 in every element
//
//	R0, R1           dst, distance of its rows
//	R2, R7-R9        weights of the tiles
//	R3               distance of tiles
//	R4               columns
//	R5, R10-R14      x of the tokens
//	R15              a row of dst, at the end
//
// A column of one tile x 6 tokens is 24 FMLA of 4 multiply-adds, 6 loads of activations and 2 of (pairs of registers of) weights; f16 and
// bf16 weights take 4 instructions to widen, so that FMLA has 86 to 100 % of the vector units.

// mulFloatShapesNEON are tiles x tokens: 12 chains of FMLA or more where possible (2 to 4 start in a cycle and take four).
var mulFloatShapesNEON = [][2]int{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 2}, {2, 3}, {4, 1}}

func mulFloatNEON() []*file {
	var files []*file
	for _, format := range floatFormats {
		f := newFileNEON(fmt.Sprintf("mul%s_neon", lower(format.name)))
		for _, s := range mulFloatShapesNEON {
			mulFloatShapeNEON(f, format, s[0], s[1])
		}
		mulFloatSwitch(f, format, "NEON", mulFloatShapesNEON)
		files = append(files, f)
	}
	return files
}

func mulFloatShapeNEON(f *file, format floatFormat, tiles, tokens int) {
	weights := []string{"R2", "R7", "R8", "R9"}[:tiles]
	rows := []string{"R5", "R10", "R11", "R12", "R13", "R14"}[:tokens]
	sum := func(tile, token, part int) int { return 4*(tile*tokens+token) + part }

	f.fn(fmt.Sprintf("mul%sx%dx%dNEON", format.name, tiles, tokens), format.params, 57,
		fmt.Sprintf("%d tiles (stride bytes apart) x %d tokens; %s", tiles, tokens, format.comment))
	f.op("MOVD", "dst+0(FP)", "R0")
	f.op("MOVD", "w+16(FP)", "R2")
	f.op("MOVD", "cols+32(FP)", "R4")
	f.op("MOVD", "x+40(FP)", "R5")
	if tiles > 1 {
		f.op("MOVD", "stride+24(FP)", "R3")
	}
	if tokens > 1 {
		f.op("MOVD", "ldd+8(FP)", "R1")
		f.op("LSL", "$2", "R1", "R1")
		f.op("MOVD", "ldx+48(FP)", "R6")
		f.op("LSL", "$2", "R6", "R6")
	}
	for i := 1; i < tiles; i++ {
		f.op("ADD", "R3", weights[i-1], weights[i])
	}
	for t := 1; t < tokens; t++ {
		f.op("ADD", "R6", rows[t-1], rows[t])
	}
	if format.name == "BF16" {
		f.op("MOVD", "$0xffff0000", "R15")
		f.op("VDUP", "R15", "V31.S4")
	}
	for i := range 4 * tiles * tokens {
		f.neon("MOVI0_16B", i)
	}

	column := func(c int) {
		if tiles > 1 { // few tokens: their activations are loaded once for all tiles
			for t := range tokens {
				f.loadS(4*c, rows[t], 28+t)
			}
		}
		for tile := range tiles {
			columnNEON(f, format, c, weights[tile])
			for t := range tokens {
				a := 28 + t%3
				if tiles == 1 {
					f.loadS(4*c, rows[t], a)
				}
				for part := range 4 {
					f.neon("FMLA_4S_LANE0", sum(tile, t, part), 24+part, a)
				}
			}
		}
	}
	columns := func(n int) {
		for c := range n {
			column(c)
		}
		for _, w := range weights {
			f.op("ADD", fmt.Sprintf("$%d", n*format.columnBytes), w, w)
		}
		for _, x := range rows {
			f.op("ADD", fmt.Sprintf("$%d", 4*n), x, x)
		}
	}
	// Four columns at a time, then two, then one: pairs of bf16 columns stay together.
	f.op("SUBS", "$4", "R4", "R4")
	f.op("BLT", "two")
	f.label("four")
	columns(4)
	f.op("SUBS", "$4", "R4", "R4")
	f.op("BGE", "four")
	f.label("two") // R4 is the rest minus 4: the same two lowest bits
	f.op("TBZ", "$1", "R4", "one")
	columns(2)
	f.label("one")
	f.op("TBZ", "$0", "R4", "store")
	column(0)

	f.label("store")
	f.op("MOVBU", "resume+56(FP)", "R6")
	f.op("CBZ", "R6", "write")
	dstRowsNEON(f, tokens, "R15", func(t int, row string) {
		for tile := range tiles {
			for part := range 4 {
				f.loadQ(64*tile+16*part, row, 24+part)
				f.neon("FADD_4S", sum(tile, t, part), sum(tile, t, part), 24+part)
			}
		}
	})
	f.label("write")
	dstRowsNEON(f, tokens, "R0", func(t int, row string) {
		for tile := range tiles {
			f.storePair(sum(tile, t, 0), 64*tile, row)
			f.storePair(sum(tile, t, 2), 64*tile+32, row)
		}
	})
	f.op("RET")
}

// columnNEON loads 16 rows of a tile's column, c places after the current one, into V24 to V27.
func columnNEON(f *file, format floatFormat, c int, base string) {
	switch format.name {
	case "F32":
		f.loadPair(64*c, base, 24)
		f.loadPair(64*c+32, base, 26)
	case "F16":
		f.loadQ(32*c, base, 24)
		f.loadQ(32*c+16, base, 26)
		widenNEON(f)
	case "BF16": // a pair of columns: the even one in the lower half of each element
		f.loadPair(64*(c/2), base, 24)
		f.loadPair(64*(c/2)+32, base, 26)
		for v := 24; v < 28; v++ {
			if c%2 == 0 {
				f.neon("SHL_4S", v, v, 16)
			} else {
				f.neon("AND_16B", v, v, 31)
			}
		}
	}
}

// dstRowsNEON is dstRows for arm64, where R1 holds the distance of the rows.
func dstRowsNEON(f *file, tokens int, row string, each func(t int, row string)) {
	if row != "R0" {
		f.op("MOVD", "R0", row)
	}
	for t := range tokens {
		each(t, row)
		if t < tokens-1 {
			f.op("ADD", "R1", row, row)
		}
	}
}
