package bench

import (
	"math"
	"slices"
)

// Rate is one test's speed over its repeats, in tokens a second.
type Rate struct {
	Test    string    `json:"test"` // Prompt, Score or Generation
	Tokens  int       `json:"tokens"`
	Repeats []float64 `json:"tokens_per_second_each"`
	Median  float64   `json:"tokens_per_second"`
	Mean    float64   `json:"mean"`
	Min     float64   `json:"min"`
	Max     float64   `json:"max"`
	StdDev  float64   `json:"std_dev"`
	// BytesPerToken is what one token's pass reads of weights (and, for generation, of the key/value cache on average);
	// GBPerSecond is that times the median rate. For a prompt the weights are read once for many tokens, so it is given for
	// generation only.
	BytesPerToken int64   `json:"bytes_per_token,omitempty"`
	GBPerSecond   float64 `json:"gb_per_second,omitempty"`
	// Limit is nil where the machine was not measured.
	Limit *Limit `json:"limit,omitempty"`
}

func (r *Rate) summarize() {
	s := slices.Sorted(slices.Values(r.Repeats))
	n := len(s)
	r.Min, r.Max, r.Median = s[0], s[n-1], (s[(n-1)/2]+s[n/2])/2
	for _, x := range s {
		r.Mean += x / float64(n)
	}
	if n > 1 {
		var ss float64
		for _, x := range s {
			ss += (x - r.Mean) * (x - r.Mean)
		}
		r.StdDev = math.Sqrt(ss / float64(n-1))
	}
}
