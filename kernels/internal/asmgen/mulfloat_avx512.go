package main

import "fmt"

// The floating-point products with AVX-512: one function for each shape of tiles x tokens.
//
// Registers of the largest shapes (4 tiles x 6 tokens, 2 tiles x 12 tokens):
//
//	Z0-Z23   sums, one for each tile and token: a single chain of FMAs in column order
//	Z24-Z27  16 rows of one column of each tile
//	Z31      bf16: 0xffff0000 in every element
//
// An activation is broadcast by the FMA itself.

// mulFloatShapes are tiles x tokens. Measured on Zen 4, 4 tiles read weights from memory at the machine's full bandwidth for 1 to 4
// tokens (1 tile: down to half of it) and have 4 independent chains or more; 2 tiles x 12 tokens reach 97 % of the FMA peak from
// cache with the least traffic. One tile is for what is left over.
var mulFloatShapes = [][2]int{
	{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 12}, {2, 12}, {4, 1}, {4, 2}, {4, 3}, {4, 4}, {4, 5}, {4, 6},
}

func mulFloatAVX512() []*file {
	var files []*file
	for _, format := range floatFormats {
		f := &file{name: fmt.Sprintf("mul%s_avx512", lower(format.name))}
		for _, s := range mulFloatShapes {
			mulFloatShapeAVX512(f, format, s[0], s[1])
		}
		mulFloatSwitch(f, format, "AVX512", mulFloatShapes)
		files = append(files, f)
	}
	return files
}

func mulFloatShapeAVX512(f *file, format floatFormat, tiles, tokens int) {
	sum := func(tile, token int) string { return z(tile*tokens + token) }
	a := newMulFloatAddresses(tiles, tokens)
	a.begin(f, format, "AVX512")
	if format.name == "BF16" {
		f.op("MOVL", "$0xffff0000", "AX")
		f.op("VPBROADCASTD", "AX", "Z31")
	}
	for i := range tiles * tokens {
		f.op("VPXORD", z(i), z(i), z(i))
	}
	a.columns(f, format, func(n int) {
		for c := range n {
			for tile := range tiles {
				w := z(24 + tile)
				switch {
				case format.name == "F32":
					f.op("VMOVUPS", a.weight(64*c, tile), w)
				case format.name == "F16":
					f.op("VCVTPH2PS", a.weight(32*c, tile), w)
				case c%2 == 0: // a bf16 pair: column c in the lower half of each element
					f.op("VPSLLD", "$16", a.weight(64*(c/2), tile), w)
				default:
					f.op("VPANDD", a.weight(64*(c/2), tile), "Z31", w)
				}
			}
			for t := range tokens {
				for tile := range tiles {
					f.op("VFMADD231PS.BCST", a.activation(c, t), z(24+tile), sum(tile, t))
				}
			}
		}
	})
	a.resume(f, func(t int, row string) {
		for tile := range tiles {
			f.op("VADDPS", mem(64*tile, row), sum(tile, t), sum(tile, t))
		}
	})
	dstRows(f, tokens, "DI", func(t int, row string) {
		for tile := range tiles {
			f.op("VMOVUPS", sum(tile, t), mem(64*tile, row))
		}
	})
	f.op("VZEROUPPER")
	f.op("RET")
}
