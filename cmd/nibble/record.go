package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nibble/evalppl"
	"nibble/evalppl/bench"
	"nibble/format"
	"nibble/reports"
)

// comparedRecord turns variant i of a comparison, whose first one is the base, into a report's record.
func comparedRecord(v *variant, c evalppl.Comparison, i int, rates []bench.Rate) reports.Record {
	f, meta, text := v.f, v.f.Metadata(), v.text
	side := c.Base
	if i > 0 {
		side = c.Others[i-1].Side
	}
	r := reports.Record{
		Model: meta.Model, Variant: recipeName(meta.Recipe), Base: i == 0,
		ContainerSHA256: f.Fingerprint(), SourceSHA256: sourcesSHA256(meta.Sources),
		Bytes: f.Size(), Parameters: meta.Parameters, BitsPerWeight: bitsPerWeight(f.Size(), meta.Parameters),
		Activations: v.m.Activations(),
		Perplexity:  side.Perplexity, NLL: side.NLL, StandardError: side.StandardError, TokensScored: c.TokensScored,
		Protocol: c.Protocol, Ctx: c.Ctx, Stride: c.Stride, BOS: c.BOS,
		TokenStreamSHA256: c.TokenStreamSHA256, TokenizerSHA256: text.fingerprint, Text: reportText(text.TextInfo),
		EvalTokensPerSecond: v.read / max(v.scored, 1e-9), Machine: machine(v.m.Threads()), Tool: tool,
		Started: v.started.UTC().Format(time.RFC3339),
	}
	if i > 0 {
		fillAgainst(&r, c.Others[i-1], c.Intervals)
		r.KL.BaseSHA256 = v.base.f.Fingerprint()
	}
	for _, x := range rates {
		s := reports.Speed{Tokens: x.Tokens, TokensPerSecond: x.Median, Min: x.Min, Max: x.Max, StdDev: x.StdDev, Repeats: len(x.Repeats)}
		if x.Test == "prompt" {
			r.Prompt = s
		} else {
			r.Generation = s
		}
	}
	for _, t := range f.Tensors() {
		if t.Codec == format.RawF32 {
			continue
		}
		r.Tensors = append(r.Tensors, reports.TensorError{
			Name: t.Name, Codec: t.Codec, Rows: t.Rows, Cols: t.Cols, RMSE: t.Error.RMSE, MaxAbs: t.Error.MaxAbs, SQNRdB: t.Error.SQNR,
		})
	}
	return r
}

// fillAgainst writes how a variant differs from the base into its record.
func fillAgainst(r *reports.Record, a evalppl.Against, m evalppl.Method) {
	r.KL = &reports.Divergence{
		Mean: a.KL.Mean, Median: a.KL.Median, P90: a.KL.P90, P95: a.KL.P95, P99: a.KL.P99, P999: a.KL.P999, Max: a.KL.Max,
		SameTop: a.SameTop.Fraction, Interval: reportRange(a.KL.Interval), SameTopInterval: reportRange(a.SameTop.Interval),
	}
	if i := a.LogRatio.Interval; i != nil {
		// A BCa interval holds its estimate but in freak samples; a record's always does.
		r.DeltaLogPPL = &reports.Interval{Value: a.LogRatio.Mean, Low: min(i.Low, a.LogRatio.Mean), High: max(i.High, a.LogRatio.Mean)}
	}
	r.Verdict = &reports.Verdict{Answer: a.Verdict.Answer, Sentence: a.Verdict.Sentence, Detectable: a.Verdict.Detectable, TokensNeeded: a.Verdict.TokensNeeded}
	r.Intervals = &reports.IntervalMethod{Name: m.Name, Unit: m.Unit, Clusters: m.Clusters, Resamples: m.Resamples, Seed: m.Seed}
}

func reportRange(i *evalppl.Interval) *reports.Range {
	if i == nil {
		return nil
	}
	return &reports.Range{Low: i.Low, High: i.High}
}

// sourcesSHA256 names a checkpoint by the hash of its files' names and hashes.
func sourcesSHA256(sources []format.Source) string {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s  %s\n", s.SHA256, s.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// changedFlags returns the flags that were given as they are written on a command line, but for --force: a report shows how its
// numbers were made, not what they replaced.
func changedFlags(cmd *cobra.Command) (words []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "force":
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name+"="+f.Value.String())
		default:
			words = append(words, "--"+f.Name, quoteArg(f.Value.String()))
		}
	})
	return words
}

// reportText names a text in a report, with how it was read where that is not by itself clear.
func reportText(i evalppl.TextInfo) string {
	if what := describeText(i); what != "" {
		return i.Text + " (" + what + ")"
	}
	return i.Text
}
