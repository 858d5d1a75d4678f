package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nibble/evalppl/bench"
	"nibble/kernels/roofline"
	"nibble/reports"
)

// benchOutputs are the files that bench writes. They are made before its work, so that a name that cannot be written is known at once.
type benchOutputs struct {
	files                   outputs
	json, csv, plot, shares *output
	draw                    func(reports.LineChart) ([]byte, error)
	quiet                   bool // standard output is one of the files
}

func (o *benchOutputs) create(cmd *cobra.Command, b *benchFlags) error {
	o.quiet = b.json == "-" || b.csv == "-" || b.plot == "-"
	shares := ""
	if b.plot != "" {
		var err error
		if o.draw, err = plotFormat(b.plot, reports.LineChart.SVG, reports.LineChart.PNG); err != nil {
			return err
		}
		if b.roofline {
			ext := filepath.Ext(b.plot)
			shares = strings.TrimSuffix(b.plot, ext) + "-share" + ext
		}
	}
	for _, f := range []struct {
		to   **output
		path string
	}{{&o.json, b.json}, {&o.csv, b.csv}, {&o.plot, b.plot}, {&o.shares, shares}} {
		var err error
		if *f.to, err = o.files.create(cmd, f.path, b.force); err != nil {
			return err
		}
	}
	return nil
}

func (o *benchOutputs) write(cmd *cobra.Command, r benchReport) error {
	if o.json != nil {
		if err := o.json.json(r); err != nil {
			return err
		}
	}
	if o.csv != nil {
		if err := writeBenchCSV(o.csv, r); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		to    *output
		share bool
	}{{o.plot, false}, {o.shares, true}} {
		if p.to == nil {
			continue
		}
		data, err := o.draw(benchChart(r, p.share))
		if err != nil {
			return err
		}
		if err := p.to.bytes(data); err != nil {
			return err
		}
	}
	if o.quiet {
		return nil
	}
	return printBench(cmd.OutOrStdout(), r)
}

// conditions says what a report's rates were measured with.
func (r benchReport) conditions() string {
	return fmt.Sprintf("%s, %s kernels, %s", count(r.Threads, "thread"), r.KernelSet, r.CPU)
}

func printBench(out io.Writer, r benchReport) error {
	for _, m := range r.Models {
		fmt.Fprintf(out, "%s, %s, %s activations, %s\n\n", m.label(), formatBytes(float64(m.Bytes)), m.Activations, r.conditions())
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(w, "test\ttokens\ttokens/s\tmin\tmax\tstd dev\tGB/s\t")
		if r.Peaks != nil {
			fmt.Fprint(w, "limit\tshare\tlimited by\t")
		}
		fmt.Fprintln(w)
		for _, x := range m.Rates {
			gb := "-"
			if x.GBPerSecond > 0 {
				gb = formatRate(x.GBPerSecond)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t", x.Test, grouped(int64(x.Tokens)), formatRate(x.Median), formatRate(x.Min), formatRate(x.Max), formatRate(x.StdDev), gb)
			if l := x.Limit; l != nil {
				fmt.Fprintf(w, "%s\t%.0f %%\t%s\t", formatRate(l.TokensPerSecond), 100*l.Share, l.By)
			} else if r.Peaks != nil {
				fmt.Fprint(w, "-\t-\t-\t")
			}
			fmt.Fprintln(w)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if r.Peaks != nil {
		printPeaks(out, r.Peaks)
	}
	return nil
}

func printPeaks(out io.Writer, p *roofline.Peaks) {
	if p.Portable() {
		fmt.Fprintf(out, "This CPU's peaks are not known: there is no assembly to measure them with. Reads: %.1f GB/s.\n", p.ReadGBps)
		return
	}
	fmt.Fprintf(out, "Peaks of %s in this run: %.0f GOP/s of int8 (%s), %.0f GFLOP/s of f32 (%s)", count(p.Threads, "thread"), p.Int8GOPS, p.Int8Loop, p.F32GFLOPS, p.F32Loop)
	if p.BF16GFLOPS > 0 {
		fmt.Fprintf(out, ", %.0f GFLOP/s of bf16 (%s)", p.BF16GFLOPS, p.BF16Loop)
	}
	fmt.Fprintf(out, "; reads of %.1f GB/s from memory, %.0f GB/s from cache.\n", p.ReadGBps, p.CacheReadGBps)
}

// benchChart draws rates, or the shares of their limits, over the number of tokens.
func benchChart(r benchReport, share bool) reports.LineChart {
	c := reports.LineChart{Title: "Speed", Subtitle: r.conditions() + "; medians, bars from slowest to fastest", XName: "Tokens", YName: "Tokens per second (higher is better)"}
	if share {
		c.Title, c.YName = "Speed as a share of the machine's limit", "% of the limit (higher is better)"
	}
	kinds := map[string]bool{}
	for _, m := range r.Models {
		for _, x := range m.Rates {
			kinds[x.Test] = true
		}
	}
	for _, m := range r.Models {
		for _, kind := range []string{bench.Prompt, bench.Score, bench.Generation} {
			l := reports.Line{Name: m.label()}
			if len(kinds) > 1 {
				l.Name += ", " + kind
			}
			for _, x := range m.Rates {
				if x.Test != kind || share && x.Limit == nil {
					continue
				}
				f := 1.0
				if share {
					f = 100 / x.Limit.TokensPerSecond
				}
				l.Points = append(l.Points, reports.LinePoint{X: float64(x.Tokens), Y: f * x.Median, Low: f * x.Min, High: f * x.Max})
			}
			if len(l.Points) > 0 {
				c.Series = append(c.Series, l)
			}
		}
	}
	return c
}

func writeBenchCSV(o *output, r benchReport) error {
	w := csv.NewWriter(o)
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
	rows := [][]string{{
		"model", "recipe", "parameters", "model_bytes", "activations", "threads", "kernel_set", "cpu", "test", "tokens", "repeats",
		"tokens_per_second", "min", "max", "std_dev", "gb_per_second", "limit_tokens_per_second", "limited_by", "share",
	}}
	for _, m := range r.Models {
		for _, x := range m.Rates {
			row := []string{
				m.Model, m.Recipe, strconv.FormatInt(m.Parameters, 10), strconv.FormatInt(m.Bytes, 10), m.Activations, strconv.Itoa(r.Threads), r.KernelSet, r.CPU,
				x.Test, strconv.Itoa(x.Tokens), strconv.Itoa(len(x.Repeats)), number(x.Median), number(x.Min), number(x.Max), number(x.StdDev), number(x.GBPerSecond), "", "", "",
			}
			if l := x.Limit; l != nil {
				copy(row[len(row)-3:], []string{number(l.TokensPerSecond), l.By, number(l.Share)})
			}
			rows = append(rows, row)
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return o.commit()
}
