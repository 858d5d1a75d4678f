package evalppl

import (
	"fmt"
	"math"
)

// Answers to "is the other model different?".
const (
	Better             = "better"
	Worse              = "worse"
	NotDistinguishable = "not distinguishable"
	Identical          = "identical" // every loss is the same
	Undecided          = "undecided" // fewer than two windows: nothing is known about the error
)

// Verdict says in words whether a model's perplexity differs from the base's on this text.
type Verdict struct {
	Answer   string `json:"answer"`
	Sentence string `json:"sentence"`
	// Detectable is the smallest |ln(PPL/PPL0)| that a text of this length shows with a power of 80 %.
	Detectable float64 `json:"detectable_log_ratio,omitempty"`
	// TokensNeeded is how many tokens of such text would show a difference of the observed size; absent where none was observed.
	TokensNeeded float64 `json:"tokens_needed,omitempty"`
}

// zPower is the sum of the normal distribution's 97.5 % quantile (a two-sided test at 5 %) and its 80 % quantile (power 80 %):
// a true difference of zPower standard errors is found significant four times out of five (Cohen, Statistical Power Analysis for
// the Behavioral Sciences, 1988, section 2.4; the chance of significance in the wrong direction is neglected).
const zPower = z95 + 0.841621

// fewClusters is below how many clusters the bootstrap's interval is called rough: at 10 its coverage is around 90 %, not 95.
const fewClusters = 10

// newVerdict answers from the paired difference. The difference is called real where its 95 % interval excludes 0. The standard
// error falls with the root of the text's length, so the text needed to show the observed difference d is
//
//	tokens * (zPower * standard error / d)^2
//
// tokens being the text's length now. Where the true difference is smaller than the observed one, more is needed.
func newVerdict(d LogRatio, identical bool, tokens, clusters int, unit string) Verdict {
	v := Verdict{Detectable: zPower * d.StandardError}
	if d.Mean != 0 && d.StandardError > 0 {
		v.TokensNeeded = math.Ceil(float64(tokens) * math.Pow(zPower*d.StandardError/d.Mean, 2))
	}
	switch {
	case identical:
		v.Answer = Identical
		v.Sentence = "identical: every scored token has the same loss as in the base"
		return v
	case d.Interval == nil:
		v.Answer = Undecided
		v.Sentence = fmt.Sprintf("undecided: perplexity is %s, but one of the %s alone says nothing about the error; score more text", change(d.Mean), unit)
		return v
	case d.Interval.Low > 0:
		v.Answer = Worse
	case d.Interval.High < 0:
		v.Answer = Better
	default:
		v.Answer = NotDistinguishable
	}
	interval := fmt.Sprintf("95 %% interval %s to %s", percent(d.Interval.Low), percent(d.Interval.High))
	if clusters < fewClusters {
		interval += fmt.Sprintf(", rough: only %d %s", clusters, unit)
	}
	if v.Answer != NotDistinguishable {
		v.Sentence = fmt.Sprintf("%s: perplexity is %s than the base's (%s)", v.Answer, change(d.Mean), interval)
		return v
	}
	v.Sentence = fmt.Sprintf("not distinguishable on this text: perplexity differs by %s (%s)", percent(d.Mean), interval)
	if v.TokensNeeded > 0 {
		v.Sentence += fmt.Sprintf("; a difference of this size would need about %s tokens of such text, this one has %s", roundCount(v.TokensNeeded), roundCount(float64(tokens)))
	}
	return v
}

// percent writes a logarithm of a ratio as a change in percent.
func percent(logRatio float64) string {
	x := 100 * math.Expm1(logRatio)
	return fmt.Sprintf("%+.*f %%", decimals(x), x)
}

// change is percent in words.
func change(logRatio float64) string {
	x := 100 * math.Expm1(logRatio)
	word := "higher"
	if x < 0 {
		word = "lower"
	}
	x = math.Abs(x)
	return fmt.Sprintf("%.*f %% %s", decimals(x), x, word)
}

// decimals gives a percentage three significant digits or so.
func decimals(x float64) int {
	switch x = math.Abs(x); {
	case x >= 10:
		return 1
	case x >= 1 || x == 0:
		return 2
	case x >= 0.1:
		return 3
	case x >= 0.01:
		return 4
	}
	return 6
}

// roundCount writes a number with two significant digits.
func roundCount(x float64) string {
	switch {
	case x < 1000:
		return fmt.Sprintf("%.0f", x)
	case x < 1e6:
		return fmt.Sprintf("%.*f thousand", tenths(x/1e3), x/1e3)
	case x < 1e9:
		return fmt.Sprintf("%.*f million", tenths(x/1e6), x/1e6)
	case x < 1e12:
		return fmt.Sprintf("%.*f billion", tenths(x/1e9), x/1e9)
	}
	return "more than a thousand billion"
}

// tenths is 1 for numbers below 10, which get a decimal.
func tenths(x float64) int {
	if x < 9.95 {
		return 1
	}
	return 0
}
