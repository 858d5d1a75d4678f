package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Instructions that Go's assembler does not know are written as bytes, with the instruction in a comment: in the syntax of the GNU
// disassembler, which TestEncodings asks what the bytes mean. The encoding (EVEX prefix, ModRM, SIB, compressed displacement) is
// that of Intel's Software Developer's Manual, volume 2, sections 2.1 and 2.7.

// address is a memory operand.
type address struct {
	displacement int
	base, index  string // Go's names of registers; index may be empty
	scale        int
}

// parseAddress reads Go's notation: displacement(base) or displacement(base)(index*scale).
func parseAddress(s string) address {
	var a address
	parts := strings.Split(strings.ReplaceAll(s, ")", ""), "(")
	a.displacement = number(parts[0])
	a.base = parts[1]
	if len(parts) == 3 {
		index, scale, _ := strings.Cut(parts[2], "*")
		a.index, a.scale = index, number(scale)
	}
	return a
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err) // the generator's own operand
	}
	return n
}

// registers are the general registers by their numbers in instructions.
var registers = []string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}

func registerNumber(name string) int {
	for i, r := range registers {
		if r == name {
			return i
		}
	}
	panic("no register " + name)
}

func gnuRegister(name string) string {
	if strings.HasPrefix(name, "R") {
		return "%" + lower(name)
	}
	return "%r" + lower(name)
}

// gnu is the operand in the syntax of the GNU disassembler.
func (a address) gnu() string {
	displacement := ""
	switch {
	case a.displacement < 0:
		displacement = fmt.Sprintf("-%#x", -a.displacement)
	case a.displacement > 0:
		displacement = fmt.Sprintf("%#x", a.displacement)
	}
	if a.index == "" {
		return fmt.Sprintf("%s(%s)", displacement, gnuRegister(a.base))
	}
	return fmt.Sprintf("%s(%s,%s,%d)", displacement, gnuRegister(a.base), gnuRegister(a.index), a.scale)
}

// modRM encodes the operand after the opcode. A displacement of one byte counts in units of unit bytes.
func (a address) modRM(reg, unit int) []byte {
	base := registerNumber(a.base)
	mode, displacement := 2, []byte{byte(a.displacement), byte(a.displacement >> 8), byte(a.displacement >> 16), byte(a.displacement >> 24)}
	if small := a.displacement / unit; a.displacement%unit == 0 && small >= -128 && small < 128 {
		mode, displacement = 1, []byte{byte(small)}
		if small == 0 && base&7 != 5 { // without a displacement BP and R13 would mean something else
			mode, displacement = 0, nil
		}
	}
	code := []byte{byte(mode<<6 | reg&7<<3 | base&7)}
	if a.index != "" || base&7 == 4 { // SP and R12 announce a SIB byte
		index, scale := 4, 1 // none
		if a.index != "" {
			index, scale = registerNumber(a.index)&7, a.scale
		}
		code[0] = byte(mode<<6 | reg&7<<3 | 4)
		code = append(code, byte(map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[scale]<<6|index<<3|base&7))
	}
	return append(code, displacement...)
}

// vdpbf16ps multiplies the 16 pairs of bfloat16 in ZMM register b by the pair at from and adds the products to ZMM register sum:
// EVEX.512.F3.0F38.W0 52 /r, with a broadcast of 32 bits.
func (f *file) vdpbf16ps(from string, b, sum int) {
	a := parseAddress(from)
	bit := func(set bool, at int) byte { // prefix bits are mostly stored inverted: set means 0
		if set {
			return 0
		}
		return 1 << at
	}
	const map0F38, ppF3, length512, broadcast = 2, 2, 2 << 5, 1 << 4
	code := []byte{
		0x62,
		bit(sum&8 != 0, 7) | bit(a.index != "" && registerNumber(a.index) >= 8, 6) | bit(registerNumber(a.base) >= 8, 5) | bit(sum&16 != 0, 4) | map0F38,
		byte(^b&15)<<3 | 1<<2 | ppF3,
		length512 | broadcast | bit(b&16 != 0, 3),
		0x52,
	}
	f.bytes(append(code, a.modRM(sum, 4)...), fmt.Sprintf("vdpbf16ps %s{1to16},%%zmm%d,%%zmm%d", a.gnu(), b, sum))
}

// bytes writes an encoded instruction.
func (f *file) bytes(code []byte, instruction string) {
	f.text.WriteString("\t")
	for i, c := range code {
		if i > 0 {
			f.text.WriteString("; ")
		}
		fmt.Fprintf(&f.text, "BYTE $0x%02x", c)
	}
	fmt.Fprintf(&f.text, " // %s\n", instruction)
}
