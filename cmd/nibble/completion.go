package main

import (
	"strings"

	"github.com/spf13/cobra"

	"nibble/quant"
)

// completeValues lets a shell complete a flag's value from a fixed list.
func completeValues(cmd *cobra.Command, flag string, values []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// completeTypes completes a list of types separated by commas, with those that are not in it yet.
func completeTypes(cmd *cobra.Command, flag string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		given := ""
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			given = typed[:i+1]
		}
		var list []string
		for _, t := range quant.MatrixNames() {
			if !strings.Contains(","+given, ","+t+",") {
				list = append(list, given+t)
			}
		}
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}))
}

// completeFolders completes arguments that are folders.
func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeContainers completes one container.
func completeContainers(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"nbl"}, cobra.ShellCompDirectiveFilterFileExt
}

// must is for registrations that fail only for a flag that does not exist, or twice: mistakes of this program.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
