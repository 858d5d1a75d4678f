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
	exitPipe        = 141 // as a shell reports a program ended by SIGPIPE
)

func main() { os.Exit(nibble()) }

// nibble runs the process's own command line and returns the exit code.
func nibble() int {
	return interruptible(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) })
}

// interruptible runs f with a context that ends at the first SIGINT or SIGTERM.
func interruptible(f func(ctx context.Context) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks the command to stop and to take away what it left unfinished; from then on signals act as they do
	// on any program, so that a second one ends it at once.
	context.AfterFunc(ctx, stop)
	// A reader that goes away is an error of the write, not the end of the process: temporary files are still taken away.
	signal.Ignore(syscall.SIGPIPE)
	return f(ctx)
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "nibble: interrupted; no unfinished file was left behind")
		return exitInterrupted
	case errors.Is(out.err, syscall.EPIPE):
		return exitPipe // whoever closed the pipe knows
	case out.err != nil:
		err = fmt.Errorf("write standard output: %w", withoutPath(out.err))
	case err == nil:
		return 0
	}
	fmt.Fprintln(stderr, "nibble: "+strings.TrimPrefix(err.Error(), "nibble: "))
	var usage usageError
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		if cmd.Name() == "help" {
			cmd = root
		}
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailure
}

// helpWidth is the number of columns that help is wrapped at.
const helpWidth = 100

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "nibble",
		Short: "What does each bit cost? Convert, quantize, measure and compare language models",
		Long: fmt.Sprintf(`nibble reads Hugging Face checkpoints, writes quantized containers, measures what each one
lost (perplexity) and how fast it runs on this CPU, and draws the trade-off.

Wherever a MODEL is wanted, a checkpoint's folder or a container (.nbl) can be given.

To see it work, offline, on two small models that it carries:  nibble study

Environment: NIBBLE_ISA=NAME forces an instruction set (%s on this CPU);
TMPDIR is where containers that are needed for one command only are made.
Exit codes: 0 success, 1 failure, 2 usage, 130 interrupted, 141 standard output was closed.`, strings.Join(kernels.Available(), ", ")),
		Version:       strings.TrimPrefix(tool, "nibble "),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return kernels.InitError()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddGroup(&cobra.Group{ID: "all", Title: "Everything in one go:"},
		&cobra.Group{ID: "step", Title: "Step by step:"},
		&cobra.Group{ID: "look", Title: "Look inside:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("all", studyCommand())
	add("step", convertCommand(), pplCommand(), mergeCommand(), compareCommand(), taskCommand(), sensitivityCommand(), benchCommand(), reportCommand())
	add("look", inspectCommand(), verifyCommand(), tokenizeCommand(), logitsCommand())
	root.SetHelpCommand(helpCommand())
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", helpWidth)))
	return root
}

// helpCommand is cobra's, but that an unknown command is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND]",
		Short:             "Help about a command",
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if about == nil || err != nil || len(rest) > 0 {
				return usagef("help: unknown command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// exactly demands n arguments, named for the message.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usagef("%s: %s given, want %d: %s", cmd.Name(), count(len(args), "argument"), len(names), strings.Join(names, " "))
		}
		return nil
	}
}
