package main

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nibble/evalppl/bench"
	"nibble/evalppl/model"
)

// benchReport is what `bench --json` writes.
type benchReport struct {
	Schema          string       `json:"schema"`
	Model           string       `json:"model"`
	Recipe          string       `json:"recipe"`
	ContainerSHA256 string       `json:"container_sha256"`
	ModelBytes      int64        `json:"model_bytes"`
	Activations     string       `json:"activations"`
	Threads         int          `json:"threads"`
	KernelSet       string       `json:"kernel_set"`
	CPU             string       `json:"cpu"`
	Tool            string       `json:"tool"`
	Rates           []bench.Rate `json:"rates"`
}

func benchCommand() *cobra.Command {
	var typ, jsonPath, csvPath string
	var mo model.Options
	var o bench.Options
	var force bool
	cmd := &cobra.Command{
		Use:   "bench MODEL",
		Short: "Measure how fast a model reads a prompt and generates",
		Long: `Bench reads a prompt of -p tokens at once, and generates -n tokens one after the other over a key/value cache,
each -r times after one pass that is not counted. Rates are medians; GB/s is what generation reads of weights and cache.`,
		Args: exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Prompt < 0 || o.Generate < 0 || o.Prompt+o.Generate == 0 || o.Repeats < 1 {
				return usagef("bench: -p %d -n %d -r %d: want at least one token and one repeat", o.Prompt, o.Generate, o.Repeats)
			}
			if err := checkOneStdout(map[string]string{"--json": jsonPath, "--csv": csvPath}); err != nil {
				return err
			}
			if jsonPath != "" && jsonPath == csvPath {
				return usagef("--json and --csv name the same file %s", jsonPath)
			}
			var files outputs
			defer files.abort()
			asJSON, err := files.create(cmd, jsonPath, force)
			if err != nil {
				return err
			}
			asCSV, err := files.create(cmd, csvPath, force)
			if err != nil {
				return err
			}
			f, m, err := loadModel(cmd, args[0], typ, mo, false)
			if err != nil {
				return err
			}
			defer f.Close()
			defer m.Close()
			for _, test := range []struct {
				flag   string
				tokens *int
			}{{"prompt", &o.Prompt}, {"generate", &o.Generate}} {
				if *test.tokens > m.Context() {
					if cmd.Flags().Changed(test.flag) {
						return fmt.Errorf("bench %s: --%s %d: the model was made for %d positions; give fewer", args[0], test.flag, *test.tokens, m.Context())
					}
					*test.tokens = m.Context()
				}
			}
			p := newProgress(cmd.ErrOrStderr(), "bench", "")
			o.Progress = func(test string, i, n int) { p.show(fmt.Sprintf("%s %d of %d", test, i, n)) }
			rates, err := bench.Run(cmd.Context(), m, o)
			p.clear()
			if err != nil {
				return err
			}
			meta := f.Metadata()
			r := benchReport{
				Schema: "nibble-bench/1", Model: meta.Model, Recipe: recipeName(meta.Recipe), ContainerSHA256: f.Fingerprint(), ModelBytes: f.Size(),
				Activations: m.Activations(), Threads: m.Threads(), KernelSet: m.KernelSet(), CPU: cpuName(), Tool: tool, Rates: rates,
			}
			if asJSON != nil {
				if err := asJSON.json(r); err != nil {
					return err
				}
			}
			if asCSV != nil {
				if err := writeBenchCSV(asCSV, r); err != nil {
					return err
				}
			}
			if jsonPath != "-" && csvPath != "-" {
				return printBench(cmd, r)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVarP(&o.Prompt, "prompt", "p", 512, "read a prompt of `N` tokens, at most the model's context (0: no such test)")
	f.IntVarP(&o.Generate, "generate", "n", 64, "generate `N` tokens, at most the model's context (0: no such test)")
	f.IntVarP(&o.Repeats, "repeats", "r", 5, "count `N` repeats of each test")
	f.StringVar(&jsonPath, "json", "", "write the result as JSON to `FILE` (- for standard output)")
	f.StringVar(&csvPath, "csv", "", "write the result as CSV to `FILE` (- for standard output)")
	f.BoolVar(&force, "force", false, "replace existing files")
	modelFlags(cmd, &typ, &mo)
	return cmd
}

func printBench(cmd *cobra.Command, r benchReport) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s %s, %s, %s activations, %s, %s kernels, %s\n\n", r.Model, r.Recipe, formatBytes(float64(r.ModelBytes)), r.Activations, count(r.Threads, "thread"), r.KernelSet, r.CPU)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "test\ttokens\ttokens/s\tmin\tmax\tstd dev\tGB/s\t\n")
	for _, x := range r.Rates {
		gb := "-"
		if x.GBPerSecond > 0 {
			gb = formatRate(x.GBPerSecond)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Test, grouped(int64(x.Tokens)), formatRate(x.Median), formatRate(x.Min), formatRate(x.Max), formatRate(x.StdDev), gb)
	}
	return w.Flush()
}

func writeBenchCSV(o *output, r benchReport) error {
	w := csv.NewWriter(o)
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }
	rows := [][]string{{"model", "recipe", "model_bytes", "activations", "threads", "kernel_set", "cpu", "test", "tokens", "repeats", "tokens_per_second", "min", "max", "std_dev", "gb_per_second"}}
	for _, x := range r.Rates {
		rows = append(rows, []string{
			r.Model, r.Recipe, strconv.FormatInt(r.ModelBytes, 10), r.Activations, strconv.Itoa(r.Threads), r.KernelSet, r.CPU,
			x.Test, strconv.Itoa(x.Tokens), strconv.Itoa(len(x.Repeats)), number(x.Median), number(x.Min), number(x.Max), number(x.StdDev), number(x.GBPerSecond),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return o.commit()
}
