package reports

// modes sets what the weights alone lost, measured with float32 activations, beside
// what weights and rounded activations lost together. It is nil where no variant
// was measured in both ways.
func (g group) modes() *table {
	t := &table{
		Caption: "With float32 activations only the stored weights differ from the base; with rounded ones, the fast path, activations lose too. The difference is what they add.",
		Heads: []column{
			{head: "type"}, {head: "activations"},
			{head: "mean KL", unit: "weights alone", right: true}, {head: "mean KL", unit: "with activations", right: true}, {head: "mean KL", unit: "difference", right: true},
			{head: "ln(PPL/PPL base)", unit: "weights alone", right: true}, {head: "ln(PPL/PPL base)", unit: "with activations", right: true}, {head: "ln(PPL/PPL base)", unit: "difference", right: true},
		},
	}
	for _, r := range g.records {
		exact, ok := g.inMode(r, "f32")
		if !ok || r.Activations == "f32" || r.Activations == "" {
			continue
		}
		base := g.baseOf(r)
		if g.isBase(r) {
			base = exact // each mode is marked as a base: the comparison is within the variant
		}
		cells := []string{r.Variant, r.Activations, notMeasured, notMeasured, notMeasured}
		if a, okA := g.klOf(exact); okA {
			cells[2] = formatKL(a)
			if b, okB := g.klOf(r); okB {
				cells[3], cells[4] = formatKL(b), formatKLDifference(b-a)
			}
		}
		cells = append(cells, formatLogRatio(exact.NLL-base.NLL), formatLogRatio(r.NLL-base.NLL), formatLogRatio(r.NLL-exact.NLL))
		t.Rows = append(t.Rows, row{Cells: cells})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// klOf returns a record's mean divergence; a base has none from itself.
func (g group) klOf(r Record) (float64, bool) {
	if r.KL != nil {
		return r.KL.Mean, true
	}
	return 0, g.isBase(r)
}

// formatKLDifference gives the difference of two divergences with its sign.
func formatKLDifference(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0:
		return minus + formatKL(-v)
	}
	return "+" + formatKL(v)
}
