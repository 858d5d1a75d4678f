package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/quant"
)

// What a command line alone can tell is checked before any work, and is an error of usage.

// maxThreads is beyond any machine; more would only be threads that wait for one another.
const maxThreads = 1024

func checkThreads(n int) error {
	if n < 0 || n > maxThreads {
		return usagef("--threads %d: want 0 (one for each CPU) to %d", n, maxThreads)
	}
	return nil
}

func protocolNames() []string { return evalppl.Protocols() }

func checkModelOptions(o model.Options) error {
	if !slices.Contains(model.ActivationModes(), o.Activations) {
		return usagef("--activations %q: want one of %s", o.Activations, strings.Join(model.ActivationModes(), ", "))
	}
	return checkThreads(o.Threads)
}

// checkType refuses a type that is not known; empty is the default.
func checkType(flag, typ string) error {
	if typ != "" && !slices.Contains(quant.MatrixNames(), typ) {
		return usagef("--%s: unknown type %q; known: %s", flag, typ, strings.Join(quant.MatrixNames(), ", "))
	}
	return nil
}

// splitList takes a flag's value apart at commas.
func splitList(s string) []string {
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// checkList refuses what is not known, empty or twice in a flag's list.
func checkList(flag, noun string, list, known []string) error {
	for i, x := range list {
		switch {
		case x == "":
			return usagef("--%s: a %s is empty; known: %s", flag, noun, strings.Join(known, ", "))
		case !slices.Contains(known, x):
			return usagef("--%s: unknown %s %q; known: %s", flag, noun, x, strings.Join(known, ", "))
		case slices.Contains(list[:i], x):
			return usagef("--%s: %s is given twice", flag, x)
		}
	}
	return nil
}

// checkProtocol checks the flags of protocolFlags, and bos with them, as far as they can be without the model.
func checkProtocol(cmd *cobra.Command, bos string, o evalppl.Options) error {
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	switch {
	case !slices.Contains(protocolNames(), o.Protocol):
		return usagef("--protocol: unknown protocol %q; known: %s", o.Protocol, strings.Join(protocolNames(), ", "))
	case given("ctx") && o.Ctx < 2:
		return usagef("--ctx %d: a window needs at least 2 tokens, one to predict the other from", o.Ctx)
	case given("stride") && !evalppl.HasStride(o.Protocol):
		return usagef("--stride belongs to --protocol %s, %s and %s; %s has none", evalppl.Strided, evalppl.HF, evalppl.Document, o.Protocol)
	case given("stride") && o.Stride < 1:
		return usagef("--stride %d: want at least 1", o.Stride)
	case given("stride") && given("ctx") && o.Stride > o.Ctx:
		return usagef("--stride %d: want 1 to --ctx (%d), so that no token is left out", o.Stride, o.Ctx)
	case bos != "auto" && bos != "none" && o.Protocol != evalppl.LlamaCpp && o.Protocol != evalppl.LMEval:
		return usagef("--bos ID belongs to --protocol %s and %s: protocol %s scores the tokens as they are", evalppl.LlamaCpp, evalppl.LMEval, o.Protocol)
	}
	return nil
}

// checkOneStdout refuses two outputs on standard output.
func checkOneStdout(flags map[string]string) error {
	var names []string
	for flag, path := range flags {
		if path == "-" {
			names = append(names, flag)
		}
	}
	if len(names) > 1 {
		slices.Sort(names)
		return usagef("%s: only one of them can go to standard output (-)", strings.Join(names, ", "))
	}
	return nil
}

// checkOutputs refuses two outputs of the same name.
func checkOutputs(flags map[string]string) error {
	if err := checkOneStdout(flags); err != nil {
		return err
	}
	seen := map[string]string{}
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		path := flags[flag]
		if path == "" {
			continue
		}
		if other, ok := seen[path]; ok {
			return usagef("%s and %s name the same file %s", other, flag, path)
		}
		seen[path] = flag
	}
	return nil
}

// checkReadable makes sure that an input is there before the work that it is wanted for. Empty and standard input pass.
func checkReadable(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return inputError(path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder, want a file", path)
	}
	return nil
}

// inputError says in words what keeps an input from being read.
func inputError(path string, err error) error {
	return fmt.Errorf("read %s: %w", path, withoutPath(err))
}
