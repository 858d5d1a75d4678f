package main

import (
	"github.com/spf13/cobra"

	"nibble/evalppl"
)

func mergeCommand() *cobra.Command {
	var jsonPath string
	var force bool
	cmd := &cobra.Command{
		Use:   "merge RESULT.json... --json FILE",
		Short: "Join the results of shards to the result of one run",
		Long: `Merge joins what "nibble ppl --shard I/N --json FILE" wrote on one or several machines. The perplexity, its interval and every
window's sum come out bit for bit as from one run over the whole text.

Shards that are missing, unfinished or given twice are refused with the windows concerned, and shards whose settings differ
(model, tokens, protocol, activations, kernels and so on) with the field.`,
		Example: "  nibble merge shard-*.json --json whole.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("merge: give the result files of all shards")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var files outputs
			defer files.abort()
			out, err := files.create(cmd, jsonPath, force)
			if err != nil {
				return err
			}
			var parts []evalppl.Part
			for _, path := range args {
				r, err := evalppl.ReadResult(path)
				if err != nil {
					return err
				}
				parts = append(parts, evalppl.Part{Name: path, Result: r})
			}
			r, err := evalppl.Merge(parts)
			if err != nil {
				return err
			}
			if out != nil {
				if err := out.json(r); err != nil {
					return err
				}
			}
			if jsonPath != "-" {
				printResult(cmd, r, stream{})
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&jsonPath, "json", "", "write the joined result to `FILE` (- for standard output)")
	cmd.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return cmd
}
