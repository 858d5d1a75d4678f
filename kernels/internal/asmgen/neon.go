package main

import (
	"fmt"
	"strings"
)

// filesNEON returns the assembly files for arm64.
func filesNEON() []*file {
	files := []*file{mulIntNEON(dotSignedBytes), mulIntNEON(dotNibbles), mulIntI8MM(8), mulIntI8MM(4), mulInt16NEON()}
	return append(files, mulFloatNEON()...)
}

// newFileNEON begins a file that uses the macros of neon_arm64.h.
func newFileNEON(name string) *file {
	f := &file{name: name}
	f.text.WriteString("#include \"neon_arm64.h\"\n")
	return f
}

// neon appends an instruction of neon_arm64.h: vector registers by number, destination first.
func (f *file) neon(macro string, registers ...int) {
	args := make([]string, len(registers))
	for i, r := range registers {
		args[i] = fmt.Sprint(r)
	}
	f.text.WriteString("\t" + macro + "(" + strings.Join(args, ", ") + ")\n")
}

// loadQ and storeQ move a vector register of 16 bytes, loadPair and storePair two, loadD and loadS eight and four bytes into a
// register whose rest becomes zero.
func (f *file) loadQ(displacement int, base string, v int) {
	f.op("FMOVQ", mem(displacement, base), fr(v))
}

func (f *file) storeQ(v int, displacement int, base string) {
	f.op("FMOVQ", fr(v), mem(displacement, base))
}

func (f *file) loadD(displacement int, base string, v int) {
	f.op("FMOVD", mem(displacement, base), fr(v))
}

func (f *file) loadS(displacement int, base string, v int) {
	f.op("FMOVS", mem(displacement, base), fr(v))
}

func (f *file) loadPair(displacement int, base string, v int) {
	f.op("FLDPQ", mem(displacement, base), pair(v))
}

func (f *file) storePair(v int, displacement int, base string) {
	f.op("FSTPQ", pair(v), mem(displacement, base))
}

// fr names a vector register as an operand of a move.
func fr(v int) string   { return fmt.Sprintf("F%d", v) }
func pair(v int) string { return fmt.Sprintf("(F%d, F%d)", v, v+1) }
