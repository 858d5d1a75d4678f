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
			f, m, err := loadModel(cmd, args[0], typ, mo)
			if err != nil {
				return err
			}
			defer f.Close()
			defer m.Close()
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
			if jsonPath != "" {
				if err := writeJSON(cmd, jsonPath, r); err != nil {
					return err
				}
			}
			if csvPath != "" {
				if err := writeBenchCSV(cmd, csvPath, r); err != nil {
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
	f.IntVarP(&o.Prompt, "prompt", "p", 512, "tokens of the prompt (0: no such test)")
	f.IntVarP(&o.Generate, "generate", "n", 64, "tokens to generate (0: no such test)")
	f.IntVarP(&o.Repeats, "repeats", "r", 5, "counted repeats of each test")
	f.StringVar(&jsonPath, "json", "", "write the result as JSON (- for standard output)")
	f.StringVar(&csvPath, "csv", "", "write the result as CSV (- for standard output)")
	modelFlags(cmd, &typ, &mo)
	return cmd
}

func printBench(cmd *cobra.Command, r benchReport) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s %s, %s, %s activations, %d threads, %s kernels, %s\n\n", r.Model, r.Recipe, formatBytes(float64(r.ModelBytes)), r.Activations, r.Threads, r.KernelSet, r.CPU)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "test\ttokens\ttokens/s\tmin\tmax\tstd dev\tGB/s\t\n")
	for _, x := range r.Rates {
		gb := "-"
		if x.GBPerSecond > 0 {
			gb = fmt.Sprintf("%.1f", x.GBPerSecond)
		}
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%s\t\n", x.Test, x.Tokens, x.Median, x.Min, x.Max, x.StdDev, gb)
	}
	return w.Flush()
}

func writeBenchCSV(cmd *cobra.Command, path string, r benchReport) error {
	o, err := createOutput(cmd, path, true)
	if err != nil {
		return err
	}
	defer o.abort()
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
