package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nibble/evalppl/model"
)

func logitsCommand() *cobra.Command {
	var ids, out, typ string
	var force bool
	var o model.Options
	cmd := &cobra.Command{
		Use:   "logits MODEL --token-ids IDS.u32 -o OUT.f32",
		Short: "Write the logits of every position of a token sequence",
		Long:  "Logits reads token ids (little-endian uint32) as one sequence and writes [positions x vocabulary] float32, little-endian.",
		Args:  exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ids == "" || out == "" {
				return usagef("logits: --token-ids and -o are needed")
			}
			tokens, err := readIDs(cmd, ids)
			if err != nil {
				return err
			}
			w, err := createOutput(cmd, out, force)
			if err != nil {
				return err
			}
			defer w.abort()
			f, m, err := loadModel(cmd, args[0], typ, o, false)
			if err != nil {
				return err
			}
			defer f.Close()
			defer m.Close()
			if err := checkWindow(m, len(tokens)); err != nil {
				return fmt.Errorf("logits of %s: %w", inputName(ids), err)
			}
			p := newProgress(cmd.ErrOrStderr(), "logits", "tokens")
			err = m.Logits(cmd.Context(), tokens, 0, func(i int, logits []float32) error {
				p.update(int64(i+1), int64(len(tokens)), "")
				return w.float32s(logits)
			})
			p.clear()
			if err != nil {
				return fmt.Errorf("logits of %s: %w", inputName(ids), err)
			}
			return w.commit()
		},
	}
	f := cmd.Flags()
	f.StringVar(&ids, "token-ids", "", "`FILE` of token ids, little-endian uint32 (- for standard input)")
	f.StringVarP(&out, "output", "o", "", "`FILE` to write (- for standard output)")
	f.BoolVar(&force, "force", false, "replace an existing file")
	modelFlags(cmd, &typ, &o)
	return cmd
}
