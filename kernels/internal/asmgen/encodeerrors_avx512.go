package main

import "fmt"

func encodeErrorsAVX512() *file {
	f := &file{name: "encodeerrors_avx512"}
	encodeErrorsIntAVX512(f, 8)
	encodeErrorsIntAVX512(f, 4)
	return f
}

// encodeErrorsIntAVX512 is encodeIntAVX512 that decodes the codes while they are in registers, and adds up what the differences are.
//
// So codes are clipped as words, before they are packed. Z9 to Z11 hold a block's sums, which go to those of e at its end.
//
// Stack: the inverses, then the scales.
func encodeErrorsIntAVX512(f *file, bits int) {
	lo, hi, zero := "-127", "127", "0x80808080"
	if bits == 4 {
		lo, hi, zero = "-8", "7", "0x08080808"
	}
	begin := func() {
		broadcast(f, "0x80000000", 31)
		broadcast(f, lo, 30)
		broadcast(f, hi, 29)
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
	blockLoop(f, fmt.Sprintf("encodeErrorsInt%dAVX512", bits), errorsParams, 128, 32+64*bits, begin, func() {
		encodeScales(f, bits)
		f.op("VMOVUPS", "Z1", "scale-128(SP)")
		for sum := 9; sum <= 11; sum++ {
			f.op("VPXORD", z(sum), z(sum), z(sum))
		}
		for half := range 2 {
			for g := range 4 {
				out := 20 + g
				if bits == 4 && half == 1 {
					out = 8
				}
				encodeErrorsCodes(f, half, 4*g, out)
				f.op("VPADDB", "Z27", z(out), z(out))
				if bits == 4 && half == 1 {
					f.op("VPSLLW", "$4", z(out), z(out))
					f.op("VPORD", z(out), z(20+g), z(20+g))
				}
			}
			if bits == 8 || half == 1 {
				storeCodes(f, bits, half)
			}
		}
		f.op("MOVQ", "e+32(FP)", "DX")
		for i := range 2 { // signal, square
			f.op("VCVTPS2PD", y(9+i), "Z0")
			f.op("VEXTRACTF64X4", "$1", z(9+i), "Y1")
			f.op("VCVTPS2PD", "Y1", "Z1")
			f.op("VADDPD", mem(128*i, "DX"), "Z0", "Z0")
			f.op("VADDPD", mem(128*i+64, "DX"), "Z1", "Z1")
			f.op("VMOVUPD", "Z0", mem(128*i, "DX"))
			f.op("VMOVUPD", "Z1", mem(128*i+64, "DX"))
		}
		f.op("VPMAXUD", mem(256, "DX"), "Z11", "Z11")
		f.op("VMOVDQU32", "Z11", mem(256, "DX"))
	})
}

// encodeErrorsCodes is encodeCodes that clips and adds to the sums of squares of weights (Z9) and of differences (Z10) and to the largest
// magnitudes of differences (Z11). Z0-Z7 and Z12-Z15 are lost.
func encodeErrorsCodes(f *file, half, r, out int) {
	for i := range 4 {
		code, decoded, w := z(i), z(4+i), z(12+i)
		f.op("VMOVUPS", rowAt(64*half, r+i), w)
		f.op("VMULPS.BCST", fmt.Sprintf("inverse-%d(SP)", 64-4*(r+i)), w, code)
		f.op("VMOVDQA32", "Z28", decoded)
		f.op("VPTERNLOGD", "$0xf8", "Z31", code, decoded) // 0.5 with the product's sign
		f.op("VADDPS", decoded, code, code)
		f.op("VCVTTPS2DQ", code, code)
		f.op("VPMINSD", "Z29", code, code)
		f.op("VPMAXSD", "Z30", code, code)
		f.op("VCVTDQ2PS", code, decoded)
		f.op("VMULPS.BCST", fmt.Sprintf("scale-%d(SP)", 128-4*(r+i)), decoded, decoded)
		f.op("VSUBPS", decoded, w, decoded)
		f.op("VMULPS", w, w, w)
		f.op("VADDPS", w, "Z9", "Z9")
		f.op("VPANDND", decoded, "Z31", w)
		f.op("VPMAXUD", w, "Z11", "Z11")
		f.op("VMULPS", decoded, decoded, decoded)
		f.op("VADDPS", decoded, "Z10", "Z10")
	}
	f.op("VPACKSSDW", "Z1", "Z0", "Z0")
	f.op("VPACKSSDW", "Z3", "Z2", "Z2")
	f.op("VPACKSSWB", "Z2", "Z0", z(out))
}
