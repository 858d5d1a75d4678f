package main

// The products of bfloat16 weights and bfloat16 activations with AVX512_BF16: the loops of mulfloat_avx512.go with pairs of columns
// in the place of columns.
//
//	Z0-Z23   sums, one for each tile and token: a single chain of VDPBF16PS in column order
//	Z24-Z27  16 rows of one pair of columns of each tile
//
// VDPBF16PS starts once a cycle and takes six on Zen 4, so 2 tiles x 12 tokens and 4 tiles x 6 tokens are far from waiting.

var bf16DotFormat = floatFormat{"BF16Dot", 64, "dst *float32, ldd int, w *byte, stride, pairs int, a *byte, lda int, resume bool",
	"ldd counts floats and lda pairs; resume: add to dst, which holds the sums of earlier columns.", "pairs", "a", "lda"}

func mulBF16DotAVX512() *file {
	f := &file{name: "mulbf16dot_avx512"}
	for _, s := range mulFloatShapes {
		mulBF16DotShapeAVX512(f, s[0], s[1])
	}
	mulFloatSwitch(f, bf16DotFormat, "AVX512", mulFloatShapes)
	return f
}

func mulBF16DotShapeAVX512(f *file, tiles, tokens int) {
	sum := func(tile, token int) int { return tile*tokens + token }
	a := newMulFloatAddresses(tiles, tokens)
	a.begin(f, bf16DotFormat, "AVX512")
	for i := range tiles * tokens {
		f.op("VPXORD", z(i), z(i), z(i))
	}
	a.columns(f, bf16DotFormat, func(n int) {
		for c := range n {
			for tile := range tiles {
				f.op("VMOVDQU32", a.weight(64*c, tile), z(24+tile))
			}
			for t := range tokens {
				for tile := range tiles {
					f.vdpbf16ps(a.activation(c, t), 24+tile, sum(tile, t))
				}
			}
		}
	})
	a.resume(f, func(t int, row string) {
		for tile := range tiles {
			f.op("VADDPS", mem(64*tile, row), z(sum(tile, t)), z(sum(tile, t)))
		}
	})
	dstRows(f, tokens, "DI", func(t int, row string) {
		for tile := range tiles {
			f.op("VMOVUPS", z(sum(tile, t)), mem(64*tile, row))
		}
	})
	f.op("VZEROUPPER")
	f.op("RET")
}
