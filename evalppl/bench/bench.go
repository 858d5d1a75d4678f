// Package bench measures how fast a model reads a prompt and generates.
package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"nibble/evalppl/model"
	"nibble/kernels"
)

// Options of [Run].
type Options struct {
	Prompt   int // tokens of the prompt test; 0: no such test
	Generate int // tokens of the generation test; 0: no such test
	Repeats  int // counted repeats of each test, at least 1
	// Progress is called before each repeat with the test's name.
	Progress func(test string, repeat, repeats int)
}

// Rate is one test's speed over its repeats, in tokens a second.
type Rate struct {
	Test    string    `json:"test"` // "prompt" or "generation"
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
}

// Run measures m: the prompt test reads random ids into an empty cache and computes the last token's logits; the generation
// test reads one token at a time, with logits, from an empty cache. One pass of each comes first and is not counted; logits in it that
// are not finite are an error that names the place.
func Run(ctx context.Context, m *model.Model, o Options) ([]Rate, error) {
	if o.Repeats < 1 {
		return nil, fmt.Errorf("bench: %d repeats: at least 1 is needed", o.Repeats)
	}
	if o.Prompt < 0 || o.Generate < 0 || o.Prompt+o.Generate == 0 {
		return nil, fmt.Errorf("bench: a prompt of %d and a generation of %d tokens: nothing to measure", o.Prompt, o.Generate)
	}
	if n := max(o.Prompt, o.Generate); n > m.Context() {
		return nil, fmt.Errorf("bench: %d tokens, the model was made for %d positions", n, m.Context())
	}
	s, err := m.NewSession(max(o.Prompt, o.Generate, 1))
	if err != nil {
		return nil, err
	}
	tokens := make([]uint32, max(o.Prompt, o.Generate))
	rng := rand.New(rand.NewPCG(1, 1)) // fixed: the same work in every run
	for i := range tokens {
		tokens[i] = uint32(rng.IntN(m.Vocab()))
	}
	var strange bool // logits of the passes that are not counted held NaN or Inf: so may the work of those that are
	look := func(_ int, logits []float32) error {
		strange = strange || !kernels.Finite(logits)
		return nil
	}
	ignore := func(int, []float32) error { return nil }
	var rates []Rate
	measure := func(test string, n int, pass func(fn func(int, []float32) error) error) (*Rate, error) {
		r := Rate{Test: test, Tokens: n}
		for i := -1; i < o.Repeats; i++ {
			if o.Progress != nil {
				o.Progress(test, max(i, 0)+1, o.Repeats)
			}
			s.Reset()
			start := time.Now()
			fn := ignore
			if i < 0 {
				fn = look
			}
			if err := pass(fn); err != nil {
				return nil, err
			}
			if strange {
				where, err := m.FirstNonFinite(ctx, tokens[:n])
				if err != nil {
					return nil, err
				}
				return nil, fmt.Errorf("bench: the %s test gives logits that are NaN or infinite, first seen in %s: the model is broken, and so would be its speed; convert it again", test, where)
			}
			if i >= 0 {
				r.Repeats = append(r.Repeats, float64(n)/time.Since(start).Seconds())
			}
		}
		r.summarize()
		rates = append(rates, r)
		return &rates[len(rates)-1], nil
	}
	if n := o.Prompt; n > 0 {
		if _, err := measure("prompt", n, func(fn func(int, []float32) error) error { return s.Logits(ctx, tokens[:n], n-1, fn) }); err != nil {
			return nil, err
		}
	}
	if n := o.Generate; n > 0 {
		r, err := measure("generation", n, func(fn func(int, []float32) error) error {
			for i := range n {
				if err := s.Logits(ctx, tokens[i:i+1], 0, fn); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		r.BytesPerToken = m.WeightBytes() + m.CacheBytes(n)/2
		r.GBPerSecond = r.Median * float64(r.BytesPerToken) / 1e9
	}
	return rates, nil
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
