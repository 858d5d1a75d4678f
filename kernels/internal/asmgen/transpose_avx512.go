package main

// transposeAVX512 transposes blocks of 16 x 16 in registers. The source's rows are addressed as those of encoders are; DI is the
// destination's block, R8 the distance of its rows.
func transposeAVX512() *file {
	f := &file{name: "transpose_avx512"}
	f.fn("transposeAVX512", "dst *float32, ldd int, src *float32, lds, blocks int", 40, "16 columns of at least one block of 16 rows; distances count floats.")
	f.op("MOVQ", "dst+0(FP)", "DI")
	f.op("MOVQ", "ldd+8(FP)", "R8")
	f.op("MOVQ", "src+16(FP)", "SI")
	f.op("MOVQ", "lds+24(FP)", "R9")
	f.op("MOVQ", "blocks+32(FP)", "CX")
	f.op("SHLQ", "$2", "R8")
	f.op("SHLQ", "$2", "R9")
	f.op("LEAQ", "(R9)(R9*2)", "R10")
	f.label("block")
	f.op("LEAQ", "(SI)(R9*4)", "R11")
	f.op("LEAQ", "(R11)(R9*4)", "R12")
	f.op("LEAQ", "(R12)(R9*4)", "R13")
	for r := range 16 {
		f.op("VMOVUPS", rowAt(0, r), z(r))
	}
	transpose16(f)
	f.op("MOVQ", "DI", "DX")
	for c := range 16 {
		f.op("VMOVUPS", z(c), "(DX)")
		if c < 15 {
			f.op("ADDQ", "R8", "DX")
		}
	}
	f.op("LEAQ", "(R13)(R9*4)", "SI")
	f.op("ADDQ", "$64", "DI")
	f.op("DECQ", "CX")
	f.op("JNZ", "block")
	f.op("VZEROUPPER")
	f.op("RET")
	return f
}
