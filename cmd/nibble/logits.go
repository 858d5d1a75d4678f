package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"nibble/evalppl/model"
	"nibble/kernels"
)

// errNonFinite ends a pass at logits that are not finite.
var errNonFinite = errors.New("logits that are not finite")

func logitsCommand() *cobra.Command {
	var ids, out, typ string
	var force, keep bool
	var o model.Options
	cmd := &cobra.Command{
		Use:   "logits MODEL --token-ids IDS.u32 -o OUT.f32",
		Short: "Write the logits of every position of a token sequence",
		Long: `Logits reads token ids (little-endian uint32) as one sequence and writes [positions x vocabulary] float32, little-endian. Logits
that are NaN or infinite are refused, with the place in the model where that begins; --keep-nonfinite writes them as they are.`,
		Args: exactly("MODEL"),
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
			bad, row := -1, []float32(nil) // the first that is not finite
			err = m.Logits(cmd.Context(), tokens, 0, func(i int, logits []float32) error {
				p.update(int64(i+1), int64(len(tokens)), "")
				if bad < 0 && !kernels.Finite(logits) {
					bad, row = i, slices.Clone(logits)
					if !keep {
						return errNonFinite
					}
				}
				return w.float32s(logits)
			})
			p.clear()
			if bad >= 0 && (err == nil || errors.Is(err, errNonFinite)) {
				where := nonFiniteLogits(cmd.Context(), m, tokens, bad, row)
				if keep {
					fmt.Fprintf(cmd.ErrOrStderr(), "nibble: logits of %s: %v\n", inputName(ids), where)
				} else {
					err = fmt.Errorf("%w; write them all the same with --keep-nonfinite", where)
				}
			}
			if err != nil {
				return fmt.Errorf("logits of %s: %w", inputName(ids), err)
			}
			return w.commit()
		},
	}
	f := cmd.Flags()
	f.StringVar(&ids, "token-ids", "", "`FILE` of token ids, little-endian uint32 (- for standard input)")
	f.StringVarP(&out, "output", "o", "", "`FILE` to write (- for standard output)")
	f.BoolVar(&keep, "keep-nonfinite", false, "write logits that are NaN or infinite instead of refusing them")
	f.BoolVar(&force, "force", false, "replace an existing file")
	modelFlags(cmd, &typ, &o)
	return cmd
}
