package main

import "fmt"

// The encoders and the decoders to rows with AVX-512. Row-major weights and tiles differ by transpositions, which are done in
// registers: within 128-bit lanes by unpacking, and of lanes by VSHUFF32X4.
//
// Rows are addressed by four pointers, which advance with the blocks:
//
//	SI, R11, R12, R13  rows 0, 4, 8, 12
//	R9, R10            distance of rows, three times that
//	DI                 the tile
//	CX                 blocks

const (
	encodeParams     = "dst *byte, src *float32, ld, blocks int"
	errorsParams     = encodeParams + ", e *BlockErrors"
	decodeRowsParams = "dst *float32, ld int, w *byte, blocks int"
)

// rowAt is the operand at a displacement from the current block's column 0 of row r.
func rowAt(displacement, r int) string {
	base := []string{"SI", "R11", "R12", "R13"}[r/4]
	switch r % 4 {
	case 0:
		return mem(displacement, base)
	case 3:
		return indexed(displacement, base, "R10", 1)
	}
	return indexed(displacement, base, "R9", r%4)
}

func encodeAVX512() *file {
	f := &file{name: "encode_avx512"}
	encodeFloatAVX512(f, "F32", 2048)
	encodeFloatAVX512(f, "F16", 1024)
	encodeFloatAVX512(f, "BF16", 1024)
	encodeIntAVX512(f, 8)
	encodeIntAVX512(f, 4)
	decodeRowsFloatAVX512(f, "F32", 2048)
	decodeRowsFloatAVX512(f, "F16", 1024)
	decodeRowsFloatAVX512(f, "BF16", 1024)
	decodeRowsIntAVX512(f, 8)
	decodeRowsIntAVX512(f, 4)
	return f
}

// blockLoop is a function that runs body for each block. The arguments of encoders and decoders are in different places.
func blockLoop(f *file, name, params string, frame, blockBytes int, begin, body func()) {
	rows, ld, tile, args := "src+8(FP)", "ld+16(FP)", "dst+0(FP)", 32
	switch params {
	case decodeRowsParams:
		rows, ld, tile = "dst+0(FP)", "ld+8(FP)", "w+16(FP)"
	case errorsParams:
		args = 40
	}
	f.fnFrame(name, params, frame, args, "One tile of at least one block; ld counts floats.")
	f.op("MOVQ", rows, "SI")
	f.op("MOVQ", ld, "R9")
	f.op("MOVQ", tile, "DI")
	f.op("MOVQ", "blocks+24(FP)", "CX")
	f.op("SHLQ", "$2", "R9")
	f.op("LEAQ", "(R9)(R9*2)", "R10")
	f.op("LEAQ", "(SI)(R9*4)", "R11")
	f.op("LEAQ", "(R11)(R9*4)", "R12")
	f.op("LEAQ", "(R12)(R9*4)", "R13")
	begin()
	f.label("block")
	body()
	for _, r := range []string{"SI", "R11", "R12", "R13"} {
		f.op("ADDQ", "$128", r)
	}
	f.op("ADDQ", fmt.Sprintf("$%d", blockBytes), "DI")
	f.op("DECQ", "CX")
	f.op("JNZ", "block")
	f.op("VZEROUPPER")
	f.op("RET")
}

func broadcast(f *file, bits string, reg int) {
	f.op("MOVL", "$"+bits, "AX")
	f.op("VPBROADCASTD", "AX", z(reg))
}

// transpose4 transposes 4 x 4 elements of 32 bits in each lane of four registers: from in to out by way of temp.
func transpose4(f *file, in, temp, out [4]int) {
	f.op("VPUNPCKLDQ", z(in[1]), z(in[0]), z(temp[0]))
	f.op("VPUNPCKHDQ", z(in[1]), z(in[0]), z(temp[1]))
	f.op("VPUNPCKLDQ", z(in[3]), z(in[2]), z(temp[2]))
	f.op("VPUNPCKHDQ", z(in[3]), z(in[2]), z(temp[3]))
	f.op("VPUNPCKLQDQ", z(temp[2]), z(temp[0]), z(out[0]))
	f.op("VPUNPCKHQDQ", z(temp[2]), z(temp[0]), z(out[1]))
	f.op("VPUNPCKLQDQ", z(temp[3]), z(temp[1]), z(out[2]))
	f.op("VPUNPCKHQDQ", z(temp[3]), z(temp[1]), z(out[3]))
}

