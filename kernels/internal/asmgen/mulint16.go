package main

import "fmt"

// The products of int16 tiles and rows with AVX-512 VNNI and AVX2: the loops of mulfloat_avx512.go and mulfloat_avx2.go with pairs of
// columns in the place of columns. After the last pair of a tile and a row come their scales, where the pointers then stand.
//
//	Z0-Z23   AVX-512: integer sums, one for each tile and token
//	Z24-Z27  16 rows of one pair of columns of each tile, then their scales
//
//	Y0-Y11   AVX2: integer sums, two for each tile and token
//	Y12-Y13  16 rows of one pair of columns of a tile, then their scales
//	Y14-Y15  a broadcast pair of a row, products
//
// An integer sum has at most int16ChunkPairs pairs (kernels.SumColumns columns); the float32 sum of more than one lives in dst.

const int16ChunkPairs = 64

var int16Format = floatFormat{"Int16", 64, "dst *float32, ldd int, w *uint32, stride, pairs int, a *uint32, lda int",
	"ldd and lda count words; pairs is even and not 0.", "pairs", "a", "lda"}

// int16Vectors is what differs between the instruction sets.
type int16Vectors struct {
	zero     func(tile, t int)
	pairs    func(n int)                   // adds the products of n pairs of columns
	convert  func(tile, t int)             // integer sums to float32
	add      func(tile, t int, row string) // the sum so far, which is in dst
	scales   func(tile int)                // loads the tile's
	multiply func(tile, t int)             // by both scales
	store    func(tile, t int, row string) // to dst
}

// mulInt16Loop writes the function of one shape.
func mulInt16Loop(f *file, a mulFloatAddresses, isa string, v int16Vectors) {
	f.fnFrame(fmt.Sprintf("mulInt16x%dx%d%s", a.tiles, a.tokens, isa), int16Format.params, 8, 56,
		fmt.Sprintf("%d tiles (stride bytes apart) x %d tokens; %s", a.tiles, a.tokens, int16Format.comment))
	each := func(do func(tile, t int)) {
		for t := range a.tokens {
			for tile := range a.tiles {
				do(tile, t)
			}
		}
	}
	rows := func(row string, do func(tile, t int, row string)) {
		dstRows(f, a.tokens, row, func(t int, row string) {
			for tile := range a.tiles {
				do(tile, t, row)
			}
		})
	}
	a.load(f, int16Format)
	f.label("chunk") // CX pairs are left
	f.op("MOVQ", "CX", "rest-8(SP)")
	each(v.zero)
	f.op("CMPQ", "CX", fmt.Sprintf("$%d", int16ChunkPairs))
	f.op("JLE", "counted")
	f.op("MOVQ", fmt.Sprintf("$%d", int16ChunkPairs), "CX")
	f.label("counted")
	f.op("SUBQ", "$4", "CX")
	f.op("JLT", "two")
	f.label("four")
	v.pairs(4)
	a.advance(f, int16Format, 4)
	f.op("SUBQ", "$4", "CX")
	f.op("JGE", "four")
	f.label("two")
	f.op("TESTQ", "$2", "CX")
	f.op("JZ", "sum")
	v.pairs(2)
	a.advance(f, int16Format, 2)
	f.label("sum")
	each(v.convert)
	f.op("MOVQ", "rest-8(SP)", "CX")
	f.op("CMPQ", "CX", "pairs+32(FP)")
	f.op("JEQ", "first")
	rows("AX", v.add)
	f.label("first")
	f.op("SUBQ", fmt.Sprintf("$%d", int16ChunkPairs), "CX")
	f.op("JLE", "scale")
	rows("AX", v.store)
	f.op("JMP", "chunk")
	f.label("scale")
	for tile := range a.tiles {
		v.scales(tile)
		for t := range a.tokens {
			v.multiply(tile, t)
		}
	}
	rows("DI", v.store)
	f.op("VZEROUPPER")
	f.op("RET")
}

func mulInt16AVX512() *file {
	f := &file{name: "mulint16_avx512"}
	for _, s := range mulFloatShapes {
		mulInt16ShapeAVX512(f, s[0], s[1])
	}
	mulFloatSwitch(f, int16Format, "AVX512", mulFloatShapes)
	return f
}

