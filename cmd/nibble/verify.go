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
		Long: `Verify reads a whole container and compares every checksum. What is damaged is named: the header, the metadata, the
tokenizer, the index, each tensor, or the padding between them.`,
		Args:              exactly("FILE.nbl"),
		ValidArgsFunction: completeContainers,
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
			fmt.Fprintf(cmd.OutOrStdout(), "%s: undamaged (%s): every checksum of header, metadata, tokenizer, index and tensors is right\n", args[0], formatBytes(float64(size)))
			return nil
		},
	}
}
