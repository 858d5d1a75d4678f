package reports

import (
	"fmt"
	"strings"
)

// Answer is the finding of the study in one sentence for a terminal or the head
// of a page: what the smallest variant saves and costs, and what the cheaper
// steps on the way there cost.
//
//	int4-g32 is 3.0x smaller than bf16 and 2.3x faster at generation; its mean KL divergence is 0.129 nats
//	(0.126 from the weights alone), the same top token in 80.2 % of the places, and it costs +14.2 % perplexity
//	(18.99 -> 21.69, worse); int8-g32: 0.00369 nats, +0.4 %, not distinguishable.
func Answer(s Study) string {
	gs := groups(s.Records)
	switch len(gs) {
	case 0:
		return "Nothing was measured."
	case 1:
		return gs[0].answer() + "."
	}
	parts := make([]string, len(gs))
	for i, g := range gs {
		parts[i] = g.model + ": " + g.answer()
	}
	return strings.Join(parts, "; ") + "."
}

// answer is the clause for one model, without a full stop.
func (g group) answer() string {
	if len(g.records) == 1 {
		r := g.records[0]
		out := fmt.Sprintf("%s takes %s MB and has a perplexity of %s", r.Variant, formatSize(r.Bytes), withError(r))
		if r.Generation.Measured() {
			out += fmt.Sprintf(", generating %s tokens per second", formatSpeed(r.Generation.TokensPerSecond))
		}
		return out + "; there is nothing to compare it with"
	}
	// Records are sorted by size: the last one that is not its own base leads.
	lead := -1
	for i, r := range g.records {
		if !g.isBase(r) && g.isMain(r) {
			lead = i
		}
	}
	if lead < 0 { // every record is a base: one variant in several activation modes
		var each []string
		for _, r := range g.records {
			each = append(each, g.label(r)+" "+formatPerplexity(r.Perplexity))
		}
		return "perplexity is " + strings.Join(each, ", ")
	}
	r := g.records[lead]
	base := g.baseOf(r)
	out := fmt.Sprintf("%s is %s %s", g.label(r), sizeWords(base, r), g.label(base))
	if w := speedWords(base, r, generationOf); w != "" {
		out += " and " + w + " at generation"
	}
	c := changeOf(base, r)
	out += "; it costs "
	if r.KL != nil {
		out = strings.TrimSuffix(out, "it costs ") + g.divergence(r) + ", and it costs "
	}
	out += fmt.Sprintf("%s perplexity (%s -> %s%s)", formatPercent(c.percent()),
		formatPerplexity(base.Perplexity), formatPerplexity(r.Perplexity), c.short())
	others, rest := g.others(lead)
	for _, o := range others {
		oc := changeOf(g.baseOf(o), o)
		if o.KL != nil {
			out += fmt.Sprintf("; %s: %s nats, %s%s", g.label(o), klWords(o.KL.Mean), formatPercent(oc.percent()), oc.short())
			continue
		}
		out += fmt.Sprintf("; %s costs %s%s", g.label(o), formatPercent(oc.percent()), oc.short())
	}
	if rest > 0 {
		out += fmt.Sprintf("; the table holds %d more", rest)
	}
	return out
}

// divergence is the clause about r's distance from its base.
func (g group) divergence(r Record) string {
	out := "its mean KL divergence is " + klWords(r.KL.Mean) + " nats"
	if w, ok := g.inMode(r, "f32"); ok && w.KL != nil && r.Activations != "f32" {
		out += " (" + klWords(w.KL.Mean) + " from the weights alone)"
	}
	return out + fmt.Sprintf(" with the same top token in %s %% of the places", significant(100*r.KL.SameTop, 3))
}

// others picks at most three more variants for the sentence. Of many it takes
// the smallest one whose loss cannot be told from none, and then the one that
// loses least; rest counts those left out.
func (g group) others(lead int) (picked []Record, rest int) {
	var all []Record
	for i, r := range g.records {
		if i != lead && !g.isBase(r) && g.isMain(r) {
			all = append(all, r)
		}
	}
	if len(all) <= 3 {
		return all, 0
	}
	free, least := -1, -1
	for i, r := range all {
		if float64(r.Bytes) > 0.98*float64(g.baseOf(r).Bytes) {
			continue // saves nothing
		}
		c := changeOf(g.baseOf(r), r)
		if c.verdict == verdictEqual {
			free = i // sorted by size: the last is the smallest
		}
		if least < 0 || c.Value < changeOf(g.baseOf(all[least]), all[least]).Value {
			least = i
		}
	}
	if free >= 0 {
		picked = append(picked, all[free])
	}
	if least >= 0 && least != free {
		picked = append(picked, all[least])
	}
	return picked, len(all) - len(picked)
}

