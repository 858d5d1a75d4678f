package reports

// column is one column of the table in the report, on the terminal and in
// Markdown.
type column struct {
	head  string
	unit  string // printed under or behind the head
	right bool   // numbers are aligned at the right
	cell  func(g group, r Record) string
}

// notMeasured stands in a cell without a value.
const notMeasured = "–"

// columns returns the columns that the group has values for.
func (g group) columns() []column {
	has := func(f func(Record) bool) bool {
		for _, r := range g.records {
			if f(r) {
				return true
			}
		}
		return false
	}
	cols := []column{
		{head: "type", cell: func(g group, r Record) string {
			if g.isBase(r) && len(g.records) > 1 {
				return r.Variant + " (base)"
			}
			return r.Variant
		}},
	}
	if g.mixedActivations() {
		cols = append(cols, column{head: "activations", cell: func(_ group, r Record) string { return or(r.Activations, notMeasured) }})
	}
	cols = append(cols, column{head: "size", unit: "MB", right: true, cell: func(_ group, r Record) string { return formatSize(r.Bytes) }})
	if has(func(r Record) bool { return r.BitsPerWeight > 0 }) {
		cols = append(cols, column{head: "bits/weight", right: true, cell: func(_ group, r Record) string {
			if r.BitsPerWeight == 0 {
				return notMeasured
			}
			return significant(r.BitsPerWeight, 3)
		}})
	}
	cols = append(cols,
		column{head: "perplexity", right: true, cell: func(_ group, r Record) string { return formatPerplexity(r.Perplexity) }},
		column{head: "±", unit: "95 %", right: true, cell: func(_ group, r Record) string {
			if r.StandardError == 0 {
				return notMeasured
			}
			return halfWidth(r)
		}})
	if len(g.records) > 1 {
		cols = append(cols, column{head: "Δ", unit: "vs base", right: true, cell: func(g group, r Record) string {
			if g.isBase(r) {
				return notMeasured
			}
			return formatPercent(changeOf(g.baseOf(r), r).percent())
		}})
	}
	if has(func(r Record) bool { return r.KL != nil }) {
		cols = append(cols,
			column{head: "mean KL", unit: "nats", right: true, cell: func(_ group, r Record) string {
				if r.KL == nil {
					return notMeasured
				}
				return formatKL(r.KL.Mean)
			}},
			column{head: "same top", unit: "%", right: true, cell: func(_ group, r Record) string {
				if r.KL == nil {
					return notMeasured
				}
				return significant(100*r.KL.SameTop, 3)
			}})
	}
	for _, s := range []struct {
		head string
		of   func(Record) Speed
	}{{"prompt", promptOf}, {"generation", generationOf}} {
		if !has(func(r Record) bool { return s.of(r).Measured() }) {
			continue
		}
		cols = append(cols, column{head: s.head, unit: "tok/s", right: true, cell: func(_ group, r Record) string {
			if !s.of(r).Measured() {
				return notMeasured
			}
			return formatSpeed(s.of(r).TokensPerSecond)
		}})
	}
	return cols
}

// title is the head with its unit.
func (c column) title() string {
	if c.unit == "" {
		return c.head
	}
	return c.head + " " + c.unit
}

// or returns v, or instead where v is empty.
func or(v, instead string) string {
	if v == "" {
		return instead
	}
	return v
}