func mulInt16ShapeAVX512(f *file, tiles, tokens int) {
	a := newMulFloatAddresses(tiles, tokens)
	sum := func(tile, t int) string { return z(tile*tokens + t) }
	mulInt16Loop(f, a, "AVX512", int16Vectors{
		zero: func(tile, t int) { f.op("VPXORD", sum(tile, t), sum(tile, t), sum(tile, t)) },
		pairs: func(n int) {
			for c := range n {
				for tile := range tiles {
					f.op("VMOVDQU32", a.weight(64*c, tile), z(24+tile))
				}
				for t := range tokens {
					for tile := range tiles {
						f.op("VPDPWSSD.BCST", a.activation(c, t), z(24+tile), sum(tile, t))
					}
				}
			}
		},
		convert: func(tile, t int) { f.op("VCVTDQ2PS", sum(tile, t), sum(tile, t)) },
		add:     func(tile, t int, row string) { f.op("VADDPS", mem(64*tile, row), sum(tile, t), sum(tile, t)) },
		scales:  func(tile int) { f.op("VMOVUPS", a.weight(0, tile), z(24+tile)) },
		multiply: func(tile, t int) {
			f.op("VMULPS", z(24+tile), sum(tile, t), sum(tile, t))
			f.op("VMULPS.BCST", a.activation(0, t), sum(tile, t), sum(tile, t))
		},
		store: func(tile, t int, row string) { f.op("VMOVUPS", sum(tile, t), mem(64*tile, row)) },
	})
}

func mulInt16AVX2() *file {
	f := &file{name: "mulint16_avx2"}
	for _, s := range mulFloatShapes2 {
		mulInt16ShapeAVX2(f, s[0], s[1])
	}
	mulFloatSwitch(f, int16Format, "AVX2", mulFloatShapes2)
	return f
}

func mulInt16ShapeAVX2(f *file, tiles, tokens int) {
	a := newMulFloatAddresses(tiles, tokens)
	sum := func(tile, t, half int) string { return y(2*(tile*tokens+t) + half) }
	// halves does something to both halves of a sum.
	halves := func(tile, t int, do func(half int, sum string)) {
		for half := range 2 {
			do(half, sum(tile, t, half))
		}
	}
	load := func(c, tile int) {
		for half := range 2 {
			f.op("VMOVDQU", a.weight(64*c+32*half, tile), y(12+half))
		}
	}
	mulInt16Loop(f, a, "AVX2", int16Vectors{
		zero: func(tile, t int) { halves(tile, t, func(_ int, sum string) { f.op("VPXOR", sum, sum, sum) }) },
		pairs: func(n int) {
			for c := range n {
				for tile := range tiles {
					load(c, tile)
					for t := range tokens {
						f.op("VPBROADCASTD", a.activation(c, t), "Y14")
						f.op("VPMADDWD", "Y14", "Y12", "Y15")
						f.op("VPADDD", "Y15", sum(tile, t, 0), sum(tile, t, 0))
						f.op("VPMADDWD", "Y14", "Y13", "Y15")
						f.op("VPADDD", "Y15", sum(tile, t, 1), sum(tile, t, 1))
					}
				}
			}
		},
		convert: func(tile, t int) { halves(tile, t, func(_ int, sum string) { f.op("VCVTDQ2PS", sum, sum) }) },
		add: func(tile, t int, row string) {
			halves(tile, t, func(half int, sum string) { f.op("VADDPS", mem(64*tile+32*half, row), sum, sum) })
		},
		scales: func(tile int) { load(0, tile) },
		multiply: func(tile, t int) {
			f.op("VBROADCASTSS", a.activation(0, t), "Y14")
			halves(tile, t, func(half int, sum string) {
				f.op("VMULPS", y(12+half), sum, sum)
				f.op("VMULPS", "Y14", sum, sum)
			})
		},
		store: func(tile, t int, row string) {
			halves(tile, t, func(half int, sum string) { f.op("VMOVUPS", sum, mem(64*tile+32*half, row)) })
		},
	})
}
