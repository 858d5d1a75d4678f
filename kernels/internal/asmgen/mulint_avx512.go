package main

import "fmt"

// The integer products with AVX-512 VNNI: one function for each shape of 1 tile x 1 to 6 tokens and 2 tiles x 3 to 6 tokens.
//
// Registers of the largest shape (2 tiles x 6 tokens):
//
//	Z0-Z11   integer sums of the block, started by broadcasting the panel's start values
//	Z12-Z23  float sums
//	Z24-Z27  64 bytes of codes of each tile (int4: low and high nibbles)
//	Z28-Z29  scales of each tile's 16 rows
//	Z30      0x0f in every byte
//	Z31      weight scale x activation scale
//
// A block is 8 VPDPBUSD, a multiplication and an FMA for each tile and token, which share two pipes, so 80 % of the peak of
// VPDPBUSD is the bound. The sums of the next block start in renamed registers while this block's are being converted.

// One tile reads its weights as one sequential stream, which the CPU's own prefetchers follow at full memory bandwidth: with 1 or
// 2 tokens nothing else reaches as much, neither two tiles at once (two streams that break off at each pair: 20-50 % less) nor
// any prefetch instruction (distances 512-8192, all hints). From 3 tokens on the loop waits too long between lines, and a
// prefetch into L2, 8 KB ahead, gains 10-40 % from memory and costs nothing from cache. Two tiles gain 1-2 % once the weights
// are in cache.
//
// With many panels what counts is the memory behind the cache. The rows of dst are too long for the L2 of most CPUs and are written once
// for each pair of tiles: without a prefetch the stores wait for L3, which other programs use as well, and after them everything else.
// A block of two tiles also fetches its place in the next two tiles, whose first panel then finds them in L2. Both
// together gain 1-7 %, and 10-30 % where L3 is busy. A call for each panel, on the other hand, costs nothing that can be measured.
const (
	prefetchTokens = 3
	prefetchBytes  = 8192
)

const mulIntParams = "dst *float32, ldd int, w *byte, stride, blocks int, a *byte"

func mulIntAVX512(bits int) *file {
	f := &file{name: fmt.Sprintf("mulint%d_avx512", bits)}
	for tokens := 1; tokens <= 6; tokens++ {
		mulIntShapeAVX512(f, bits, 1, tokens)
	}
	for tokens := 3; tokens <= 6; tokens++ { // several panels are never narrower
		mulIntShapeAVX512(f, bits, 2, tokens)
	}
	return f
}

func mulIntShapeAVX512(f *file, bits, tiles, tokens int) {
	blockBytes := 32 + 64*bits
	panelBytes := 40 * tokens
	sum := func(tile, token int) string { return z(tile*tokens + token) }
	acc := func(tile, token int) string { return z(12 + tile*tokens + token) }
	scale := func(tile int) string { return z(28 + tile) }
	weights := []string{"R8", "R9"}

	f.fn(fmt.Sprintf("mulInt%dx%dx%dAVX512", bits, tiles, tokens), mulIntParams, 48,
		fmt.Sprintf("%d tiles (the second one at w+stride) x %d tokens; a is a panel of %d tokens; ldd counts floats.", tiles, tokens, tokens))
	f.op("MOVQ", "dst+0(FP)", "DI")
	f.op("MOVQ", "ldd+8(FP)", "SI")
	f.op("SHLQ", "$2", "SI")
	f.op("MOVQ", "w+16(FP)", "R8")
	if tiles == 2 {
		f.op("MOVQ", "DI", "BX")
		for t := range tokens {
			f.prefetchwBX(0)
			f.prefetchwBX(64)
			if t < tokens-1 {
				f.op("ADDQ", "SI", "BX")
			}
		}
		f.op("MOVQ", "stride+24(FP)", "R10")
		f.op("LEAQ", indexed(0, "R8", "R10", 1), "R9")
	}
	f.op("MOVQ", "blocks+32(FP)", "CX")
	f.op("MOVQ", "a+40(FP)", "DX")
	if bits == 4 {
		f.op("MOVL", "$0x0f0f0f0f", "AX")
		f.op("VPBROADCASTD", "AX", "Z30")
	}
	for i := range tiles * tokens {
		f.op("VPXORD", z(12+i), z(12+i), z(12+i))
	}
	f.op("TESTQ", "CX", "CX")
	f.op("JZ", "store")

	f.label("block")
	for t := range tokens {
		f.op("VPBROADCASTD", mem(36*tokens+4*t, "DX"), sum(0, t))
		if tiles == 2 {
			f.op("VMOVDQA32", sum(0, t), sum(1, t))
		}
	}
	if tiles == 1 && tokens >= prefetchTokens {
		for i := 0; i < blockBytes; i += 64 {
			f.op("PREFETCHT1", mem(prefetchBytes+i, "R8"))
		}
	}
	if tiles == 2 {
		for i := 0; i < blockBytes; i += 64 {
			for next := 1; next <= 2; next++ {
				f.op("PREFETCHT1", indexed(i, "R9", "R10", next))
			}
		}
	}
	for tile := range tiles {
		f.op("VCVTPH2PS", mem(0, weights[tile]), scale(tile))
	}
	dot := func(code string, tile, column int) {
		for t := range tokens {
			f.op("VPDPBUSD.BCST", mem(32*t+column, "DX"), code, sum(tile, t))
		}
	}
	if bits == 4 {
		for j := range 4 {
			for tile := range tiles {
				low, high := z(24+2*tile), z(25+2*tile)
				f.op("VMOVDQU32", mem(32+64*j, weights[tile]), high)
				f.op("VPANDD", "Z30", high, low)
				f.op("VPSRLW", "$4", high, high)
				f.op("VPANDD", "Z30", high, high)
				dot(low, tile, 4*j)
				dot(high, tile, 16+4*j)
			}
		}
	} else {
		for j := range 8 {
			for tile := range tiles {
				code := z(24 + tile + 2*(j%2))
				f.op("VMOVDQU32", mem(32+64*j, weights[tile]), code)
				dot(code, tile, 4*j)
			}
		}
	}
	for t := range tokens {
		for tile := range tiles {
			f.op("VCVTDQ2PS", sum(tile, t), sum(tile, t))
			f.op("VMULPS.BCST", mem(32*tokens+4*t, "DX"), scale(tile), "Z31")
			f.op("VFMADD231PS", "Z31", sum(tile, t), acc(tile, t))
		}
	}
	for tile := range tiles {
		f.op("ADDQ", fmt.Sprintf("$%d", blockBytes), weights[tile])
	}
	f.op("ADDQ", fmt.Sprintf("$%d", panelBytes), "DX")
	f.op("DECQ", "CX")
	f.op("JNZ", "block")

	f.label("store")
	for t := range tokens {
		for tile := range tiles {
			f.op("VMOVUPS", acc(tile, t), mem(64*tile, "DI"))
		}
		if t < tokens-1 {
			f.op("ADDQ", "SI", "DI")
		}
	}
	f.op("VZEROUPPER")
	f.op("RET")
}
