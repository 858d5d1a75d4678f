package reports

import "math"

// verdict says in which direction a variant's perplexity differs from the
// base's, if that can be told.
type verdict int

const (
	verdictUnknown verdict = iota // no error is known, so nothing can be said
	verdictEqual                  // not distinguishable: the interval of the difference holds 0
	verdictWorse
	verdictBetter
)

// change is the difference of two log-perplexities, ln(PPL / PPL base).
type change struct {
	Interval
	paired  bool // from the same tokens' losses, which is far narrower
	verdict verdict
	said    *Verdict // where the measurement answered itself
}

// percent is the change of the perplexity in per cent.
func (c change) percent() float64 { return 100 * math.Expm1(c.Value) }

// changeOf compares r with base. Where the paired interval was measured it
// decides; otherwise the two standard errors are added in squares as if the
// losses were independent, which they are not (both models find the same tokens
// hard), so that the interval is too wide rather than too narrow.
func changeOf(base, r Record) change {
	v := r.NLL - base.NLL
	c := change{Interval: Interval{Value: v, Low: v, High: v}, said: r.Verdict}
	if d := r.DeltaLogPPL; d != nil {
		// The value stays the one that the two printed perplexities give.
		c.Low, c.High, c.paired, c.verdict = d.Low, d.High, true, judge(*d)
	}
	if r.Verdict != nil {
		c.verdict = verdictOf[r.Verdict.Answer]
	}
	if c.paired || c.said != nil {
		return c
	}
	se := math.Hypot(base.StandardError, r.StandardError)
	c.Low, c.High = v-z95*se, v+z95*se
	if base.StandardError > 0 && r.StandardError > 0 {
		c.verdict = judge(c.Interval)
	}
	return c
}

var verdictOf = map[string]verdict{
	Better: verdictBetter, Worse: verdictWorse, NotDistinguishable: verdictEqual, Identical: verdictEqual, Undecided: verdictUnknown,
}

func judge(i Interval) verdict {
	switch {
	case i.Low > 0:
		return verdictWorse
	case i.High < 0:
		return verdictBetter
	}
	return verdictEqual
}

// ratioWords compares two quantities of which a larger one deserves the word
// more: "3.1x smaller", "1.2x larger", or even where they differ by less than
// half a per cent.
func ratioWords(ratio float64, more, less, even string) string {
	switch {
	case math.Abs(ratio-1) < 0.005:
		return even
	case ratio > 1:
		return formatRatio(ratio) + " " + more
	}
	return formatRatio(1/ratio) + " " + less
}

// sizeWords says how r's size relates to base's.
func sizeWords(base, r Record) string {
	return ratioWords(float64(base.Bytes)/float64(r.Bytes), "smaller than", "larger than", "as large as")
}

// speedWords says how r's speed relates to base's, or "" where the two cannot be
// compared. Repeats that overlap tell no difference.
func speedWords(base, r Record, of func(Record) Speed) string {
	if !speedComparable(base, r, of) {
		return ""
	}
	a, b := of(base), of(r)
	alo, ahi := a.spread()
	blo, bhi := b.spread()
	if a.Repeats > 1 && b.Repeats > 1 && alo <= bhi && blo <= ahi {
		return "about as fast"
	}
	return ratioWords(b.TokensPerSecond/a.TokensPerSecond, "faster", "slower", "as fast")
}
