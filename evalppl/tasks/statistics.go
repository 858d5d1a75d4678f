package tasks

import "math"

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959964

// Accuracy is a share of items with its error.
type Accuracy struct {
	Correct       int     `json:"correct"` // items
	Value         float64 `json:"value"`   // their share, 0 to 1
	StandardError float64 `json:"standard_error"`
	Low           float64 `json:"low"` // 95 % interval
	High          float64 `json:"high"`
}

// newAccuracy computes the statistics of correct items out of n.
//
// The standard error is the sample standard deviation of n values 0 and 1 over the root of n, sqrt(p(1-p)/(n-1)); 0 for one item. The
// interval is Wilson's (Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22, 1927, 209-212).
func newAccuracy(correct, n int) Accuracy {
	if n == 0 {
		return Accuracy{High: 1}
	}
	p, size := float64(correct)/float64(n), float64(n)
	a := Accuracy{Correct: correct, Value: p}
	if n > 1 {
		a.StandardError = math.Sqrt(p * (1 - p) / (size - 1))
	}
	const zz = z95 * z95
	centre := (p + zz/(2*size)) / (1 + zz/size)
	half := z95 / (1 + zz/size) * math.Sqrt(p*(1-p)/size+zz/(4*size*size))
	a.Low, a.High = max(0, centre-half), min(1, centre+half)
	return a
}

// Perplexity is that of completions: e to the minus mean log-likelihood of an item.
type Perplexity struct {
	Value         float64 `json:"value"`
	StandardError float64 `json:"standard_error"`
	Low           float64 `json:"low"` // 95 % interval
	High          float64 `json:"high"`

	LogLikelihood              float64 `json:"log_likelihood"` // mean over items, in nats
	LogLikelihoodStandardError float64 `json:"log_likelihood_standard_error"`
}

// newPerplexity computes the statistics of the items' log-likelihoods. The standard error is the delta method's.
func newPerplexity(l []float64) Perplexity {
	mean, se := meanAndError(l)
	value := expFinite(-mean)
	return Perplexity{
		Value: value, StandardError: min(value*se, math.MaxFloat64), Low: expFinite(-mean - z95*se), High: expFinite(-mean + z95*se),
		LogLikelihood: mean, LogLikelihoodStandardError: se,
	}
}

// meanAndError returns the mean and its standard error: the sample standard deviation over the root of n.
func meanAndError(x []float64) (mean, se float64) {
	if len(x) == 0 {
		return 0, 0
	}
	n := float64(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n
	if len(x) < 2 {
		return mean, 0
	}
	var ss float64
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss/(n-1)) / math.Sqrt(n)
}

// expFinite is e^x, or the largest number where that is beyond it: JSON has no infinity.
func expFinite(x float64) float64 { return min(math.Exp(x), math.MaxFloat64) }
