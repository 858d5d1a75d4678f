package reports

import (
	"cmp"
	"slices"
)

// group is the records of one model, the larger ones first.
type group struct {
	model   string
	records []Record
}

// groups splits a study by model, in the order in which the models first appear.
func groups(records []Record) []group {
	var gs []group
	for _, r := range records {
		i := slices.IndexFunc(gs, func(g group) bool { return g.model == r.Model })
		if i < 0 {
			gs = append(gs, group{model: r.Model})
			i = len(gs) - 1
		}
		gs[i].records = append(gs[i].records, r)
	}
	for _, g := range gs {
		slices.SortStableFunc(g.records, func(a, b Record) int {
			return cmp.Or(-cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.Activations, b.Activations))
		})
	}
	return gs
}

// baseOf returns the record that r is compared with: the base with r's own
// activations, or else any base, or else, where none is marked, the variant with
// the most bytes.
func (g group) baseOf(r Record) Record {
	found, base := false, g.records[0]
	for _, b := range g.records {
		if b.Base && b.Activations == r.Activations {
			return b
		}
		if b.Base && !found {
			found, base = true, b
		}
	}
	return base
}

// isBase reports whether r is what it would be compared with.
func (g group) isBase(r Record) bool { return same(g.baseOf(r), r) }

// same reports whether a and b are the same variant of the same model.
func same(a, b Record) bool {
	return a.Model == b.Model && a.Variant == b.Variant && a.Activations == b.Activations
}

// mixedActivations reports whether the group holds several activation modes.
func (g group) mixedActivations() bool {
	for _, r := range g.records {
		if r.Activations != g.records[0].Activations {
			return true
		}
	}
	return false
}

// label names r in plots, tables and sentences: by its activations too where the
// variant's name alone does not tell two records apart.
func (g group) label(r Record) string {
	several := g.has(func(o Record) bool { return o.Variant == r.Variant && o.Activations != r.Activations })
	if several && r.Activations != "" {
		return r.Variant + " (" + r.Activations + " act.)"
	}
	return r.Variant
}

// inMode returns the record of r's variant in another activation mode.
func (g group) inMode(r Record, activations string) (Record, bool) {
	i := slices.IndexFunc(g.records, func(o Record) bool { return o.Variant == r.Variant && o.Activations == activations })
	if i < 0 {
		return Record{}, false
	}
	return g.records[i], true
}

// isMain reports whether r is the record that stands for its variant: the one in
// the fastest mode.
func (g group) isMain(r Record) bool {
	for _, mode := range []string{"int8", "bf16", "f32"} {
		if r.Activations == mode {
			return true
		}
		if _, ok := g.inMode(r, mode); ok {
			return false
		}
	}
	return true
}

// has reports whether f holds for any record.
func (g group) has(f func(Record) bool) bool { return slices.ContainsFunc(g.records, f) }

func hasKL(r Record) bool { return r.KL != nil }

// speedComparable reports whether speeds of a and b were measured in the same
// place in the same way, so that their ratio means something.
func speedComparable(a, b Record, of func(Record) Speed) bool {
	sa, sb := of(a), of(b)
	return sa.Measured() && sb.Measured() && sa.Tokens == sb.Tokens && a.Machine == b.Machine
}

func promptOf(r Record) Speed     { return r.Prompt }
func generationOf(r Record) Speed { return r.Generation }
