// Gen writes the text that package text makes.
//
//	go run ./testdata/text/gen -seed 1 -bytes 12000000 -o train.txt
//	go run ./testdata/text/gen -valid -o testdata/text/valid.txt
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"nibble/testdata/text"
)

func main() {
	seed := flag.Uint64("seed", text.TrainSeed, "seed of the text")
	size := flag.Int("bytes", 1<<20, "least number of bytes; the last document is finished")
	valid := flag.Bool("valid", false, "write valid.txt: its seed and its size")
	out := flag.String("o", "-", "file to write; - is standard output")
	flag.Parse()
	if flag.NArg() > 0 || *size < 1 {
		fmt.Fprintln(os.Stderr, "gen: no arguments are taken, and -bytes must be positive")
		flag.Usage()
		os.Exit(2)
	}
	if *valid {
		*seed, *size = text.ValidSeed, text.ValidBytes
	}
	if err := run(*out, *seed, *size); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string, seed uint64, size int) error {
	if out == "-" {
		return text.Write(os.Stdout, seed, size)
	}
	var b bytes.Buffer
	if err := text.Write(&b, seed, size); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
