package reports

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// Spans from which an axis becomes logarithmic. A perplexity of 345 beside 19
// would press all the others together; sizes are easier to compare on a linear
// axis, so they may span more.
const (
	logPerplexityFrom = 3.0
	logSizeFrom       = 8.0
)

// axis is the range and the ticks of one side of a plot.
type axis struct {
	min, max float64
	log      bool
}

// newAxis fits an axis to values that span lo to hi, with room on both sides for
// labels. positive quantities never reach 0 or below, which a logarithmic axis
// could not show.
func newAxis(lo, hi, logFrom, room float64) axis {
	if lo > 0 && hi/lo > logFrom {
		f := math.Pow(hi/lo, room)
		// The bounds keep a span of hundreds of decades from overflowing.
		return axis{min: max(lo/f, 1e-300), max: min(hi*f, 1e307), log: true}
	}
	span := hi - lo
	// A span of nothing (one point, or identical ones) gets a tenth of the value.
	if least := 0.1 * math.Abs(hi); span < least*1e-6 || span == 0 {
		span = least
		if hi == 0 {
			span = 1
		}
		mid := (lo + hi) / 2
		return clampAxis(axis{min: mid - span, max: mid + span}, lo)
	}
	return clampAxis(axis{min: lo - room*span, max: hi + room*span}, lo)
}

// clampAxis keeps room below positive values from running below zero.
func clampAxis(a axis, lo float64) axis {
	if lo >= 0 && a.min < 0 {
		a.min = 0
	}
	return a
}

// norm maps v to 0..1 along the axis.
func (a axis) norm(v float64) float64 {
	if a.log {
		return (math.Log(v) - math.Log(a.min)) / (math.Log(a.max) - math.Log(a.min))
	}
	return (v - a.min) / (a.max - a.min)
}

// Normalize implements [plot.Normalizer]. Unlike [plot.LogScale] it does not
// panic: nothing that reaches it is below zero, because records are checked.
func (a axis) Normalize(_, _, v float64) float64 { return a.norm(v) }

// ticks returns at most about n labelled ticks.
func (a axis) ticks(n int) []plot.Tick {
	if a.log {
		return a.logTicks(n)
	}
	step := niceStep((a.max - a.min) / float64(n))
	var out []plot.Tick
	first, last := math.Ceil(a.min/step), math.Floor(a.max/step)
	for k := first; k <= last && len(out) < 4*n; k++ {
		out = append(out, plot.Tick{Value: k * step, Label: tickLabel(k*step, step)})
	}
	return out
}

// niceStep rounds a step up to 1, 2, 2.5 or 5 times a power of ten.
func niceStep(raw float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*p >= raw*(1-1e-9) {
			return m * p
		}
	}
	return 10 * p
}

// logTicks takes the densest of a few series whose ticks stay at most n.
func (a axis) logTicks(n int) []plot.Tick {
	series := [][]float64{
		{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9}, {1, 1.5, 2, 3, 4, 5, 7}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1},
	}
	var out []plot.Tick
	for _, s := range series {
		out = out[:0]
		for e := math.Floor(math.Log10(a.min)); e <= math.Ceil(math.Log10(a.max)); e++ {
			for _, m := range s {
				v := m * math.Pow(10, e)
				if v >= a.min && v <= a.max {
					out = append(out, plot.Tick{Value: v, Label: tickLabel(v, math.Pow(10, e)*0.1*fraction(m))})
				}
			}
		}
		if len(out) <= n && a.spaced(out, 0.5/float64(n)) {
			return out
		}
	}
	stride := (len(out) + n - 1) / n
	kept := out[:0]
	for i := 0; i < len(out); i += stride {
		kept = append(kept, out[i])
	}
	return kept
}

// spaced reports whether neighbouring ticks lie at least gap of the axis apart.
func (a axis) spaced(ticks []plot.Tick, gap float64) bool {
	for i := 1; i < len(ticks); i++ {
		if a.norm(ticks[i].Value)-a.norm(ticks[i-1].Value) < gap {
			return false
		}
	}
	return true
}

// fraction is the resolution that the mantissa of a tick needs, in tenths.
func fraction(m float64) float64 {
	if m == math.Trunc(m) {
		return 10
	}
	return 1
}

// tickLabel writes v with the decimals that a step between ticks needs.
func tickLabel(v, step float64) string {
	places := 0
	for s := step; places < 9 && math.Abs(s-math.Round(s)) > 1e-6*s; places++ {
		s *= 10
	}
	if math.Abs(v) < step*1e-6 {
		v = 0
	}
	if places == 0 {
		return grouped(math.Round(v))
	}
	if v != 0 && places == 9 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return significantPlaces(v, places)
}
