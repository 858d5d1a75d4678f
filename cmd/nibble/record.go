package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nibble/evalppl"
	"nibble/evalppl/bench"
	"nibble/format"
	"nibble/reports"
)

// record turns a measured container into a report's record.
func record(f *modelFile, res evalppl.Result, threads int, rates []bench.Rate) reports.Record {
	meta := f.Metadata()
	r := reports.Record{
		Model: meta.Model, Variant: recipeName(meta.Recipe),
		ContainerSHA256: f.Fingerprint(), SourceSHA256: sourcesSHA256(meta.Sources),
		Bytes: f.Size(), Parameters: meta.Parameters, BitsPerWeight: bitsPerWeight(f.Size(), meta.Parameters),
		Activations: res.Activations,
		Perplexity:  res.Perplexity, NLL: res.NLL, StandardError: res.StandardError, TokensScored: res.TokensScored,
		Protocol: res.Protocol, Ctx: res.Ctx, Stride: res.Stride, BOS: res.BOS,
		TokenStreamSHA256: res.TokenStreamSHA256, TokenizerSHA256: res.TokenizerSHA256, Text: reportText(res.TextInfo),
		EvalTokensPerSecond: res.TokensPerSecond, Machine: machine(threads), Tool: tool,
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
