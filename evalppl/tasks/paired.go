package tasks

import (
	"fmt"
	"math"
)

// Answers to "is the other model different?".
const (
	Better             = "better"
	Worse              = "worse"
	NotDistinguishable = "not distinguishable"
	Identical          = "identical" // the same answers right
)

// Paired is how a model compares with the first one on the same items.
type Paired struct {
	Model    int              `json:"model"` // its place in the result's models, from 1
	Acc      PairedAccuracy   `json:"acc"`
	AccNorm  *PairedAccuracy  `json:"acc_norm,omitempty"`
	AccBytes *PairedAccuracy  `json:"acc_bytes,omitempty"`
	LogPPL   *PairedLogarithm `json:"log_perplexity_ratio,omitempty"`
}

// PairedAccuracy is a difference of accuracies, of the other model minus the first.
type PairedAccuracy struct {
	OnlyFirst     int     `json:"only_first"` // items that only the first model got right
	OnlyOther     int     `json:"only_other"`
	Difference    float64 `json:"difference"`
	StandardError float64 `json:"standard_error"`
	Low           float64 `json:"low"` // 95 % interval
	High          float64 `json:"high"`
	PValue        float64 `json:"p_value"` // McNemar's exact test, two-sided
	Answer        string  `json:"answer"`
}

// PairedLogarithm is ln(perplexity of the other / perplexity of the first).
type PairedLogarithm struct {
	Mean          float64 `json:"mean"`
	StandardError float64 `json:"standard_error"`
	Low           float64 `json:"low"` // 95 % interval
	High          float64 `json:"high"`
}

// pairAccuracies compares the outcomes ('0' or '1' each) of n items.
//
// Items that both models answered alike say nothing of the difference; McNemar's test (Note on the sampling error of the difference
// between correlated proportions or percentages, Psychometrika 12, 1947, 153-157) asks whether the others could be coin tosses. It
// is exact here: binomial, two-sided. The interval is the normal one of the mean of differences -1, 0 and 1.
func pairAccuracies(first, other string) PairedAccuracy {
	var p PairedAccuracy
	for i := range len(first) {
		switch {
		case first[i] == '1' && other[i] == '0':
			p.OnlyFirst++
		case first[i] == '0' && other[i] == '1':
			p.OnlyOther++
		}
	}
	n, differ := float64(len(first)), float64(p.OnlyFirst+p.OnlyOther)
	if n == 0 {
		p.PValue, p.Answer = 1, NotDistinguishable
		return p
	}
	p.Difference = float64(p.OnlyOther-p.OnlyFirst) / n
	if n > 1 {
		p.StandardError = math.Sqrt((differ - n*p.Difference*p.Difference) / (n - 1) / n)
	}
	p.Low, p.High = p.Difference-z95*p.StandardError, p.Difference+z95*p.StandardError
	p.PValue = signTest(p.OnlyFirst, p.OnlyOther)
	switch {
	case differ == 0:
		p.Answer = Identical
	case p.PValue >= 0.05:
		p.Answer = NotDistinguishable
	case p.Difference > 0:
		p.Answer = Better
	default:
		p.Answer = Worse
	}
	return p
}

// signTest returns the probability that a fair coin divides a+b tosses at least as unevenly.
func signTest(a, b int) float64 {
	n := a + b
	var p float64
	for k := range min(a, b) + 1 {
		p += math.Exp(logBinomial(n, k) - float64(n)*math.Ln2)
	}
	return min(1, 2*p)
}

// logBinomial is the logarithm of n over k.
func logBinomial(n, k int) float64 {
	f := func(n int) float64 {
		x, _ := math.Lgamma(float64(n) + 1)
		return x
	}
	return f(n) - f(k) - f(n-k)
}

// pairLogarithms compares the items' log-likelihoods.
func pairLogarithms(first, other []float64) PairedLogarithm {
	d := make([]float64, len(first))
	for i := range d {
		d[i] = first[i] - other[i]
	}
	mean, se := meanAndError(d)
	return PairedLogarithm{mean, se, mean - z95*se, mean + z95*se}
}

// Sentence says the answer in words.
func (p PairedAccuracy) Sentence() string {
	if p.Answer == Identical {
		return "identical: the same items right"
	}
	return fmt.Sprintf("%s: %+.2f points (95 %% interval %+.2f to %+.2f); right only here %d, only in the first %d, p = %.2g", p.Answer,
		100*p.Difference, 100*p.Low, 100*p.High, p.OnlyOther, p.OnlyFirst, p.PValue)
}

// pair compares every model with the first.
func pair(models []ModelResult) []Paired {
	list := []Paired{}
	for i := 1; i < len(models); i++ {
		first, other := &models[0].Outcomes, &models[i].Outcomes
		p := Paired{Model: i, Acc: pairAccuracies(first.Acc, other.Acc)}
		if first.LogLikelihoods != nil {
			l := pairLogarithms(first.LogLikelihoods, other.LogLikelihoods)
			p.LogPPL = &l
		} else {
			norm, bytes := pairAccuracies(first.AccNorm, other.AccNorm), pairAccuracies(first.AccBytes, other.AccBytes)
			p.AccNorm, p.AccBytes = &norm, &bytes
		}
		list = append(list, p)
	}
	return list
}
