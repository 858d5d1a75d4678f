package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
)

// nonFiniteFlag says what happens to windows with NaN or Inf.
func nonFiniteFlag(cmd *cobra.Command, o *evalppl.Options) {
	values := []string{evalppl.RefuseNonFinite, evalppl.SkipNonFinite}
	cmd.Flags().StringVar(&o.NonFinite, "on-nonfinite", evalppl.RefuseNonFinite, "`ACTION` for a window with NaN or Inf: refuse, or skip it and count it in the result")
	completeValues(cmd, "on-nonfinite", values)
}

// adviseNonFinite adds what a user of --on-nonfinite can do.
func adviseNonFinite(err error) error {
	var bad *evalppl.NonFiniteError
	if errors.As(err, &bad) {
		return fmt.Errorf("%w; leave such windows out with --on-nonfinite %s, or convert the model again", err, evalppl.SkipNonFinite)
	}
	return err
}

// nonFiniteLogits describes logits that are not finite: those after token at of a sequence.
func nonFiniteLogits(ctx context.Context, m *model.Model, tokens []uint32, at int, row []float32) error {
	var nan, inf int
	for _, x := range row {
		switch {
		case math.IsNaN(float64(x)):
			nan++
		case math.IsInf(float64(x), 0):
			inf++
		}
	}
	where, err := m.FirstNonFinite(ctx, tokens)
	switch {
	case err != nil:
		return err
	case where != "":
		where = "; first seen in " + where
	}
	return fmt.Errorf("the logits after token %d hold %d NaN and %d Inf of %d%s", at, nan, inf, len(row), where)
}
