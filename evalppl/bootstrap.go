package evalppl

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	defaultResamples = 2000
	maxResamples     = 1_000_000
)

// Interval is a 95 % confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// ratio is a statistic of the form f(sum of num / sum of den) over clusters; f is increasing, nil is the identity.
type ratio struct {
	num, den []float64
	f        func(float64) float64
}

func (r ratio) of(num, den float64) float64 {
	x := num / den
	if r.f != nil {
		x = r.f(x)
	}
	return x
}

// bootstrapIntervals returns the 95 % interval of each statistic over the same clusters, nil where there are fewer than two
// clusters.
//
// The method is the block bootstrap (Künsch, The jackknife and the bootstrap for general stationary observations, Ann. Statist.
// 17, 1989, 1217-1241) with the clusters, windows or documents, as its blocks, which do not overlap (Carlstein 1986): clusters
// are drawn with replacement, as many as there are, and the statistic is computed from their tokens, so that the dependence of tokens
// within a cluster is kept. Each interval is BCa, bias-corrected and accelerated (Efron, Tibshirani, An Introduction to the
// Bootstrap, 1993, section 14.3), its acceleration from the jackknife over clusters; where the resamples all lie on one side of the
// estimate it is the percentile interval (section 13.3). What it cannot see is dependence between clusters.
//
// The random numbers are PCG's (O'Neill 2014) with the seed, so the same scores and seed give the same interval.
func bootstrapIntervals(stats []ratio, resamples int, seed uint64) []*Interval {
	out := make([]*Interval, len(stats))
	n := len(stats[0].num)
	if n < 2 {
		return out
	}
	draws := make([][]float64, len(stats))
	for k := range draws {
		draws[k] = make([]float64, resamples)
	}
	rng := rand.NewPCG(seed, 0x9e3779b97f4a7c15)
	counts := make([]float64, n)
	for b := range resamples {
		clear(counts)
		for range n {
			// The high half of the product of a 64-bit number and n: an index with a bias below n/2^64.
			i, _ := bits.Mul64(rng.Uint64(), uint64(n))
			counts[i]++
		}
		for k, s := range stats {
			var num, den float64
			for i, c := range counts {
				num += c * s.num[i]
				den += c * s.den[i]
			}
			draws[k][b] = s.of(num, den)
		}
	}
	for k, s := range stats {
		out[k] = s.bca(draws[k])
	}
	return out
}

// bca returns the interval from the resampled statistics, which it sorts.
func (r ratio) bca(draws []float64) *Interval {
	num, den := sum(r.num), sum(r.den)
	estimate := r.of(num, den)
	slices.Sort(draws)
	below := 0.0
	for _, x := range draws {
		if x < estimate {
			below++
		} else if x == estimate {
			below += 0.5
		}
	}
	below /= float64(len(draws))
	const alpha = 0.025
	if below == 0 || below == 1 {
		return &Interval{quantile(draws, alpha), quantile(draws, 1-alpha)}
	}
	z0 := normalQuantile(below)
	a := r.acceleration(num, den)
	at := func(p float64) float64 {
		z := z0 + normalQuantile(p)
		// The denominator is near 1; where a few clusters of extreme skewness bring it to 0 the formula has left its range.
		return normalCDF(z0 + z/max(1-a*z, 0.1))
	}
	return &Interval{quantile(draws, at(alpha)), quantile(draws, at(1-alpha))}
}

// acceleration is the skewness of the jackknife values over 6: Efron and Tibshirani, equation 14.15.
func (r ratio) acceleration(num, den float64) float64 {
	n := len(r.num)
	jack := make([]float64, n)
	for i := range jack {
		jack[i] = r.of(num-r.num[i], den-r.den[i])
	}
	mean := sum(jack) / float64(n)
	var s2, s3 float64
	for _, x := range jack {
		d := mean - x
		s2 += d * d
		s3 += d * d * d
	}
	if s2 == 0 {
		return 0
	}
	return s3 / (6 * math.Pow(s2, 1.5))
}

// ratioError is the standard error of sum num / sum den over clusters: that of [tally.standardError]. It is 0 for fewer than two.
func ratioError(num, den []float64) float64 {
	n := float64(len(num))
	if n < 2 {
		return 0
	}
	total := sum(den)
	mean := sum(num) / total
	var ss float64
	for i := range num {
		d := num[i] - mean*den[i]
		ss += d * d
	}
	return math.Sqrt(ss*n/(n-1)) / total
}

// quantile returns the p-quantile of sorted values by linear interpolation between order statistics (type 7 of Hyndman, Fan,
// Sample quantiles in statistical packages, Am. Stat. 50, 1996).
func quantile[T float32 | float64](sorted []T, p float64) float64 {
	if len(sorted) == 0 {
		panic(fmt.Sprintf("quantile %g of no values", p))
	}
	h := p * float64(len(sorted)-1)
	i := min(int(h), len(sorted)-1)
	lo := float64(sorted[i])
	if i+1 == len(sorted) {
		return lo
	}
	return lo + (h-float64(i))*(float64(sorted[i+1])-lo)
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

func sum(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s
}
