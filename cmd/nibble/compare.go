package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
)

// comparison is one run of the compare command.
type comparison struct {
	cmd    *cobra.Command
	typ    string
	mo     model.Options
	eo     evalppl.Options
	stream streamFlags

	entrants []entrant
}

// entrant is a loaded model of a comparison.
type entrant struct {
	path string
	f    *modelFile
	m    *model.Model
}

func compareCommand() *cobra.Command {
	var c comparison
	var jsonPath string
	var force bool
	cmd := &cobra.Command{
		Use:   "compare BASE OTHER... --text FILE",
		Short: "Measure how models differ from a base model on a text",
		Long: `Compare runs every model over the same windows of a text and prints how each OTHER differs from BASE: Kullback-Leibler divergence
of its distributions from the base's, how often both have the same most probable token, the change of the correct token's
probability, and the paired difference of log-perplexity, each with a 95 % interval from a block bootstrap over windows. Whether a
model is better, worse or not distinguishable on this text is said in words, with the text that would be needed.

All models must have the same tokenizer. A folder is converted to a temporary container: BASE in the checkpoint's own precision,
OTHER to --type.`,
		Example: `  nibble compare smollm2-f16.nbl smollm2-int8.nbl smollm2-int4.nbl --text wiki.test.raw
  nibble compare smollm2/ smollm2/ --type int4-g32 --activations f32 --text wiki.test.raw --protocol llama.cpp`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("compare: %s given, want at least 2: BASE OTHER", count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.cmd = cmd
			if err := c.check(); err != nil {
				return err
			}
			var files outputs
			defer files.abort()
			out, err := files.create(cmd, jsonPath, force)
			if err != nil {
				return err
			}
			defer c.close()
			if err := c.load(args); err != nil {
				return err
			}
			res, name, err := c.run()
			if err != nil && len(res.Others) == 0 {
				return err
			}
			// An interrupted comparison is shown as far as it came.
			if out != nil {
				if err := out.json(res); err != nil {
					return err
				}
			}
			if jsonPath != "-" {
				printComparison(cmd.OutOrStdout(), res, name)
			}
			return err
		},
	}
	f := cmd.Flags()
	c.stream.add(cmd, 0)
	protocolFlags(cmd, &c.eo)
	nonFiniteFlag(cmd, &c.eo)
	f.Uint64Var(&c.eo.Seed, "seed", 0, "seed `N` of the bootstrap")
	f.IntVar(&c.eo.Resamples, "resamples", 2000, "`N` resamples of the bootstrap")
	f.StringVar(&jsonPath, "json", "", "write the comparison as JSON to `FILE` (- for standard output)")
	f.BoolVar(&force, "force", false, "replace an existing file")
	modelFlags(cmd, &c.typ, &c.mo)
	return cmd
}

// check checks the flags.
func (c *comparison) check() error {
	if err := c.stream.exactlyOne(c.cmd); err != nil {
		return err
	}
	if c.eo.Resamples < 1 {
		return usagef("--resamples %d: want at least 1", c.eo.Resamples)
	}
	if c.eo.Protocol == evalppl.HF {
		return usagef("--protocol %s weights windows by other numbers than the tokens they score: compare with --protocol %s", evalppl.HF, evalppl.Strided)
	}
	var r runFlags
	return cmp.Or(checkProtocol(c.cmd, c.stream.bos, c.eo), r.check(&c.eo, ""), c.stream.check(c.cmd, c.eo.Protocol))
}

// load opens the models, the base first.
func (c *comparison) load(args []string) error {
	for i, path := range args {
		typ := c.typ
		if i == 0 || !isFolder(path) {
			typ = ""
		}
		f, m, err := loadModel(c.cmd, path, typ, c.mo, c.stream.text != "")
		if err != nil {
			return err
		}
		c.entrants = append(c.entrants, entrant{path, f, m})
	}
	if c.typ != "" && !anyFolder(args[1:]) {
		return usagef("--type says how an OTHER that is a folder is converted; every OTHER is a container already")
	}
	return nil
}

func (c *comparison) close() {
	for _, e := range c.entrants {
		e.m.Close()
		e.f.Close()
	}
}

