package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/evalppl/sensitivity"
	"nibble/format"
	"nibble/quant"
	"nibble/reports"
)

// sensitivityFlags are the command line of sensitivity.
type sensitivityFlags struct {
	mo     model.Options
	eo     evalppl.Options
	stream streamFlags

	types      []string
	by, from   string
	json, plot string
	resume     string
	top        int
	force      bool

	earlier            *sensitivity.Result // that of --resume
	draw               func(reports.HeatMap) ([]byte, error)
	files              outputs
	jsonFile, plotFile *output
}

// sensitivityTokens is how much of a text is scored by default: there are hundreds of passes over it.
const sensitivityTokens = 2048

func sensitivityCommand() *cobra.Command {
	var s sensitivityFlags
	cmd := &cobra.Command{
		Use:   "sensitivity MODEL --types TYPE,... --text FILE",
		Short: "Measure what each tensor, kind or layer costs when it alone is quantized",
		Long: `Sensitivity quantizes one part of a model at a time (each tensor, all tensors of a kind, or each layer) and measures how far that
moves the model's predictions: the Kullback-Leibler divergence from the unmodified model on the same windows of a text, as nibble
compare measures it. The table is sorted by divergence for each bit saved: what stands first is best left as it is.

MODEL is a container of f32, f16 or bf16, or a folder. Its first ` + grouped(sensitivityTokens) + ` tokens are scored unless --tokens says otherwise: every part
reads them once. After an interruption, what has been measured is printed and written; --resume FILE goes on from what --json FILE wrote, with
nothing lost, to exactly the result of a run that was not interrupted.`,
		Example: `  nibble sensitivity smollm2-f16.nbl --types int4-g32 --text wiki.test.raw --json s.json --plot s.svg
  nibble sensitivity smollm2-f16.nbl --types int4-g32,int8-g32 --by kind --activations f32 --text wiki.test.raw
  nibble sensitivity --from s.json --top 0`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case s.from != "" && len(args) > 0:
				return usagef("sensitivity: --from shows an earlier result; MODEL is not wanted beside it")
			case s.from == "" && len(args) != 1:
				return usagef("sensitivity: %s given, want 1: MODEL", count(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			defer s.files.abort()
			if err := cmp.Or(s.check(cmd), s.create(cmd)); err != nil {
				return err
			}
			if s.from != "" {
				r, err := sensitivity.Read(s.from)
				if err != nil {
					return err
				}
				return s.write(cmd, r)
			}
			r, err := s.measure(cmd, args[0])
			if len(r.Parts) == 0 {
				return err
			}
			// An interrupted measurement is shown as far as it came.
			kept := s.jsonFile != nil && s.jsonFile.file != nil && !s.jsonFile.direct
			if writeErr := s.write(cmd, r); writeErr != nil {
				return errors.Join(writeErr, err)
			}
			if err != nil && kept && r.State != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "nibble: what is measured so far (%s of %d on %s) is kept in %s; go on with --resume %s\n",
					count(len(r.Parts), "part"), r.TotalParts, count(r.Windows, "window"), s.json, quoteArg(s.json))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&s.types, "types", []string{"int4-g32"}, "quantize to each of `TYPES`, separated by commas")
	f.StringVar(&s.by, "by", sensitivity.ByTensor, "quantize one `PART` at a time: tensor, kind or layer")
	f.StringVar(&s.from, "from", "", "show the result in `FILE`, which --json wrote, instead of measuring")
	f.IntVar(&s.top, "top", 20, "print the `N` parts that cost most for each bit saved (0: all)")
	f.StringVar(&s.json, "json", "", "write the result as JSON to `FILE` (- for standard output)")
	f.StringVar(&s.resume, "resume", "", "go on from the unfinished result in `FILE`, to that of an uninterrupted run")
	f.StringVar(&s.plot, "plot", "", "draw the divergences as a heat map of layers and kinds to `FILE`.svg or .png")
	f.BoolVar(&s.force, "force", false, "replace existing files")
	s.stream.add(cmd, sensitivityTokens)
	protocolFlags(cmd, &s.eo)
	nonFiniteFlag(cmd, &s.eo)
	f.Uint64Var(&s.eo.Seed, "seed", 0, "seed `N` of the bootstrap")
	f.IntVar(&s.eo.Resamples, "resamples", 2000, "`N` resamples of the bootstrap")
	activationsFlag(cmd, &s.mo.Activations)
	f.IntVarP(&s.mo.Threads, "threads", "t", 0, "use `N` threads (default: one for each CPU)")
	completeValues(cmd, "types", quant.MatrixNames())
	completeValues(cmd, "by", sensitivity.Divisions())
	return cmd
}

// check checks the flags.
func (s *sensitivityFlags) check(cmd *cobra.Command) error {
	if s.top < 0 {
		return usagef("--top %d: want 0 (all) or more", s.top)
	}
	if err := checkOutputs(map[string]string{"--json": s.json, "--plot": s.plot}); err != nil {
		return err
	}
	if s.plot != "" {
		var err error
		if s.draw, err = plotFormat(s.plot, reports.HeatMap.SVG, reports.HeatMap.PNG); err != nil {
			return err
		}
	}
	if s.from != "" {
		if s.stream.text != "" || s.stream.ids != "" || s.json != "" || s.resume != "" {
			return usagef("--from shows an earlier result: --text, --token-ids, --json and --resume are for a new one")
		}
		return nil
	}
	if s.resume != "" {
		r, err := sensitivity.Read(s.resume)
		if err != nil {
			return err
		}
		s.earlier = &r
	}
	if !slices.Contains(sensitivity.Divisions(), s.by) {
		return usagef("--by %q: want %s", s.by, strings.Join(sensitivity.Divisions(), ", "))
	}
	if err := checkList("types", "type", s.types, quant.MatrixNames()); err != nil {
		return err
	}
	if len(s.types) == 0 {
		return usagef("--types: want at least one of %s", strings.Join(quant.MatrixNames(), ", "))
	}
	if err := s.stream.exactlyOne(cmd); err != nil {
		return err
	}
	if s.eo.Resamples < 1 {
		return usagef("--resamples %d: want at least 1", s.eo.Resamples)
	}
	if s.eo.Protocol == evalppl.HF {
		return usagef("--protocol %s weights windows by other numbers than the tokens they score: measure with --protocol %s", evalppl.HF, evalppl.Strided)
	}
	var r runFlags
	return cmp.Or(checkProtocol(cmd, s.stream.bos, s.eo), r.check(&s.eo, ""), s.stream.check(cmd, s.eo.Protocol), checkModelOptions(s.mo))
}

// create makes the files that will be written.
func (s *sensitivityFlags) create(cmd *cobra.Command) (err error) {
	if s.jsonFile, err = s.files.create(cmd, s.json, s.force || s.json == s.resume); err != nil {
		return err
	}
	s.plotFile, err = s.files.create(cmd, s.plot, s.force)
	return err
}

// variants is a model as package sensitivity wants it, with the cost of a pass of each variant, in whole passes of the model.
type variants struct {
	*model.Tracer
	costs []float64
}

func (v *variants) Variant(types map[string]string) (evalppl.DistributionModel, error) {
	r, err := v.Requantized(types)
	if err != nil {
		return nil, err
	}
	v.costs = append(v.costs, r.Share())
	return r, nil
}

// cost returns what passes cost, in windows of the model's own: whole windows of it and all variants, and windows of it and the first some
// of them.
func (v *variants) cost(whole, windows, some int) float64 {
	sum := func(costs []float64) float64 {
		c := 1.0
		for _, x := range costs {
			c += x
		}
		return c
	}
	return float64(whole)*sum(v.costs) + float64(windows)*sum(v.costs[:some])
}

func (s *sensitivityFlags) measure(cmd *cobra.Command, path string) (r sensitivity.Result, err error) {
	f, m, err := loadModel(cmd, path, "", s.mo, s.stream.text != "")
	if err != nil {
		return r, err
	}
	defer f.Close()
	defer m.Close()
	var tensors []sensitivity.Tensor
	for _, t := range f.Tensors() {
		if t.Codec != format.RawF32 {
			tensors = append(tensors, sensitivity.Tensor{Name: t.Name, Codec: t.Codec, Rows: t.Rows, Cols: t.Cols})
		}
	}
	parts, together, err := sensitivity.Plan(tensors, s.by, s.types)
	if err != nil {
		if errors.Is(err, sensitivity.ErrQuantized) {
			err = fmt.Errorf("%w; what quantizing costs is measured from the original weights: convert the checkpoint again with --type f16, bf16 or f32, or give its folder", err)
		}
		return r, fmt.Errorf("sensitivity of %s: %w", path, err)
	}
	text, err := s.stream.read(cmd, path, f.Tokenizer(), s.eo.Protocol)
	if err != nil {
		return r, err
	}
	defer text.close()
	s.eo.BOS, s.eo.Words, s.eo.Bytes, s.eo.Threads = text.bos, text.words, text.bytes, s.mo.Threads
	v := &variants{Tracer: m.NewTracer()}
	p := newProgress(cmd.ErrOrStderr(), "sensitivity of "+f.Metadata().Model, "passes")
	names := []string{"unmodified"}
	for _, part := range slices.Concat(parts, together) {
		names = append(names, part.Name+" "+part.Type)
	}
	s.eo.Passed = func(model, first, last, total int) {
		p.update(int64(v.cost(first, last-first, model)+0.5), int64(v.cost(total, 0, 0)+0.5), names[model])
	}
	s.eo.Conditions = conditions(f, m, text)
	save := newSaver(cmd, s.json)
	r, err = sensitivity.MeasureWith(cmd.Context(), v, s.by, parts, together, text.text, sensitivity.Options{
		Options: s.eo, Earlier: s.earlier,
		SoFar: func(get func() (sensitivity.Result, error)) {
			save(func() any {
				so, err := get()
				if err != nil {
					return nil // an error that matters comes back at the end
				}
				so.Base.Conditions = s.eo.Conditions
				return so
			})
		},
	})
	p.clear()
	if err != nil {
		err = adviseNonFinite(fmt.Errorf("sensitivity of %s on %s: %w", path, text.path, err))
	}
	r.Base.Conditions = s.eo.Conditions
	return r, err
}

// write prints the result and writes its files.
func (s *sensitivityFlags) write(cmd *cobra.Command, r sensitivity.Result) error {
	if s.jsonFile != nil {
		if err := s.jsonFile.json(r); err != nil {
			return err
		}
	}
	if s.plotFile != nil {
		data, err := s.draw(sensitivityMap(r))
		if err != nil {
			return err
		}
		if err := s.plotFile.bytes(data); err != nil {
			return err
		}
	}
	if s.json != "-" && s.plot != "-" {
		printSensitivity(cmd.OutOrStdout(), r, s.top)
	}
	return nil
}