// short says how sure a change is, as a clause that follows a comma.
func (c change) short() string {
	if c.said != nil {
		return ", " + c.said.Answer
	}
	switch c.verdict {
	case verdictWorse, verdictBetter:
		return ", distinguishable"
	case verdictEqual:
		return ", within the error"
	}
	return ""
}

// Sentence says in one sentence what choosing r instead of base saves and costs.
// For the base itself it states the figures the others are held against.
func Sentence(base, r Record) string {
	return group{model: r.Model, records: []Record{base, r}}.sentence(base, r)
}

func (g group) sentence(base, r Record) string {
	if same(base, r) {
		return g.baseSentence(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s takes %s MB, %s %s", g.label(r), formatSize(r.Bytes), sizeWords(base, r), g.label(base))
	prompt, gen := speedWords(base, r, promptOf), speedWords(base, r, generationOf)
	switch {
	case prompt != "" && prompt == gen:
		fmt.Fprintf(&b, ", and is %s", gen)
	case prompt != "" && gen != "":
		fmt.Fprintf(&b, ", and is %s on prompts and %s at generation", prompt, gen)
	case gen != "":
		fmt.Fprintf(&b, ", and is %s at generation", gen)
	case prompt != "":
		fmt.Fprintf(&b, ", and is %s on prompts", prompt)
	}
	if r.KL != nil {
		fmt.Fprintf(&b, "; its mean KL divergence is %s nats%s and the most likely token is the same in %s %% of the places",
			klWords(r.KL.Mean), r.KL.interval(), significant(100*r.KL.SameTop, 3))
	}
	c := changeOf(base, r)
	if c.said != nil {
		fmt.Fprintf(&b, "; by perplexity (%s → %s) it is %s", formatPerplexity(base.Perplexity), formatPerplexity(r.Perplexity), c.said.Sentence)
		return b.String() + "."
	}
	verb := "costs"
	if c.Value < 0 {
		verb = "changes perplexity by"
	}
	fmt.Fprintf(&b, "; it %s %s", verb, formatPercent(c.percent()))
	if c.Value >= 0 {
		b.WriteString(" perplexity")
	}
	fmt.Fprintf(&b, " (%s → %s)", formatPerplexity(base.Perplexity), formatPerplexity(r.Perplexity))
	b.WriteString(c.long())
	return b.String() + "."
}

// interval is the mean's interval in brackets, or "".
func (d Divergence) interval() string {
	if d.Interval == nil {
		return ""
	}
	return " (95 % interval " + strings.ReplaceAll(formatKLRange(*d.Interval), "<", "below ") + ")"
}

func (g group) baseSentence(r Record) string {
	out := fmt.Sprintf("%s is the base: %s MB, perplexity %s", g.label(r), formatSize(r.Bytes), withError(r))
	if r.Prompt.Measured() {
		out += fmt.Sprintf(", %s tokens per second on prompts", formatSpeed(r.Prompt.TokensPerSecond))
	}
	if r.Generation.Measured() {
		out += fmt.Sprintf(", %s tokens per second at generation", formatSpeed(r.Generation.TokensPerSecond))
	}
	return out + "."
}

// long says how sure a change is and by what test.
func (c change) long() string {
	test := "the two standard errors taken as independent"
	if c.paired {
		test = "paired over the same tokens"
	}
	between := fmt.Sprintf("95 %% interval %s to %s, %s",
		formatPercent(100*expm1(c.Low)), formatPercent(100*expm1(c.High)), test)
	switch c.verdict {
	case verdictWorse:
		return ", which is worse beyond the error (" + between + ")"
	case verdictBetter:
		return ", which is better beyond the error (" + between + ")"
	case verdictEqual:
		return ", which is within the error (" + between + ")"
	}
	return ", whose error is not known"
}

// withError gives a perplexity with half the width of its 95 % interval.
func withError(r Record) string {
	if r.StandardError == 0 {
		return formatPerplexity(r.Perplexity)
	}
	return formatPerplexity(r.Perplexity) + " ± " + halfWidth(r)
}

// halfWidth is half the width of the perplexity's 95 % interval, to two figures.
func halfWidth(r Record) string {
	i := r.interval()
	return significant((i.High-i.Low)/2, 2)
}

// formatKL gives a divergence to three figures and six decimals; rounding can leave
// a tiny one below zero, which means 0.
func formatKL(v float64) string {
	switch {
	case v <= 0:
		return "0"
	case v < leastKL:
		return "<0.000001"
	}
	return significant(v, 3)
}

// klWords is formatKL in a sentence.
func klWords(v float64) string { return strings.Replace(formatKL(v), "<", "below ", 1) }

// formatKLRange gives the ends of an interval, once where they print alike.
func formatKLRange(r Range) string {
	lo, hi := formatKL(r.Low), formatKL(r.High)
	if lo == hi {
		return lo
	}
	return lo + " to " + hi
}