// run compares, and returns the text's name.
func (c *comparison) run() (evalppl.Comparison, stream, error) {
	base := c.entrants[0]
	s, err := c.stream.read(c.cmd, base.path, base.f.Tokenizer(), c.eo.Protocol)
	if err != nil {
		return evalppl.Comparison{}, s, err
	}
	if err := c.sameTokenizer(); err != nil {
		return evalppl.Comparison{}, s, err
	}
	var others []evalppl.DistributionModel
	for _, e := range c.entrants[1:] {
		others = append(others, e.m)
	}
	c.eo.BOS, c.eo.Words, c.eo.Bytes, c.eo.Threads = s.bos, s.words, s.bytes, c.mo.Threads
	p := newProgress(c.cmd.ErrOrStderr(), "compare with "+base.f.Metadata().Model, "tokens")
	c.eo.Compared = func(done, total int, meanKL []float64) {
		p.update(int64(done), int64(total), "mean KL "+joinFloats(meanKL))
	}
	res, err := evalppl.CompareDocuments(c.cmd.Context(), base.m, others, s.documents(), c.eo)
	p.clear()
	if err != nil {
		err = adviseNonFinite(fmt.Errorf("compare on %s: %w", s.path, c.nameModels(err)))
	}
	if len(res.Others) == 0 {
		return res, s, err
	}
	for i, place := range res.NonFinite {
		res.NonFinite[i] = c.named(place)
	}
	res.Base.Conditions = c.entrants[0].conditions(s)
	for i := range res.Others {
		res.Others[i].Conditions = c.entrants[i+1].conditions(s)
	}
	return res, s, err
}

// namedError is an error with the files' names in place of the models' numbers.
type namedError struct {
	error
	text string
}

func (e namedError) Error() string { return e.text }
func (e namedError) Unwrap() error { return e.error }

// nameModels puts files' names in an error that speaks of models by number.
func (c *comparison) nameModels(err error) error {
	return namedError{err, c.named(err.Error())}
}

// named puts files' names in a text that speaks of models by number.
func (c *comparison) named(text string) string {
	var names []string
	for _, e := range c.entrants {
		names = append(names, e.path)
	}
	return nameModels(text, names)
}

// nameModels puts names, the base's first, in a text that speaks of a comparison's models by number.
func nameModels(text string, names []string) string {
	for i := len(names) - 1; i > 0; i-- {
		text = strings.ReplaceAll(text, fmt.Sprintf("model %d", i), names[i])
	}
	return strings.ReplaceAll(text, "the base model", names[0])
}

// sameTokenizer refuses models whose tokens mean different things. Containers without a tokenizer can be compared on token ids.
func (c *comparison) sameTokenizer() error {
	first, firstPath := "", ""
	for _, e := range c.entrants {
		if e.f.Tokenizer() == nil {
			if c.stream.text != "" {
				return fmt.Errorf("%s was converted without a tokenizer: it cannot be seen that its tokens are those of %s; compare on --token-ids", e.path, c.entrants[0].path)
			}
			continue
		}
		t, err := newTokenizer(e.path, e.f.Tokenizer())
		if err != nil {
			return err
		}
		switch {
		case first == "":
			first, firstPath = t.Fingerprint(), e.path
		case t.Fingerprint() != first:
			return fmt.Errorf("the tokenizer of %s (%.12s) is not that of %s (%.12s): their losses are of different tokens and cannot be compared", e.path, t.Fingerprint(), firstPath, first)
		}
	}
	return nil
}

// conditions describes a model and the machine.
func (e entrant) conditions(s stream) evalppl.Conditions {
	return conditions(e.f, e.m, s)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func anyFolder(paths []string) bool {
	for _, p := range paths {
		if isFolder(p) {
			return true
		}
	}
	return false
}

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
	fmt.Fprintln(t, "model\tperplexity\tln(PPL/PPL0)\tmean KL\t95 % interval\tmedian\t99 %\tmax\tsame top\tRMS dp\tcorrelation")
	fmt.Fprintf(t, "%s\t%.4f\tbase\n", sideName(c.Base), c.Base.Perplexity)
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
	fmt.Fprintf(w, "\n  activations    %s, %s kernels, %s\n", c.Base.Activations, c.Base.KernelSet, count(c.Base.Threads, "thread"))
	fmt.Fprintf(w, "  intervals      %s over %s, %s, seed %d\n", c.Intervals.Name, count(c.Intervals.Clusters, strings.TrimSuffix(c.Intervals.Unit, "s")), count(c.Intervals.Resamples, "resample"), c.Intervals.Seed)
	fmt.Fprintf(w, "  speed          %s tokens/s through %s (%s each in %s)\n", formatRate(c.TokensPerSecond), count(len(c.Others)+1, "model"), grouped(int64(c.TokensRead)), formatDuration(time.Duration(c.Seconds*float64(time.Second))))
	fmt.Fprintf(w, "  token stream   sha256 %s\n", c.TokenStreamSHA256)
}

func sideName(s evalppl.Side) string { return s.Model + " " + s.Recipe }
