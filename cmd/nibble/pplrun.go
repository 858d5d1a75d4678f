package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl"
)

// runFlags are the flags of long perplexity runs: shards, interruptions, and when to stop.
type runFlags struct {
	shard, resume, untilError string
}

func (r *runFlags) add(cmd *cobra.Command, o *evalppl.Options) {
	f := cmd.Flags()
	f.StringVar(&r.shard, "shard", "", "score only share `I/N` of the windows, such as 2/8; nibble merge joins the results")
	f.StringVar(&r.resume, "resume", "", "go on from the unfinished result in `FILE`, to the number of an uninterrupted run")
	f.StringVar(&r.untilError, "until-error", "", "stop when the relative standard error of the perplexity is at most `E`, such as 0.5% or 0.005")
	nonFiniteFlag(cmd, o)
}

// check reads the flags into the options.
func (r *runFlags) check(o *evalppl.Options, lossPath string) error {
	if o.NonFinite != evalppl.RefuseNonFinite && o.NonFinite != evalppl.SkipNonFinite {
		return usagef("--on-nonfinite %q: want %s or %s", o.NonFinite, evalppl.RefuseNonFinite, evalppl.SkipNonFinite)
	}
	if r.shard != "" {
		var err error
		if o.Shard, err = evalppl.ParseShard(r.shard); err != nil {
			return usagef("--shard: %w", err)
		}
	}
	if r.untilError != "" {
		number, isPercent := strings.CutSuffix(r.untilError, "%")
		x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if isPercent {
			x /= 100
		}
		if err != nil || !(x > 0 && x < 1) {
			return usagef("--until-error %q: want a relative standard error such as 0.5%% or 0.005", r.untilError)
		}
		if r.shard != "" {
			return usagef("--until-error with --shard: each shard would stop at a place of its own and could not be joined with the others")
		}
		o.UntilError = x
	}
	if r.resume == "" {
		return nil
	}
	if lossPath != "" {
		return usagef("--losses with --resume: the losses of the earlier windows are not kept; score the whole text again")
	}
	earlier, err := evalppl.ReadResult(r.resume)
	if err != nil {
		return err
	}
	o.Resume = &earlier
	return nil
}

// saveUnfinished lets the options write the unfinished result to path now and then.
func saveUnfinished(cmd *cobra.Command, path string, o *evalppl.Options) {
	save := newSaver(cmd, path)
	o.Progress = func(_, _ int, so evalppl.Result) {
		if so.Partial {
			save(func() any { return so })
		}
	}
}

// keepUnfinished writes what an interrupted run has scored, says how to go on, and returns the run's error.
func keepUnfinished(cmd *cobra.Command, out *output, res evalppl.Result, err error) error {
	if len(res.WindowScores) == 0 {
		return err
	}
	return keepResult(cmd, out, res, fmt.Sprintf("what is scored so far (%s, perplexity %.4f)", count(res.Windows, "window"), res.Perplexity), err)
}

// printRun prints what only some results have.
func printRun(w io.Writer, r evalppl.Result) {
	if r.Documents > 1 {
		short := ""
		if r.DocumentsTooShort > 0 {
			short = fmt.Sprintf(", %s of them too short to score", grouped(int64(r.DocumentsTooShort)))
		}
		fmt.Fprintf(w, "  documents      %s%s\n", grouped(int64(r.Documents)), short)
	}
	if r.WordPerplexity > 0 {
		fmt.Fprintf(w, "  words          word perplexity %.4f (%s)\n", r.WordPerplexity, grouped(r.Words))
	}
	if r.BytePerplexity > 0 {
		fmt.Fprintf(w, "  bytes          byte perplexity %.6f, %.6f bits per byte (%s)\n", r.BytePerplexity, r.BitsPerByte, grouped(r.Bytes))
	}
	if r.Shard != "" {
		fmt.Fprintf(w, "  shard          %s: %s from window %d on, of %d\n", r.Shard, count(r.Windows, "window"), r.FirstWindow, r.TotalWindows)
	}
	if r.StoppedEarly {
		fmt.Fprintf(w, "  stopped        at a relative standard error of %.3g %%, after %d of %s\n", 100*r.StandardError, r.Windows, count(r.TotalWindows, "window"))
	}
	if r.WindowsLeftOut > 0 {
		fmt.Fprintf(w, "  left out       %s that did not give finite numbers: %s\n", count(r.WindowsLeftOut, "window"), r.NonFinite[0])
	}
}