// transpose16 transposes the 16 x 16 elements of Z0-Z15 in place; Z16-Z31 are lost.
func transpose16(f *file) {
	for g := range 4 { // afterwards lane m of register 4g+k has rows 4g to 4g+3 of column 4m+k
		r := [4]int{4 * g, 4*g + 1, 4*g + 2, 4*g + 3}
		transpose4(f, r, [4]int{16, 17, 18, 19}, r)
	}
	for k := range 4 { // transposes lanes of registers k, 4+k, 8+k, 12+k; column 4m+k goes to register 16+4m+k
		f.op("VSHUFF32X4", "$0x44", z(4+k), z(k), z(16+k))
		f.op("VSHUFF32X4", "$0xee", z(4+k), z(k), z(20+k))
		f.op("VSHUFF32X4", "$0x44", z(12+k), z(8+k), z(24+k))
		f.op("VSHUFF32X4", "$0xee", z(12+k), z(8+k), z(28+k))
		f.op("VSHUFF32X4", "$0x88", z(24+k), z(16+k), z(k))
		f.op("VSHUFF32X4", "$0xdd", z(24+k), z(16+k), z(4+k))
		f.op("VSHUFF32X4", "$0x88", z(28+k), z(20+k), z(8+k))
		f.op("VSHUFF32X4", "$0xdd", z(28+k), z(20+k), z(12+k))
	}
}

func encodeFloatAVX512(f *file, format string, blockBytes int) {
	blockLoop(f, "encode"+format+"AVX512", encodeParams, 0, blockBytes, func() {}, func() {
		for half := range 2 {
			at := half * blockBytes / 2
			for r := range 16 {
				f.op("VMOVUPS", rowAt(64*half, r), z(r))
			}
			transpose16(f)
			if format == "BF16" { // as packbf16_amd64.s has it
				broadcast(f, "0x7fff", 31)
				broadcast(f, "1", 30)
				broadcast(f, "0x400000", 29)
				broadcast(f, "0xffff0000", 28)
			}
			for c := range 16 {
				switch format {
				case "F32":
					f.op("VMOVUPS", z(c), mem(at+64*c, "DI"))
				case "F16":
					f.op("VCVTPS2PH", "$0", z(c), mem(at+32*c, "DI"))
				case "BF16":
					f.op("VCMPPS", "$3", z(c), z(c), "K1")
					f.op("VPSRLD", "$16", z(c), "Z16")
					f.op("VPANDD", "Z30", "Z16", "Z16")
					f.op("VPADDD", "Z31", "Z16", "Z16")
					f.op("VPADDD", z(c), "Z16", "Z16")
					f.op("VPORD", "Z29", z(c), "K1", "Z16")
					if c%2 == 0 {
						f.op("VPSRLD", "$16", "Z16", "Z17")
					} else {
						f.op("VPANDD", "Z28", "Z16", "Z16")
						f.op("VPORD", "Z17", "Z16", "Z16")
						f.op("VMOVDQU32", "Z16", mem(at+32*(c-1), "DI"))
					}
				}
			}
		}
	})
}

