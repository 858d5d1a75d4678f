package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/baselogits"
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
	saved    *baselogits.Reader // in the place of the first one's model
}

// entrant is a loaded model of a comparison; a saved base has neither file nor model.
type entrant struct {
	path string
	f    *modelFile
	m    *model.Model
}

// others are the entrants that are compared with the base.
func (c *comparison) others() []entrant { return c.entrants[1:] }

func compareCommand() *cobra.Command {
	var c comparison
	var jsonPath, savePath string
	var force bool
	cmd := &cobra.Command{
		Use:   "compare BASE OTHER... --text FILE",
		Short: "Measure how models differ from a base model on a text",
		Long: `Compare runs every model over the same windows of a text and prints how each OTHER differs from BASE: Kullback-Leibler divergence
of its distributions from the base's, how often both have the same most probable token, the change of the correct token's
probability, and the paired difference of log-perplexity, each with a 95 % interval from a block bootstrap over windows. Whether a
model is better, worse or not distinguishable on this text is said in words, with the text that would be needed.

With --save-base FILE what BASE says of each position is kept in FILE, which can be given as BASE later, without a text or on the
same one: BASE is not run again. Perplexities and their difference then are exactly the same, and how far rounding can have moved a
divergence is stated (docs/base-logits.md). OTHER may be left out to save only.

All models must have the same tokenizer. A folder is converted to a temporary container: BASE in the checkpoint's own precision,
OTHER to --type.`,
		Example: `  nibble compare smollm2-f16.nbl smollm2-int8.nbl smollm2-int4.nbl --text wiki.test.raw
  nibble compare smollm2-f16.nbl --save-base smollm2.nlog --text wiki.test.raw --tokens 4096
  nibble compare smollm2.nlog smollm2-int8.nbl
  nibble compare smollm2/ smollm2/ --type int4-g32 --activations f32 --text wiki.test.raw --protocol llama.cpp`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && savePath == "" {
				return usagef("compare: %s given, want at least 2: BASE OTHER", count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.cmd = cmd
			defer c.close()
			if baselogits.Is(args[0]) {
				if err := c.openSaved(args[0], savePath); err != nil {
					return err
				}
			}
			if err := errors.Join(c.check(), checkOutputs(map[string]string{"--json": jsonPath, "--save-base": savePath})); err != nil {
				return err
			}
			var files outputs
			defer files.abort()
			out, err := files.create(cmd, jsonPath, force)
			if err != nil {
				return err
			}
			save, err := files.create(cmd, savePath, force)
			if err != nil {
				return err
			}
			if err := c.load(args); err != nil {
				return err
			}
			res, name, err := c.run(save)
			if err != nil && len(res.Others) == 0 {
				return err
			}
			// An interrupted comparison is shown as far as it came.
			if out != nil {
				if err := out.json(res); err != nil {
					return err
				}
			}
			if jsonPath != "-" && savePath != "-" {
				printComparison(cmd.OutOrStdout(), res, name)
				printSaved(cmd.OutOrStdout(), savePath)
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
	f.StringVar(&savePath, "save-base", "", "keep BASE's logits in `FILE` (.nlog), 2 bytes for each token of the vocabulary and position (- for standard output)")
	f.BoolVar(&force, "force", false, "replace existing files")
	modelFlags(cmd, &c.typ, &c.mo)
	return cmd
}

// check checks the flags.
func (c *comparison) check() error {
	if c.saved == nil || c.stream.text != "" && c.stream.ids != "" {
		if err := c.stream.exactlyOne(c.cmd); err != nil {
			return err
		}
	}
	if c.cmd.Flags().Changed("save-base") && c.eo.NonFinite == evalppl.SkipNonFinite {
		return usagef("--save-base with --on-nonfinite %s: the file would have gaps where windows are left out", evalppl.SkipNonFinite)
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
		if i == 0 && c.saved != nil {
			c.entrants = append(c.entrants, entrant{path: path})
			continue
		}
		typ := c.typ
		if i == 0 || !isFolder(path) {
			typ = ""
		}
		f, m, err := loadModel(c.cmd, path, typ, c.mo, c.needTokenizer())
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
		if e.f != nil {
			e.m.Close()
			e.f.Close()
		}
	}
	if c.saved != nil {
		c.saved.Close()
	}
}

// needTokenizer says whether models without a tokenizer must be refused.
func (c *comparison) needTokenizer() bool {
	return c.stream.text != "" || c.saved != nil && c.saved.Header().Base.TokenizerSHA256 != ""
}

// run compares, keeps the base in save where that is not nil, and returns the text too.
func (c *comparison) run(save *output) (evalppl.Comparison, stream, error) {
	s, err := c.text()
	if err != nil {
		return evalppl.Comparison{}, s, err
	}
	defer s.close()
	if err := c.sameTokenizer(); err != nil {
		return evalppl.Comparison{}, s, err
	}
	base, conditions := c.base(s)
	var others []evalppl.DistributionModel
	for _, e := range c.others() {
		others = append(others, e.m)
	}
	c.eo.BOS, c.eo.Words, c.eo.Bytes, c.eo.Threads = s.bos, s.words, s.bytes, c.mo.Threads
	var writer *baselogits.Writer
	if save != nil {
		writer = baselogits.NewWriter(save, conditions)
		c.eo.SaveBase = writer
	}
	p := newProgress(c.cmd.ErrOrStderr(), "compare with "+conditions.Model, "tokens")
	c.eo.Compared = func(done, total int, meanKL []float64) {
		note := ""
		if len(meanKL) > 0 {
			note = "mean KL " + joinFloats(meanKL)
		}
		p.update(int64(done), int64(total), note)
	}
	res, err := evalppl.CompareText(c.cmd.Context(), base, others, s.text, c.eo)
	p.clear()
	if err != nil {
		err = adviseNonFinite(fmt.Errorf("compare on %s: %w", s.path, c.nameModels(err)))
	}
	if err == nil && writer != nil {
		if err = writer.Finish(); err == nil {
			err = save.commit()
		}
	}
	if len(res.Others) == 0 && err != nil {
		return res, s, err
	}
	for i, place := range res.NonFinite {
		res.NonFinite[i] = c.named(place)
	}
	res.Base.Conditions = conditions
	for i := range res.Others {
		res.Others[i].Conditions = c.others()[i].conditions(s)
	}
	return res, s, err
}

// base returns the base model, or what was saved of it, and its conditions.
func (c *comparison) base(s stream) (evalppl.DistributionModel, evalppl.Conditions) {
	if c.saved != nil {
		return c.saved, c.saved.Header().Base
	}
	return c.entrants[0].m, c.entrants[0].conditions(s)
}

// text returns what the models are run on.
func (c *comparison) text() (stream, error) {
	if c.saved != nil {
		return c.savedText()
	}
	base := c.entrants[0]
	return c.stream.read(c.cmd, base.path, base.f.Tokenizer(), c.eo.Protocol)
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
	if c.saved != nil {
		first, firstPath = c.saved.Header().Base.TokenizerSHA256, c.entrants[0].path
	}
	for _, e := range c.entrants {
		if e.f == nil {
			continue
		}
		if e.f.Tokenizer() == nil {
			if c.needTokenizer() {
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
