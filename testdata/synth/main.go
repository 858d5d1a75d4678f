// Synth writes a checkpoint of any shape with random weights, as a folder in
// the layout of the Hugging Face hub: config.json and model.safetensors. It is
// for measuring speed and memory on shapes whose weights nobody needs, and for
// testing shapes that no published model has.
//
//	go run ./testdata/synth /tmp/synth-1.1b
//	go run ./testdata/synth -preset 10m -dtype f16 /tmp/synth-10m
//	go run ./testdata/synth -arch gpt2 -layers 12 -hidden 768 -ffn 3072 -heads 12 -vocab 50257 -ctx 1024 /tmp/synth-gpt2
//
// It prints the folder. There is no tokenizer: convert with --no-tokenizer and
// evaluate on ids. The same flags give the same bytes whatever the number of
// threads; another CPU family may round a weight's last bit otherwise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	var usage usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "synth:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "synth:", err)
		os.Exit(1)
	}
}

// usageError is a mistake in the arguments: exit code 2.
type usageError struct{ error }

// run does what the command line says: it writes the folder and prints its
// path and what it holds.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, seed, dir, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := write(ctx, dir, s, seed); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "synth: %s, %d weights, %s, seed %d\n", s.arch, s.weights(), s.dtype, seed)
	_, err = fmt.Fprintln(stdout, dir)
	return err
}

// parse reads the flags: a preset first, whatever is said beside it on top.
func parse(args []string, stderr io.Writer) (s shape, seed uint64, dir string, err error) {
	f := flag.NewFlagSet("synth", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./testdata/synth [flags] DIR")
		f.PrintDefaults()
	}
	var said shape
	preset := f.String("preset", "tinyllama", "shape to start from: "+presetNames())
	f.StringVar(&said.arch, "arch", "llama", "llama or gpt2")
	f.IntVar(&said.layers, "layers", 22, "transformer blocks")
	f.IntVar(&said.hidden, "hidden", 2048, "width of the residual stream")
	f.IntVar(&said.ffn, "ffn", 5632, "width of the MLP")
	f.IntVar(&said.heads, "heads", 32, "query heads")
	f.IntVar(&said.kvHeads, "kv-heads", 4, "key and value heads (llama; heads for gpt2)")
	f.IntVar(&said.headDim, "head-dim", 0, "width of a head (llama; 0: hidden/heads)")
	f.IntVar(&said.vocab, "vocab", 32000, "words of the vocabulary")
	f.IntVar(&said.ctx, "ctx", 2048, "positions")
	f.StringVar((*string)(&said.dtype), "dtype", "bf16", "bf16, f16 or f32")
	f.BoolVar(&said.tie, "tie", false, "head tied to the embedding (gpt2: always)")
	f.Uint64Var(&seed, "seed", 1, "seed of the weights")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, 0, "", err
		}
		return s, 0, "", usageError{err}
	}
	if f.NArg() != 1 || f.Arg(0) == "" {
		return s, 0, "", usageError{fmt.Errorf("%d folders given, want one: go run ./testdata/synth [flags] DIR", f.NArg())}
	}
	s, ok := presets[*preset]
	if !ok {
		return s, 0, "", usageError{fmt.Errorf("preset %q is not known; known are %s", *preset, presetNames())}
	}
	f.Visit(func(g *flag.Flag) { s.set(g.Name, said) })
	if err := s.complete(); err != nil {
		return s, 0, "", usageError{err}
	}
	return s, seed, f.Arg(0), nil
}