// rowReduce reduces each of 16 rows to one element: row r has 16 elements in register r, and its result is element r of Z0.
// Z16 and Z17 are lost.
func rowReduce(f *file, op string) {
	step := func(a, b int, low, high string, immediate ...string) {
		shuffle := func(mnemonic string, i, dst int) {
			if len(immediate) > 0 {
				f.op(mnemonic, immediate[i], z(b), z(a), z(dst))
			} else {
				f.op(mnemonic, z(b), z(a), z(dst))
			}
		}
		shuffle(low, 0, 16)
		shuffle(high, 1, 17)
		f.op(op, "Z17", "Z16", z(a))
	}
	for r := 0; r < 16; r += 2 {
		step(r, r+1, "VUNPCKLPS", "VUNPCKHPS")
	}
	for r := 0; r < 16; r += 4 {
		step(r, r+2, "VUNPCKLPD", "VUNPCKHPD")
	}
	for r := 0; r < 16; r += 8 {
		step(r, r+4, "VSHUFF32X4", "VSHUFF32X4", "$0x44", "$0xee")
	}
	step(0, 8, "VSHUFF32X4", "VSHUFF32X4", "$0x88", "$0xdd")
}

// encodeIntAVX512 works in two steps for each block:
//
//   - the extremes of each row, and from them 16 scales and inverses side by side;
//   - the codes of four rows by 16 columns at a time, packed to bytes in one register of which each lane has four rows by four
//     columns, as the tile has them; then the lanes are transposed.
//
// A product is beyond the codes only where the scale has been rounded, and never twice as large as the largest code. So clipping
// can wait until the codes are bytes: rounding is monotonic, and the limits are whole numbers.
//
// Stack: the inverses (int4: the extremes before that).
func encodeIntAVX512(f *file, bits int) {
	lo, zero := "0x81818181", "0x80808080" // -127; 128
	if bits == 4 {
		lo, zero = "0xf8f8f8f8", "0x08080808" // -8; 8
	}
	blockBytes := 32 + 64*bits
	begin := func() {
		broadcast(f, "0x80000000", 31)
		broadcast(f, lo, 30)
		broadcast(f, "0x07070707", 29) // int4 only: packing clips to 127
		broadcast(f, "0x3f000000", 28) // 0.5
		broadcast(f, zero, 27)
		f.op("VPXORD", "Z26", "Z26", "Z26")
		broadcast(f, "0x3f800000", 25) // 1
		if bits == 8 {
			broadcast(f, "0x42fe0000", 24) // 127
		} else {
			broadcast(f, "0xbe000000", 24) // -1/8
		}
	}
	blockLoop(f, fmt.Sprintf("encodeInt%dAVX512", bits), encodeParams, 64, blockBytes, begin, func() {
		encodeScales(f, bits)

		for half := range 2 {
			for g := range 4 {
				out := 20 + g
				if bits == 4 && half == 1 {
					out = 8
				}
				encodeCodes(f, half, 4*g, out)
				if bits == 4 {
					f.op("VPMINSB", "Z29", z(out), z(out))
				}
				f.op("VPMAXSB", "Z30", z(out), z(out))
				f.op("VPADDB", "Z27", z(out), z(out))
				if bits == 4 && half == 1 {
					f.op("VPSLLW", "$4", z(out), z(out))
					f.op("VPORD", z(out), z(20+g), z(20+g))
				}
			}
			if bits == 4 && half == 0 {
				continue
			}
			storeCodes(f, bits, half)
		}
	})
}

// encodeScales stores the 16 scales of a block and leaves them in Z1, and their inverses, 0 for 0, on the stack. It wants Z24 to Z26 and
// Z31 as encodeIntAVX512 sets them.
func encodeScales(f *file, bits int) {
	if bits == 8 {
		for r := range 16 {
			f.op("VPANDND", rowAt(0, r), "Z31", z(r))
			f.op("VPANDND", rowAt(64, r), "Z31", "Z16")
			f.op("VMAXPS", "Z16", z(r), z(r))
		}
		rowReduce(f, "VMAXPS")
		f.op("VDIVPS", "Z24", "Z0", "Z0") // max |w| / 127
	} else {
		encodeExtremesInt4(f)
		f.op("VMULPS", "Z24", "Z0", "Z0") // exactly the extreme / -8
	}
	f.op("VCVTPS2PH", "$0", "Z0", "Y0")
	f.op("VMOVDQU", "Y0", "(DI)")
	f.op("VCVTPH2PS", "Y0", "Z1")
	f.op("VCMPPS", "$4", "Z26", "Z1", "K1") // not 0
	f.op("VDIVPS.Z", "Z1", "Z25", "K1", "Z0")
	f.op("VMOVUPS", "Z0", "inverse-64(SP)")
}

