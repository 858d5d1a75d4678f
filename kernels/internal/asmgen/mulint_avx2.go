package main

import "fmt"

// The integer products with AVX2: one tile x 1 to 6 tokens, a half of the tile (8 rows) at a time.
//
// VPMADDUBSW adds two products of an unsigned and a signed byte and saturates at 16 bits, so it is only exact with small weights: with
// nibbles a product is at most 15*128 and the block's 16 products of one 16-bit lane sum to at most 30,720, below 2^15. int4
// weights are nibbles, and an int8 weight is taken as low + 16*high, two sums. VPMADDWD with ones (and sixteens) then adds the
// lanes' pairs as 32-bit integers. The float sums live in dst, which leaves 16 registers enough:
//
//	Y0-Y7    16-bit sums of up to 6 tokens (int8: low and high sums of up to 4)
//	Y8-Y9    low and high nibbles of 8 rows x 4 columns
//	Y10-Y11  four activations, broadcast, and their products
//	Y12      ones, Y13 sixteens, Y14 scales of 8 rows, Y15 0x0f in every byte

func mulIntAVX2(bits int) *file {
	f := &file{name: fmt.Sprintf("mulint%d_avx2", bits)}
	for tokens := 1; tokens <= 6; tokens++ {
		mulIntShapeAVX2(f, bits, tokens)
	}
	return f
}

func mulIntShapeAVX2(f *file, bits, tokens int) {
	blockBytes := 32 + 64*bits
	row := func(t int) string { // of dst
		base := []string{"DI", "R11"}[t/3]
		if t%3 == 0 {
			return mem(0, base)
		}
		return indexed(0, base, "SI", t%3)
	}

	f.fn(fmt.Sprintf("mulInt%dx1x%dAVX2", bits, tokens), mulIntParams, 48,
		fmt.Sprintf("One tile x %d tokens; a is a panel of %d tokens; ldd counts floats; stride is not used.", tokens, tokens))
	f.op("MOVQ", "dst+0(FP)", "DI")
	f.op("MOVQ", "ldd+8(FP)", "SI")
	f.op("MOVQ", "w+16(FP)", "R9")
	f.op("LEAQ", "32(R9)", "R8")
	f.op("MOVQ", "blocks+32(FP)", "CX")
	f.op("MOVQ", "a+40(FP)", "DX")
	f.op("SHLQ", "$2", "SI")
	if tokens > 3 {
		f.op("LEAQ", "(SI)(SI*2)", "R11")
		f.op("ADDQ", "DI", "R11")
	}
	for _, c := range []struct {
		value string
		reg   int
	}{{"$0x00010001", 12}, {"$0x00100010", 13}, {"$0x0f0f0f0f", 15}} {
		if c.reg == 13 && bits == 4 {
			continue
		}
		f.op("MOVL", c.value, "AX")
		f.op("VMOVD", "AX", fmt.Sprintf("X%d", c.reg))
		f.op("VPBROADCASTD", fmt.Sprintf("X%d", c.reg), y(c.reg))
	}
	f.op("VPXOR", "Y0", "Y0", "Y0")
	for t := range tokens {
		f.op("VMOVDQU", "Y0", row(t))
		f.op("VMOVDQU", "Y0", "32"+row(t)[1:])
	}
	f.op("XORL", "BX", "BX")

	f.label("half")
	f.op("VCVTPH2PS", "(R9)", "Y14")
	group := tokens
	if bits == 8 && tokens > 4 {
		group = 3
	}
	for first := 0; first < tokens; first += group {
		mulIntHalfAVX2(f, bits, tokens, first, min(group, tokens-first), row)
	}
	f.op("XORL", "$1", "BX")
	f.op("JZ", "next")
	for _, r := range []string{"R8", "DI", "R11"} {
		if r != "R11" || tokens > 3 {
			f.op("ADDQ", "$32", r)
		}
	}
	f.op("ADDQ", "$16", "R9")
	f.op("JMP", "half")
	f.label("next")
	f.op("SUBQ", "$32", "DI")
	if tokens > 3 {
		f.op("SUBQ", "$32", "R11")
	}
	f.op("ADDQ", fmt.Sprintf("$%d", blockBytes-32), "R8")
	f.op("ADDQ", fmt.Sprintf("$%d", blockBytes-16), "R9")
	f.op("ADDQ", fmt.Sprintf("$%d", 40*tokens), "DX")
	f.op("DECQ", "CX")
	f.op("JNZ", "half")
	f.op("VZEROUPPER")
	f.op("RET")
}

// mulIntHalfAVX2 multiplies 8 rows of one block by count tokens from first on.
func mulIntHalfAVX2(f *file, bits, tokens, first, count int, row func(int) string) {
	for j := range bits {
		f.op("VMOVDQU", mem(64*j, "R8"), "Y9")
		f.op("VPAND", "Y15", "Y9", "Y8")
		f.op("VPSRLW", "$4", "Y9", "Y9")
		f.op("VPAND", "Y15", "Y9", "Y9")
		for i := range count {
			// accumulate adds the products of 4 columns of 8 rows to a sum, or begins it.
			accumulate := func(activations, code string, sum int, begin bool) {
				if begin {
					f.op("VPMADDUBSW", activations, code, y(sum))
					return
				}
				f.op("VPMADDUBSW", activations, code, "Y11")
				f.op("VPADDW", "Y11", y(sum), y(sum))
			}
			column := 32*(first+i) + 4*j
			f.op("VPBROADCASTD", mem(column, "DX"), "Y10")
			if bits == 4 {
				accumulate("Y10", "Y8", i, j == 0)
				f.op("VPBROADCASTD", mem(column+16, "DX"), "Y10")
				accumulate("Y10", "Y9", i, false)
			} else {
				accumulate("Y10", "Y8", 2*i, j == 0)
				accumulate("Y10", "Y9", 2*i+1, j == 0)
			}
		}
	}
	for i := range count {
		t := first + i
		sum := y(i)
		if bits == 8 {
			sum = y(2 * i)
			f.op("VPMADDWD", "Y13", y(2*i+1), y(2*i+1))
		}
		f.op("VPMADDWD", "Y12", sum, sum)
		if bits == 8 {
			f.op("VPADDD", y(2*i+1), sum, sum)
		}
		f.op("VPBROADCASTD", mem(36*tokens+4*t, "DX"), "Y10")
		f.op("VPADDD", "Y10", sum, sum)
		f.op("VCVTDQ2PS", sum, sum)
		f.op("VBROADCASTSS", mem(32*tokens+4*t, "DX"), "Y10")
		f.op("VMULPS", "Y10", "Y14", "Y10")
		f.op("VMOVUPS", row(t), "Y11")
		f.op("VFMADD231PS", "Y10", sum, "Y11")
		f.op("VMOVUPS", "Y11", row(t))
	}
}
