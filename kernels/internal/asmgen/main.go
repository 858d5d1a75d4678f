// Command asmgen writes the generated assembly of package kernels: loops that are unrolled over tiles and tokens, one function
// for each shape. Run it with go generate in the folder kernels; a test compares its output with the committed files.
//
// Usage: asmgen DIR
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: asmgen DIR")
		os.Exit(2)
	}
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(os.Args[1], filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "asmgen:", err)
			os.Exit(1)
		}
	}
}

// files returns the contents of each generated file.
func files() map[string]string {
	out := map[string]string{}
	list := []*file{mulIntAVX512(8), mulIntAVX512(4), mulIntAVX2(8), mulIntAVX2(4)}
	for _, bits := range []int{8, 4} {
		list = append(list, mulIntVNNI256(avxVNNI, bits), mulIntVNNI256(evexTwin, bits))
	}
	list = append(list, mulFloatAVX512()...)
	list = append(list, mulFloatAVX2()...)
	list = append(list, mulBF16DotAVX512(), mulInt16AVX512(), mulInt16AVX2(), encodeAVX512(), encodeErrorsAVX512(), transposeAVX512())
	for _, f := range list {
		out[f.name+"_amd64.s"] = f.asm()
		out[f.name+"_amd64.go"] = f.stubs()
	}
	for _, f := range filesNEON() {
		out[f.name+"_arm64.s"] = f.asm()
		out[f.name+"_arm64.go"] = f.stubs()
	}
	return out
}
