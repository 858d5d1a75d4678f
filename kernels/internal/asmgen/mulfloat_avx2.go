package main

import "fmt"

// The floating-point products with AVX2, FMA and F16C: as in AVX-512, with a tile's column in two registers.
//
//	Y0-Y11   sums: two for each tile and token
//	Y12-Y13  16 rows of one column of a tile
//	Y14      a broadcast activation
//	Y15      bf16: 0xffff0000 in every element

// mulFloatShapes2 are tiles x tokens: 8 sums or more where possible, because two FMAs start in a cycle and take four.
var mulFloatShapes2 = [][2]int{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 2}, {2, 3}, {4, 1}}

func mulFloatAVX2() []*file {
	var files []*file
	for _, format := range floatFormats {
		f := &file{name: fmt.Sprintf("mul%s_avx2", lower(format.name))}
		for _, s := range mulFloatShapes2 {
			mulFloatShapeAVX2(f, format, s[0], s[1])
		}
		mulFloatSwitch(f, format, "AVX2", mulFloatShapes2)
		files = append(files, f)
	}
	return files
}

func mulFloatShapeAVX2(f *file, format floatFormat, tiles, tokens int) {
	sum := func(tile, token, half int) string { return y(2*(tile*tokens+token) + half) }
	a := newMulFloatAddresses(tiles, tokens)
	a.begin(f, format, "AVX2")
	if format.name == "BF16" {
		f.op("MOVL", "$0xffff0000", "AX")
		f.op("VMOVD", "AX", "X15")
		f.op("VPBROADCASTD", "X15", "Y15")
	}
	for i := range 2 * tiles * tokens {
		f.op("VXORPS", y(i), y(i), y(i))
	}
	a.columns(f, format, func(n int) {
		for c := range n {
			for tile := range tiles {
				for half := range 2 {
					w := y(12 + half)
					switch format.name {
					case "F32":
						f.op("VMOVUPS", a.weight(64*c+32*half, tile), w)
					case "F16":
						f.op("VCVTPH2PS", a.weight(32*c+16*half, tile), w)
					case "BF16":
						from := a.weight(64*(c/2)+32*half, tile)
						if c%2 == 0 {
							f.op("VMOVDQU", from, w)
							f.op("VPSLLD", "$16", w, w)
						} else {
							f.op("VPAND", from, "Y15", w)
						}
					}
				}
				for t := range tokens {
					f.op("VBROADCASTSS", a.activation(c, t), "Y14")
					f.op("VFMADD231PS", "Y14", "Y12", sum(tile, t, 0))
					f.op("VFMADD231PS", "Y14", "Y13", sum(tile, t, 1))
				}
			}
		}
	})
	a.resume(f, func(t int, row string) {
		for tile := range tiles {
			f.op("VADDPS", mem(64*tile, row), sum(tile, t, 0), sum(tile, t, 0))
			f.op("VADDPS", mem(64*tile+32, row), sum(tile, t, 1), sum(tile, t, 1))
		}
	})
	dstRows(f, tokens, "DI", func(t int, row string) {
		for tile := range tiles {
			f.op("VMOVUPS", sum(tile, t, 0), mem(64*tile, row))
			f.op("VMOVUPS", sum(tile, t, 1), mem(64*tile+32, row))
		}
	})
	f.op("VZEROUPPER")
	f.op("RET")
}