// storeCodes stores the codes in Z20 to Z23, each of four rows, of a half of the columns (8 bits) or of all (4 bits). Z0-Z7 are lost.
func storeCodes(f *file, bits, half int) {
	f.op("VSHUFI32X4", "$0x44", "Z21", "Z20", "Z0")
	f.op("VSHUFI32X4", "$0xee", "Z21", "Z20", "Z1")
	f.op("VSHUFI32X4", "$0x44", "Z23", "Z22", "Z2")
	f.op("VSHUFI32X4", "$0xee", "Z23", "Z22", "Z3")
	for j := range 4 {
		pick := []string{"$0x88", "$0xdd"}[j%2]
		f.op("VSHUFI32X4", pick, z(2+j/2), z(j/2), z(4+j))
		at := 64 * j
		if bits == 8 {
			at += 256 * half
		}
		f.op("VMOVDQU32", z(4+j), mem(32+at, "DI"))
	}
}

// encodeCodes leaves in register out, as bytes, the codes without their zero of rows r to r+3, 16 columns: lane m has columns 4m to
// 4m+3 of each of the rows. Z0-Z7 are lost.
func encodeCodes(f *file, half, r, out int) {
	for i := range 4 {
		f.op("VBROADCASTSS", fmt.Sprintf("inverse-%d(SP)", 64-4*(r+i)), z(i))
		f.op("VMULPS", rowAt(64*half, r+i), z(i), z(i))
		f.op("VPANDD", "Z31", z(i), z(4+i))
		f.op("VPORD", "Z28", z(4+i), z(4+i))
		f.op("VADDPS", z(4+i), z(i), z(i))
		f.op("VCVTTPS2DQ", z(i), z(i))
	}
	f.op("VPACKSSDW", "Z1", "Z0", "Z0")
	f.op("VPACKSSDW", "Z3", "Z2", "Z2")
	f.op("VPACKSSWB", "Z2", "Z0", z(out))
}

// encodeExtremesInt4 leaves in Z0 the first weight of largest magnitude of each row, +0 if all are zeros.
func encodeExtremesInt4(f *file) {
	for _, op := range []string{"VMINPS", "VMAXPS"} {
		for r := range 16 {
			f.op("VMOVUPS", rowAt(0, r), z(r))
			f.op(op, rowAt(64, r), z(r), z(r))
		}
		rowReduce(f, op)
		if op == "VMINPS" {
			f.op("VPXORD", "Z31", "Z0", "Z18") // -min
			f.op("VMOVAPS", "Z0", "Z19")
		}
	}
	f.op("VCMPPS", "$1", "Z18", "Z0", "K1") // max < -min
	f.op("VCMPPS", "$0", "Z18", "Z0", "K2") // max = -min, two candidates
	f.op("VCMPPS", "$4", "Z26", "Z0", "K2", "K2")
	f.op("VMOVAPS", "Z19", "K1", "Z0")
	f.op("VADDPS", "Z26", "Z0", "Z0") // -0 becomes +0
	f.op("KMOVW", "K2", "AX")
	f.op("TESTL", "AX", "AX")
	f.op("JZ", "scale")

	f.op("VMOVUPS", "Z0", "inverse-64(SP)")
	f.label("tie") // the rows in AX: look which candidate comes first
	f.op("BSFL", "AX", "BX")
	f.op("VBROADCASTSS", "inverse-64(SP)(BX*4)", "Z1")
	f.op("MOVQ", "R9", "DX")
	f.op("IMULQ", "BX", "DX")
	f.op("ADDQ", "SI", "DX")
	for half := range 2 {
		f.op("VPANDND", mem(64*half, "DX"), "Z31", z(2+half))
	}
	f.op("VCMPPS", "$0", "Z1", "Z2", "K1")
	f.op("VCMPPS", "$0", "Z1", "Z3", "K2")
	f.op("KUNPCKWD", "K1", "K2", "K1")
	f.op("KMOVD", "K1", "R8")
	f.op("BSFL", "R8", "R8")
	f.op("MOVL", "(DX)(R8*4)", "R8")
	f.op("MOVL", "R8", "inverse-64(SP)(BX*4)")
	f.op("LEAL", "-1(AX)", "BX")
	f.op("ANDL", "BX", "AX")
	f.op("JNZ", "tie")
	f.op("VMOVUPS", "inverse-64(SP)", "Z0")
	f.label("scale")
}

