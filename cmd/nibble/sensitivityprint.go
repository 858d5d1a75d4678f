package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"nibble/evalppl/sensitivity"
	"nibble/reports"
)

// printSensitivity prints the parts that cost most for each bit saved (top 0: all), and what all of them cost together.
func printSensitivity(w io.Writer, r sensitivity.Result, top int) {
	protocol := fmt.Sprintf("%s, ctx %d", r.Protocol, r.Ctx)
	if r.Stride > 0 {
		protocol += fmt.Sprintf(", stride %d", r.Stride)
	}
	fmt.Fprintf(w, "%s %s on %s: %s scored in %s (%s), %s activations\n", r.Base.Model, r.Base.Recipe, r.Base.Text,
		count(r.TokensScored, "token"), count(r.Windows, "window"), protocol, r.Base.Activations)
	if r.Partial {
		fmt.Fprintf(w, "interrupted after %d of %s and %d of %s\n", r.Windows, count(r.TotalWindows, "window"), len(r.Parts), count(r.TotalParts, "part"))
	}
	if r.WindowsLeftOut > 0 {
		fmt.Fprintf(w, "%s left out: %s\n", count(r.WindowsLeftOut, "window"), r.NonFinite[0])
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, r.By+"\ttype\tweights\tMB\tbits/weight\tMbit saved\tmean KL\t95 % interval\tKL per Gbit saved\tln(PPL/PPL0)\tsame top\t")
	row := func(p sensitivity.Part) {
		perGbit, interval := "-", "-"
		if p.KLPerBitSaved != nil {
			perGbit = fmt.Sprintf("%.5f", 1e9**p.KLPerBitSaved)
		}
		if i := p.KL.Interval; i != nil {
			interval = fmt.Sprintf("%.6f to %.6f", i.Low, i.High)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%.6f\t%s\t%s\t%+.5f\t%.2f %%\t\n", p.Name, p.Type, grouped(p.Weights), float64(p.Bytes)/1e6, p.BitsPerWeight(),
			float64(p.BitsSaved)/1e6, p.KL.Mean, interval, perGbit, p.LogRatio.Mean, 100*p.SameTop.Fraction)
	}
	sorted := r.Sorted()
	shown := sorted
	if top > 0 && top < len(sorted) {
		shown = sorted[:top]
	}
	for _, p := range shown {
		row(p)
	}
	for _, p := range r.Together {
		row(p)
	}
	t.Flush()
	fmt.Fprintln(w)
	if n := len(sorted) - len(shown); n > 0 {
		fmt.Fprintf(w, "  not shown      %s that cost less for each bit saved; --top 0 prints all\n", count(n, "part"))
	}
	for _, p := range r.Together {
		var sum float64
		for _, q := range r.Parts {
			if q.Type == p.Type {
				sum += q.KL.Mean
			}
		}
		fmt.Fprintf(w, "  %-13s  the parts' divergences add up to %.6f; all parts together cost %.6f\n", p.Type, sum, p.KL.Mean)
	}
	fmt.Fprintf(w, "  unmodified     perplexity %.4f, %s in %s\n", r.Base.Perplexity, formatBytes(float64(r.Base.ContainerBytes)), r.Base.Recipe)
	fmt.Fprintf(w, "  intervals      %s over %s, %s, seed %d\n", r.Intervals.Name, count(r.Intervals.Clusters, strings.TrimSuffix(r.Intervals.Unit, "s")), count(r.Intervals.Resamples, "resample"), r.Intervals.Seed)
	fmt.Fprintf(w, "  time           %s, %s kernels, %s\n", formatDuration(time.Duration(r.Seconds*float64(time.Second))), r.Base.KernelSet, count(r.Base.Threads, "thread"))
	fmt.Fprintf(w, "  token stream   sha256 %s\n", r.TokenStreamSHA256)
}

// sensitivityMap makes a heat map of the divergences: a panel for each type, kinds down, layers across.
func sensitivityMap(r sensitivity.Result) reports.HeatMap {
	h := reports.HeatMap{
		Title: fmt.Sprintf("%s: divergence when one %s is quantized", r.Base.Model, r.By),
		Subtitle: fmt.Sprintf("from %s, %s activations; %s, %s scored, %s, ctx %d", r.Base.Recipe, r.Base.Activations, r.Base.Text, count(r.TokensScored, "token"),
			r.Protocol, r.Ctx),
		Quantity: "Mean KL divergence (nats a token)", XName: "layer",
	}
	for _, typ := range r.Types {
		panel := reports.HeatPanel{Name: typ}
		for _, p := range r.Parts {
			if p.Type != typ {
				continue
			}
			c := reports.HeatCell{Row: cmp.Or(p.Kind, "all"), Value: p.KL.Mean}
			if p.Layer != nil {
				c.Column = fmt.Sprint(*p.Layer)
			}
			panel.Cells = append(panel.Cells, c)
		}
		h.Panels = append(h.Panels, panel)
	}
	return h
}
