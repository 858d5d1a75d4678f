// Command nibble converts language model checkpoints to quantized containers, measures what each lost and how fast it runs,
// and draws the trade-off.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"nibble/kernels"
)

// tool is the program's name and version, as containers and results carry it.
const tool = "nibble 0.1.0"

// Exit codes.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as a shell reports a program ended by SIGINT
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "nibble: interrupted; no unfinished file was left behind")
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "nibble: "+strings.TrimPrefix(err.Error(), "nibble: "))
	var usage usageError
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		fmt.Fprintln(stderr, "Run 'nibble --help' or 'nibble COMMAND --help' for usage.")
		return exitUsage
	}
	return exitFailure
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "nibble",
		Short: "What does each bit cost? Convert, quantize, measure and compare language models",
		Long: `nibble reads Hugging Face checkpoints, writes quantized containers, measures what each one
lost (perplexity) and how fast it runs on this CPU, and draws the trade-off.

Wherever a MODEL is wanted, a checkpoint's folder or a container (.nbl) can be given.
Exit codes: 0 success, 1 failure, 2 usage, 130 interrupted.`,
		Version:       strings.TrimPrefix(tool, "nibble "),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return kernels.InitError()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(studyCommand(), convertCommand(), inspectCommand(), verifyCommand(), tokenizeCommand(),
		logitsCommand(), pplCommand(), benchCommand(), reportCommand())
	return root
}

// exactly demands n arguments, named for the message.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usagef("%s: %d arguments given, want %d: %s", cmd.Name(), len(args), len(names), strings.Join(names, " "))
		}
		return nil
	}
}
