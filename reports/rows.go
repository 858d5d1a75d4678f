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

// columns returns the columns that the group has values for. A terminal gets those
// that fit into it; the page has all.
func (g group) columns(all bool) []column {
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
	if g.has(func(r Record) bool { return r.BitsPerWeight > 0 }) {
		cols = append(cols, column{head: "bits/weight", right: true, cell: func(_ group, r Record) string {
			if r.BitsPerWeight == 0 {
				return notMeasured
			}
			return significant(r.BitsPerWeight, 3)
		}})
	}
	if g.has(hasKL) {
		cols = append(cols, klColumns()...)
	}
	cols = append(cols, column{head: "perplexity", right: true, cell: func(_ group, r Record) string { return formatPerplexity(r.Perplexity) }})
	if all || !g.has(hasKL) {
		cols = append(cols, column{head: "±", unit: "95 %", right: true, cell: func(_ group, r Record) string {
			if r.StandardError == 0 {
				return notMeasured
			}
			return halfWidth(r)
		}})
	}
	if len(g.records) > 1 {
		cols = append(cols, column{head: "Δ", unit: "vs base", right: true, cell: againstBase(func(c change) string { return formatPercent(c.percent()) })})
	}
	if all && g.has(func(r Record) bool { return r.DeltaLogPPL != nil }) {
		cols = append(cols,
			column{head: "ln(PPL/PPL base)", right: true, cell: againstBase(func(c change) string { return formatLogRatio(c.Value) })},
			column{head: "paired", unit: "95 %", right: true, cell: againstBase(func(c change) string {
				if !c.paired {
					return notMeasured
				}
				return formatLogRatio(c.Low) + " to " + formatLogRatio(c.High)
			})})
	}
	for _, s := range []struct {
		head string
		of   func(Record) Speed
	}{{"prompt", promptOf}, {"generation", generationOf}} {
		if !g.has(func(r Record) bool { return s.of(r).Measured() }) {
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

// againstBase fills a cell of every record but the base's.
func againstBase(f func(change) string) func(group, Record) string {
	return func(g group, r Record) string {
		if g.isBase(r) {
			return notMeasured
		}
		return f(changeOf(g.baseOf(r), r))
	}
}

// klColumns are the divergence, its interval, and how often the most likely token stays.
func klColumns() []column {
	of := func(f func(Divergence) string) func(group, Record) string {
		return func(_ group, r Record) string {
			if r.KL == nil {
				return notMeasured
			}
			return f(*r.KL)
		}
	}
	return []column{
		{head: "mean KL", unit: "nats", right: true, cell: of(func(d Divergence) string { return formatKL(d.Mean) })},
		{head: "KL", unit: "95 %", right: true, cell: of(func(d Divergence) string {
			if d.Interval == nil {
				return notMeasured
			}
			return formatKLRange(*d.Interval)
		})},
		{head: "same top", unit: "%", right: true, cell: of(func(d Divergence) string { return significant(100*d.SameTop, 3) })},
	}
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
