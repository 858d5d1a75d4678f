package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nibble/format"
)

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE.nbl",
		Short: "Recompute every checksum of a container and name what is damaged",
		Args:  exactly("FILE.nbl"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var size int64
			p := newProgress(cmd.ErrOrStderr(), "verify "+args[0], "B")
			err := format.VerifyFile(cmd.Context(), args[0], func(done, total int64) {
				size = total
				p.update(done, total, "")
			})
			p.clear()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: whole: header, metadata, tokenizer, index and every tensor (%s)\n", args[0], formatBytes(float64(size)))
			return nil
		},
	}
}
