package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"nibble/evalppl/bench"
	"nibble/evalppl/model"
	"nibble/kernels"
	"nibble/kernels/roofline"
)

// benchReport is what `bench --json` writes.
type benchReport struct {
	Schema    string          `json:"schema"`
	Threads   int             `json:"threads"`
	KernelSet string          `json:"kernel_set"` // as kernels.Variant names it
	CPU       string          `json:"cpu"`
	Tool      string          `json:"tool"`
	Peaks     *roofline.Peaks `json:"peaks,omitempty"`
	Models    []benchModel    `json:"models"`
}

// benchModel is one model of a benchReport.
type benchModel struct {
	Model           string       `json:"model"`
	Recipe          string       `json:"recipe"`
	ContainerSHA256 string       `json:"container_sha256"`
	Parameters      int64        `json:"parameters"`
	Bytes           int64        `json:"model_bytes"`
	Activations     string       `json:"activations"`
	Rates           []bench.Rate `json:"rates"`
}

// benchFlags are the command line of bench.
type benchFlags struct {
	typ       string
	mo        model.Options
	prompts   []int
	scores    []int
	generate  int
	repeats   int
	roofline  bool
	json, csv string
	plot      string
	force     bool
}

func benchCommand() *cobra.Command {
	var b benchFlags
	cmd := &cobra.Command{
		Use:   "bench MODEL...",
		Short: "Measure how fast models read a prompt, score a text and generate",
		Long: `Bench reads a prompt of -p tokens at once, scores a text of -s tokens (the losses of all of them), and generates -n tokens
one after the other over a key/value cache, each -r times after one pass that is not counted. Several models take turns, so that they
meet the same machine; what takes less than 50 ms is done again and again for as long. Rates are medians; GB/s is what generation reads of weights and cache.

With --roofline, what the machine can do at most is measured in the same run, before and after the tests: products of 8-bit
integers, of bfloat16 and of float32, and reads of as many bytes as one pass reads. A test's limit is then the time that its products
or its reads take at these rates, whichever is longer, and its share is the part of that limit that was reached.`,
		Example: `  nibble bench m.nbl --roofline
  nibble bench f16.nbl int8.nbl int4.nbl -p 1,2,4,8,16,32,64,128,256,512 -n 0 --plot lengths.svg`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("bench: no argument given, want MODEL, or several")
			}
			return b.run(cmd, args)
		},
	}
	f := cmd.Flags()
	f.IntSliceVarP(&b.prompts, "prompt", "p", []int{512}, "read prompts of `N` tokens, at most the model's context; several separated by commas (0: none)")
	f.IntSliceVarP(&b.scores, "score", "s", nil, "score texts of `N` tokens, at most the model's context; several separated by commas")
	f.IntVarP(&b.generate, "generate", "n", 64, "generate `N` tokens, at most the model's context (0: no such test)")
	f.IntVarP(&b.repeats, "repeats", "r", 5, "count `N` repeats of each test")
	f.BoolVar(&b.roofline, "roofline", false, "measure the machine's peaks, and give each rate as a share of its limit")
	f.StringVar(&b.json, "json", "", "write the result as JSON to `FILE` (- for standard output)")
	f.StringVar(&b.csv, "csv", "", "write the result as CSV to `FILE` (- for standard output)")
	f.StringVar(&b.plot, "plot", "", "draw the rates over the number of tokens to `FILE`.svg or .png; with --roofline the shares too, to FILE-share")
	f.BoolVar(&b.force, "force", false, "replace existing files")
	modelFlags(cmd, &b.typ, &b.mo)
	return cmd
}

// check refuses what the command line alone tells to be wrong.
func (b *benchFlags) check() error {
	if slices.Equal(b.prompts, []int{0}) {
		b.prompts = nil
	}
	for _, list := range []struct {
		flag  string
		n     []int
		least int
	}{{"prompt", b.prompts, 1}, {"score", b.scores, 2}} {
		for _, n := range list.n {
			if n < list.least {
				return usagef("bench: --%s %d: want at least %d", list.flag, n, list.least)
			}
		}
	}
	if b.generate < 0 || b.repeats < 1 || len(b.prompts)+len(b.scores)+b.generate == 0 {
		return usagef("bench: -p %d -s %d -n %d -r %d: want at least one test and one repeat", b.prompts, b.scores, b.generate, b.repeats)
	}
	return checkOutputs(map[string]string{"--json": b.json, "--csv": b.csv, "--plot": b.plot})
}

func (b *benchFlags) run(cmd *cobra.Command, args []string) error {
	if err := b.check(); err != nil {
		return err
	}
	var out benchOutputs
	defer out.files.abort()
	if err := out.create(cmd, b); err != nil {
		return err
	}
	var models []*model.Model
	r := benchReport{Schema: "nibble-bench/2", CPU: cpuName(), Tool: tool}
	for _, path := range args {
		f, m, err := loadModel(cmd, path, b.typ, b.mo, false)
		if err != nil {
			return err
		}
		defer f.Close()
		defer m.Close()
		if err := b.fit(cmd, path, m.Context()); err != nil {
			return err
		}
		models = append(models, m)
		meta := f.Metadata()
		r.Threads, r.KernelSet = m.Threads(), kernels.Variant()
		r.Models = append(r.Models, benchModel{
			Model: meta.Model, Recipe: recipeName(meta.Recipe), ContainerSHA256: f.Fingerprint(), Parameters: meta.Parameters, Bytes: f.Size(), Activations: m.Activations(),
		})
	}
	p := newProgress(cmd.ErrOrStderr(), "bench", "")
	res, err := bench.Run(cmd.Context(), models, bench.Options{
		Tests: b.tests(), Repeats: b.repeats, Roofline: b.roofline, Names: args,
		Progress: func(i int, t bench.Test, repeat, repeats int) {
			p.show(fmt.Sprintf("%s %s of %d tokens, %d of %d", r.Models[i].label(), t.Kind, t.Tokens, repeat, repeats))
		},
	})
	p.clear()
	if err != nil {
		return err
	}
	r.Peaks = res.Peaks
	for i := range r.Models {
		r.Models[i].Rates = res.Rates[i]
	}
	return out.write(cmd, r)
}

// fit bends default lengths to a model's context, and refuses given ones that are too long.
func (b *benchFlags) fit(cmd *cobra.Command, path string, context int) error {
	fit := func(flag string, n *int) error {
		if *n > context {
			if cmd.Flags().Changed(flag) {
				return fmt.Errorf("bench %s: --%s %d: the model was made for %d positions; give fewer", path, flag, *n, context)
			}
			*n = context
		}
		return nil
	}
	for i := range b.prompts {
		if err := fit("prompt", &b.prompts[i]); err != nil {
			return err
		}
	}
	for i := range b.scores {
		if err := fit("score", &b.scores[i]); err != nil {
			return err
		}
	}
	return fit("generate", &b.generate)
}

func (b *benchFlags) tests() []bench.Test {
	var tests []bench.Test
	for _, n := range b.prompts {
		tests = append(tests, bench.Test{Kind: bench.Prompt, Tokens: n})
	}
	for _, n := range b.scores {
		tests = append(tests, bench.Test{Kind: bench.Score, Tokens: n})
	}
	if b.generate > 0 {
		tests = append(tests, bench.Test{Kind: bench.Generation, Tokens: b.generate})
	}
	return tests
}

// label names a model in plots and on the terminal.
func (m benchModel) label() string { return m.Model + " " + m.Recipe }
