package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"nibble/evalppl"
)

func joinFloats(x []float64) string {
	var parts []string
	for _, v := range x {
		parts = append(parts, fmt.Sprintf("%.5f", v))
	}
	return strings.Join(parts, ", ")
}

// printComparison prints the table and the verdicts.
func printComparison(w io.Writer, c evalppl.Comparison, s stream) {
	protocol := fmt.Sprintf("%s, ctx %d", c.Protocol, c.Ctx)
	if c.Stride > 0 {
		protocol += fmt.Sprintf(", stride %d", c.Stride)
	}
	fmt.Fprintf(w, "%s: %s scored in %s (%s)\n", s.Text, count(c.TokensScored, "token"), count(c.Windows, "window"), protocol)
	if c.Partial {
		fmt.Fprintf(w, "interrupted after %d of %s\n", c.Windows, count(c.TotalWindows, "window"))
	}
	if c.WindowsLeftOut > 0 {
		fmt.Fprintf(w, "%s left out: %s\n", count(c.WindowsLeftOut, "window"), c.NonFinite[0])
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	alone := len(c.Others) == 0
	if alone {
		fmt.Fprintf(t, "model\tperplexity\n%s\t%.4f\n", sideName(c.Base), c.Base.Perplexity)
	} else {
		fmt.Fprintln(t, "model\tperplexity\tln(PPL/PPL0)\tmean KL\t95 % interval\tmedian\t99 %\tmax\tsame top\tRMS dp\tcorrelation")
		fmt.Fprintf(t, "%s\t%.4f\tbase\n", sideName(c.Base), c.Base.Perplexity)
	}
	for _, o := range c.Others {
		interval, correlation := "-", "-"
		if o.KL.Interval != nil {
			interval = fmt.Sprintf("%.6f to %.6f", o.KL.Interval.Low, o.KL.Interval.High)
		}
		if o.Correlation != nil {
			correlation = fmt.Sprintf("%.5f", *o.Correlation)
		}
		fmt.Fprintf(t, "%s\t%.4f\t%+.5f ± %.5f\t%.6f\t%s\t%.6f\t%.4f\t%.3f\t%.2f ± %.2f %%\t%.2f %%\t%s\n", sideName(o.Side), o.Perplexity,
			o.LogRatio.Mean, o.LogRatio.StandardError, o.KL.Mean, interval, o.KL.Median, o.KL.P99, o.KL.Max,
			100*o.SameTop.Fraction, 100*o.SameTop.StandardError, 100*o.DeltaP.RMS, correlation)
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, o := range c.Others {
		fmt.Fprintf(w, "%s: %s\n", sideName(o.Side), o.Verdict.Sentence)
	}
	if !alone {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "  activations    %s, %s kernels, %s\n", c.Base.Activations, c.Base.KernelSet, count(c.Base.Threads, "thread"))
	if c.BaseRounding > 0 {
		fmt.Fprintf(w, "  saved base     its log-probabilities are within %.1e; that moved no mean KL by more than %s\n", c.BaseRounding, joinBounds(c.Others))
	}
	if !alone {
		fmt.Fprintf(w, "  intervals      %s over %s, %s, seed %d\n", c.Intervals.Name, count(c.Intervals.Clusters, strings.TrimSuffix(c.Intervals.Unit, "s")), count(c.Intervals.Resamples, "resample"), c.Intervals.Seed)
	}
	fmt.Fprintf(w, "  speed          %s tokens/s through %s (%s each in %s)\n", formatRate(c.TokensPerSecond), count(len(c.Others)+1, "model"), grouped(int64(c.TokensRead)), formatDuration(time.Duration(c.Seconds*float64(time.Second))))
	fmt.Fprintf(w, "  token stream   sha256 %s\n", c.TokenStreamSHA256)
}

// joinBounds lists what the rounding of a saved base can have done to each divergence.
func joinBounds(others []evalppl.Against) string {
	var parts []string
	for _, o := range others {
		parts = append(parts, fmt.Sprintf("%.1e", o.KLRoundingBound))
	}
	return strings.Join(parts, ", ")
}

func sideName(s evalppl.Side) string { return s.Model + " " + s.Recipe }
