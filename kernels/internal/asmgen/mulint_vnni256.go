package main

import "fmt"

// The integer products with VPDPBUSD of 256 bits: one tile x 1 to 6 tokens, for CPUs that have AVX-VNNI but not AVX-512 (Intel's
// since Alder Lake), where they replace those of mulint_avx2.go. VPDPBUSD adds four exact products to a 32-bit sum: nothing saturates.
//
//	Y0-Y11   integer sums, two registers (rows 0-7 and 8-15) for each token, started by broadcasting the panel's start values;
//	         then the float sums, which live in dst between blocks
//	Y12-Y13  four columns of codes of rows 0-7 and 8-15; then the scales of 8 rows, and weight scale x activation scale
//	Y14      four activations, broadcast: the VEX form has no broadcast of its own
//	Y15      int4: 0x0f in every byte
//
// The same description is written twice. What ships has VPDPBUSD in the VEX form. Its twin (package vnnitwin) has the EVEX form, is
// otherwise the same text, and runs on every CPU with AVX-512 VNNI: tests run it where there is no AVX-VNNI. TestVNNITwin compares the
// two texts, TestEncodings has a disassembler read the VEX form back.

// vnni256 is one of the two forms.
type vnni256 struct {
	pkg, file, function string // file and function: with %d for the bits (and tokens)
	dot                 func(f *file, activations, codes, sum int)
}

var (
	avxVNNI  = vnni256{"", "mulint%d_avxvnni", "mulInt%dx1x%dAVXVNNI", (*file).vpdpbusdVEX}
	evexTwin = vnni256{"vnnitwin", "internal/vnnitwin/mulint%d", "MulInt%dx1x%d", func(f *file, activations, codes, sum int) {
		f.op("VPDPBUSD", y(activations), y(codes), y(sum))
	}}
)

func mulIntVNNI256(form vnni256, bits int) *file {
	f := &file{name: fmt.Sprintf(form.file, bits), pkg: form.pkg}
	for tokens := 1; tokens <= 6; tokens++ {
		mulIntShapeVNNI256(f, form, bits, tokens)
	}
	return f
}

func mulIntShapeVNNI256(f *file, form vnni256, bits, tokens int) {
	blockBytes := 32 + 64*bits
	sum := func(t, half int) int { return 2*t + half }
	row := func(t, half int) string { // of dst
		base := []string{"DI", "R11"}[t/3]
		if t%3 == 0 {
			return mem(32*half, base)
		}
		return indexed(32*half, base, "SI", t%3)
	}
	name := fmt.Sprintf(form.function, bits, tokens)
	f.fn(name, mulIntParams, 48,
		fmt.Sprintf("One tile x %d tokens; a is a panel of %d tokens; ldd counts floats; stride is not used.", tokens, tokens))
	f.op("MOVQ", "dst+0(FP)", "DI")
	f.op("MOVQ", "ldd+8(FP)", "SI")
	f.op("MOVQ", "w+16(FP)", "R8")
	f.op("MOVQ", "blocks+32(FP)", "CX")
	f.op("MOVQ", "a+40(FP)", "DX")
	f.op("SHLQ", "$2", "SI")
	if tokens > 3 {
		f.op("LEAQ", "(SI)(SI*2)", "R11")
		f.op("ADDQ", "DI", "R11")
	}
	if bits == 4 {
		f.op("MOVL", "$0x0f0f0f0f", "AX")
		f.op("VMOVD", "AX", "X15")
		f.op("VPBROADCASTD", "X15", "Y15")
	}
	f.op("VPXOR", "Y0", "Y0", "Y0")
	for t := range tokens {
		f.op("VMOVDQU", "Y0", row(t, 0))
		f.op("VMOVDQU", "Y0", row(t, 1))
	}

	f.label("block")
	for t := range tokens {
		f.op("VPBROADCASTD", mem(36*tokens+4*t, "DX"), y(sum(t, 0)))
		f.op("VMOVDQA", y(sum(t, 0)), y(sum(t, 1)))
	}
	if tokens >= prefetchTokens { // as in mulint_avx512.go
		for i := 0; i < blockBytes; i += 64 {
			f.op("PREFETCHT1", mem(prefetchBytes+i, "R8"))
		}
	}
	dot := func(column int) {
		for t := range tokens {
			f.op("VPBROADCASTD", mem(32*t+column, "DX"), "Y14")
			form.dot(f, 14, 12, sum(t, 0))
			form.dot(f, 14, 13, sum(t, 1))
		}
	}
	for j := range bits {
		for half := range 2 {
			f.op("VMOVDQU", mem(32+64*j+32*half, "R8"), y(12+half))
			if bits == 4 {
				f.op("VPAND", "Y15", y(12+half), y(12+half))
			}
		}
		dot(4 * j)
		if bits == 8 {
			continue
		}
		for half := range 2 {
			f.op("VMOVDQU", mem(32+64*j+32*half, "R8"), y(12+half))
			f.op("VPSRLW", "$4", y(12+half), y(12+half))
			f.op("VPAND", "Y15", y(12+half), y(12+half))
		}
		dot(16 + 4*j)
	}
	for half := range 2 {
		f.op("VCVTPH2PS", mem(16*half, "R8"), "Y12")
		for t := range tokens {
			f.op("VCVTDQ2PS", y(sum(t, half)), y(sum(t, half)))
			f.op("VBROADCASTSS", mem(32*tokens+4*t, "DX"), "Y13")
			f.op("VMULPS", "Y13", "Y12", "Y13")
			f.op("VFMADD213PS", row(t, half), "Y13", y(sum(t, half)))
			f.op("VMOVUPS", y(sum(t, half)), row(t, half))
		}
	}
	f.op("ADDQ", fmt.Sprintf("$%d", blockBytes), "R8")
	f.op("ADDQ", fmt.Sprintf("$%d", 40*tokens), "DX")
	f.op("DECQ", "CX")
	f.op("JNZ", "block")
	f.op("VZEROUPPER")
	f.op("RET")
}