func decodeRowsFloatAVX512(f *file, format string, blockBytes int) {
	blockLoop(f, "decodeRows"+format+"AVX512", decodeRowsParams, 0, blockBytes, func() {}, func() {
		for half := range 2 {
			at := half * blockBytes / 2
			if format == "BF16" {
				broadcast(f, "0xffff0000", 31)
			}
			for c := range 16 {
				switch {
				case format == "F32":
					f.op("VMOVUPS", mem(at+64*c, "DI"), z(c))
				case format == "F16":
					f.op("VCVTPH2PS", mem(at+32*c, "DI"), z(c))
				case c%2 == 0:
					f.op("VPSLLD", "$16", mem(at+32*c, "DI"), z(c))
				default:
					f.op("VPANDD", mem(at+32*(c-1), "DI"), "Z31", z(c))
				}
			}
			transpose16(f)
			for r := range 16 {
				f.op("VMOVUPS", z(r), rowAt(64*half, r))
			}
		}
	})
}

// decodeRowsIntAVX512 transposes groups of four codes first. The scales are on the stack.
func decodeRowsIntAVX512(f *file, bits int) {
	begin := func() {
		if bits == 8 {
			broadcast(f, "0x80808080", 31)
		} else {
			broadcast(f, "0x08080808", 31)
			broadcast(f, "0x0f0f0f0f", 30)
		}
	}
	blockLoop(f, fmt.Sprintf("decodeRowsInt%dAVX512", bits), decodeRowsParams, 64, 32+64*bits, begin, func() {
		f.op("VCVTPH2PS", "(DI)", "Z0")
		f.op("VMOVUPS", "Z0", "scale-64(SP)")
		for half := range 2 {
			var in, out [4]int
			for j := range 4 {
				in[j], out[j] = j, 8+j
				switch {
				case bits == 8:
					f.op("VMOVDQU32", mem(32+256*half+64*j, "DI"), z(j))
				case half == 0:
					f.op("VPANDD", mem(32+64*j, "DI"), "Z30", z(j))
				default:
					f.op("VPSRLW", "$4", mem(32+64*j, "DI"), z(j))
					f.op("VPANDD", "Z30", z(j), z(j))
				}
			}
			transpose4(f, in, [4]int{4, 5, 6, 7}, out)
			for i := range 4 {
				f.op("VPSUBB", "Z31", z(8+i), z(8+i))
			}
			for r := range 16 {
				x := 16 + r%8
				codes := fmt.Sprintf("X%d", 8+r%4)
				if r >= 4 {
					codes = fmt.Sprintf("X%d", x)
					f.op("VEXTRACTI32X4", fmt.Sprintf("$%d", r/4), z(8+r%4), codes)
				}
				f.op("VPMOVSXBD", codes, z(x))
				f.op("VCVTDQ2PS", z(x), z(x))
				f.op("VMULPS.BCST", fmt.Sprintf("scale-%d(SP)", 64-4*r), z(x), z(x))
				f.op("VMOVUPS", z(x), rowAt(64*half, r))
			}
		}
	})
}
