package main

import (
	"fmt"
	"strings"
)

// What the floating-point products of all instruction sets share: parameters, addresses and the loop over columns.

// floatFormat is what differs between the formats of the weights. params and comment describe the functions; the number of
// columns, the activations and the distance of their rows are the arguments at offsets 32, 40 and 48.
type floatFormat struct {
	name            string
	columnBytes     int
	params, comment string
	count, x, ldx   string
}

const (
	mulFloatParams  = "dst *float32, ldd int, w *byte, stride, cols int, x *float32, ldx int, resume bool"
	mulFloatComment = "ldd and ldx count floats; resume: add to dst, which holds the sums of earlier columns."
)

var floatFormats = []floatFormat{
	{"F32", 64, mulFloatParams, mulFloatComment, "cols", "x", "ldx"},
	{"F16", 32, mulFloatParams, mulFloatComment, "cols", "x", "ldx"},
	{"BF16", 32, mulFloatParams, mulFloatComment, "cols", "x", "ldx"},
}

// args are the arguments of a call from a function with the same parameters.
func (f floatFormat) args() string {
	args := "dst, ldd, w, stride, " + f.count + ", " + f.x + ", " + f.ldx
	if strings.Contains(f.params, "resume") {
		args += ", resume"
	}
	return args
}

// mulFloatSwitch writes a Go function that calls the shape for tiles x tokens. Calls through function values would make their
// pointers escape, and scratch rows on the stack with them.
func mulFloatSwitch(f *file, format floatFormat, isa string, shapes [][2]int) {
	name := "mul" + format.name + "Shape" + isa
	fmt.Fprintf(&f.decl, "\n// %s runs the loop for tiles x tokens, which must be one of the above.\n", name)
	fmt.Fprintf(&f.decl, "func %s(tiles, tokens int, %s) {\n\tswitch 16*tiles + tokens {\n", name, format.params)
	for _, s := range shapes {
		fmt.Fprintf(&f.decl, "\tcase 16*%d + %d:\n\t\tmul%sx%dx%d%s(%s)\n", s[0], s[1], format.name, s[0], s[1], isa, format.args())
	}
	fmt.Fprintf(&f.decl, "\tdefault:\n\t\tpanicf(\"no loop for %%d tiles x %%d tokens\", tiles, tokens)\n\t}\n}\n")
}

// mulFloatAddresses assigns the general registers:
//
//	DI, SI       dst, distance of its rows
//	R8, R9, R10  weights of tile 0, distance of tiles, three times that
//	DX, R11-R13  x of tokens 0, 3, 6, 9: three rows share a pointer
//	BX           distance of rows of x
//	CX           columns
type mulFloatAddresses struct{ tiles, tokens int }

func newMulFloatAddresses(tiles, tokens int) mulFloatAddresses {
	return mulFloatAddresses{tiles, tokens}
}

func (a mulFloatAddresses) base(token int) string {
	return []string{"DX", "R11", "R12", "R13"}[token/3]
}

// weight is the operand at a displacement from a tile's current column.
func (a mulFloatAddresses) weight(displacement, tile int) string {
	switch tile {
	case 0:
		return mem(displacement, "R8")
	case 3:
		return indexed(displacement, "R8", "R10", 1)
	}
	return indexed(displacement, "R8", "R9", tile)
}

// activation is x of a token, column places after the current one.
func (a mulFloatAddresses) activation(column, token int) string {
	if token%3 == 0 {
		return mem(4*column, a.base(token))
	}
	return indexed(4*column, a.base(token), "BX", token%3)
}

// begin opens the function and loads the registers.
func (a mulFloatAddresses) begin(f *file, format floatFormat, isa string) {
	f.fn(fmt.Sprintf("mul%sx%dx%d%s", format.name, a.tiles, a.tokens, isa), format.params, 57,
		fmt.Sprintf("%d tiles (stride bytes apart) x %d tokens; %s", a.tiles, a.tokens, format.comment))
	a.load(f, format)
}

// load sets the registers to the arguments.
func (a mulFloatAddresses) load(f *file, format floatFormat) {
	f.op("MOVQ", "dst+0(FP)", "DI")
	f.op("MOVQ", "ldd+8(FP)", "SI")
	f.op("MOVQ", "w+16(FP)", "R8")
	if a.tiles > 1 {
		f.op("MOVQ", "stride+24(FP)", "R9")
	}
	if a.tiles > 3 {
		f.op("LEAQ", "(R9)(R9*2)", "R10")
	}
	f.op("MOVQ", format.count+"+32(FP)", "CX")
	f.op("MOVQ", format.x+"+40(FP)", "DX")
	f.op("SHLQ", "$2", "SI")
	if a.tokens > 1 {
		f.op("MOVQ", format.ldx+"+48(FP)", "BX")
		f.op("SHLQ", "$2", "BX")
	}
	if a.tokens > 3 {
		f.op("LEAQ", "(BX)(BX*2)", "AX")
		for t := 3; t < a.tokens; t += 3 {
			f.op("LEAQ", fmt.Sprintf("(%s)(AX*1)", a.base(t-3)), a.base(t))
		}
	}
}

// resume loads the sums from dst if the argument says so.
func (a mulFloatAddresses) resume(f *file, add func(t int, row string)) {
	f.op("MOVBLZX", "resume+56(FP)", "AX")
	f.op("TESTL", "AX", "AX")
	f.op("JZ", "write")
	dstRows(f, a.tokens, "AX", add)
	f.label("write")
}

// columns is the loop: four columns at a time, then two, then one. Pairs of bf16 columns stay together.
func (a mulFloatAddresses) columns(f *file, format floatFormat, body func(n int)) {
	f.op("SUBQ", "$4", "CX")
	f.op("JLT", "two")
	f.label("four")
	body(4)
	a.advance(f, format, 4)
	f.op("SUBQ", "$4", "CX")
	f.op("JGE", "four")
	f.label("two") // CX is the rest minus 4: the same two lowest bits
	f.op("TESTQ", "$2", "CX")
	f.op("JZ", "one")
	body(2)
	a.advance(f, format, 2)
	f.label("one")
	f.op("TESTQ", "$1", "CX")
	f.op("JZ", "store")
	body(1)
	f.label("store")
}

// advance moves all pointers n columns on.
func (a mulFloatAddresses) advance(f *file, format floatFormat, n int) {
	f.op("ADDQ", fmt.Sprintf("$%d", n*format.columnBytes), "R8")
	for t := 0; t < a.tokens; t += 3 {
		f.op("ADDQ", fmt.Sprintf("$%d", 4*n), a.base(t))
	}
}

// dstRows calls each with a register that points to the row of dst of each token in turn; SI holds their distance in bytes.
func dstRows(f *file, tokens int, row string, each func(t int, row string)) {
	if row != "DI" {
		f.op("MOVQ", "DI", row)
	}
	for t := range tokens {
		each(t, row)
		if t < tokens-1 {
			f.op("ADDQ", "SI", row)
		}
	}
}
