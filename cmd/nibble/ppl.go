package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
)

func pplCommand() *cobra.Command {
	var typ, jsonPath, lossPath string
	var mo model.Options
	var eo evalppl.Options
	var sf streamFlags
	var rf runFlags
	var force bool
	cmd := &cobra.Command{
		Use:   "ppl MODEL --text FILE",
		Short: "Measure a model's perplexity on a text",
		Long: `Ppl scores a text and prints its perplexity with a 95 % interval from the standard error over windows.

Protocols (--protocol):
  strided    windows of --ctx tokens start every --stride tokens; each scores what no earlier one scored, so with
             --stride below --ctx every token after the first is scored exactly once
  llama.cpp  the arithmetic of llama.cpp's perplexity: chunks of --ctx tokens, the second half of each is scored
  hf         the arithmetic of the perplexity page of transformers' documentation, taken literally
  lm-eval    the rolling log-likelihood of lm-evaluation-harness over documents: word perplexity, bits per byte
  document   strided over each document on its own (a file, or each line, record or row: --text-kind)
The first three score one stream: documents are joined (--join) and tokenized as one text.

A run that is interrupted (Ctrl-C) keeps the windows scored so far in --json FILE; --resume FILE goes on from it.

MODEL may be a checkpoint's folder: it is converted (--type) to a temporary container, which is removed afterwards.`,
		Example: "  nibble ppl smollm2-int4.nbl --text wiki.test.raw --ctx 1024 --stride 512",
		Args:    exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sf.exactlyOne(cmd); err != nil {
				return err
			}
			for _, err := range []error{checkOneStdout(map[string]string{"--json": jsonPath, "--losses": lossPath}), checkProtocol(cmd, sf.bos, eo), rf.check(&eo, lossPath), sf.check(cmd, eo.Protocol)} {
				if err != nil {
					return err
				}
			}
			if jsonPath != "" && jsonPath == lossPath {
				return usagef("--json and --losses name the same file %s", jsonPath)
			}
			var files outputs
			defer files.abort()
			losses, err := files.create(cmd, lossPath, force)
			if err != nil {
				return err
			}
			result, err := files.create(cmd, jsonPath, force || jsonPath == rf.resume)
			if err != nil {
				return err
			}
			f, m, err := loadModel(cmd, args[0], typ, mo, sf.text != "")
			if err != nil {
				return err
			}
			defer f.Close()
			defer m.Close()
			s, err := sf.read(cmd, args[0], f.Tokenizer(), eo.Protocol)
			if err != nil {
				return err
			}
			if losses != nil {
				eo.Losses = func(l []float64) error { return writeLosses(losses, l) }
			}
			defer s.close()
			saveUnfinished(cmd, jsonPath, &eo)
			res, err := score(cmd, f, m, s, eo)
			if err != nil {
				return keepUnfinished(cmd, result, res, adviseNonFinite(err))
			}
			if losses != nil {
				if err := losses.commit(); err != nil {
					return err
				}
			}
			if result != nil {
				if err := result.json(res); err != nil {
					return err
				}
			}
			if jsonPath != "-" && lossPath != "-" {
				printResult(cmd, res, s)
			}
			return nil
		},
	}
	f := cmd.Flags()
	sf.add(cmd, 0)
	protocolFlags(cmd, &eo)
	rf.add(cmd, &eo)
	f.StringVar(&jsonPath, "json", "", "write the result as JSON to `FILE` (- for standard output)")
	f.StringVar(&lossPath, "losses", "", "write each scored token's loss to `FILE`: nats, little-endian float32 (- for standard output)")
	f.BoolVar(&force, "force", false, "replace existing files")
	modelFlags(cmd, &typ, &mo)
	return cmd
}

func protocolFlags(cmd *cobra.Command, o *evalppl.Options) {
	f := cmd.Flags()
	f.StringVar(&o.Protocol, "protocol", evalppl.Strided, "`PROTOCOL`: strided, llama.cpp, hf, lm-eval or document")
	f.IntVar(&o.Ctx, "ctx", 0, "`N` tokens in a window (default: the model's context, at most 1024; llama.cpp: 512; lm-eval: the model's context)")
	f.IntVar(&o.Stride, "stride", 0, "`N` tokens from one window's start to the next (default: half of --ctx)")
	completeValues(cmd, "protocol", protocolNames())
}

// score runs the evaluation on the model's file and this machine. With an error comes what was scored before it.
func score(cmd *cobra.Command, f *modelFile, m *model.Model, s stream, o evalppl.Options) (evalppl.Result, error) {
	o.BOS, o.Words, o.Bytes, o.Conditions = s.bos, s.words, s.bytes, conditions(f, m, s)
	p := newProgress(cmd.ErrOrStderr(), "score "+o.Conditions.Model+" "+o.Conditions.Recipe, "tokens")
	save := o.Progress
	o.Progress = func(done, total int, so evalppl.Result) {
		p.update(int64(done), int64(total), fmt.Sprintf("perplexity %.4f ± %.2f %%", so.Perplexity, 196*so.StandardError))
		if save != nil {
			save(done, total, so)
		}
	}
	res, err := evalppl.RunText(cmd.Context(), m, s.text, o)
	p.clear()
	if err != nil {
		return res, fmt.Errorf("score %s on %s: %w", o.Conditions.Model, s.path, err)
	}
	return res, nil
}

// conditions describes a model, what it is scored on, and the machine.
func conditions(f *modelFile, m *model.Model, s stream) evalppl.Conditions {
	return evalppl.Conditions{TextInfo: s.TextInfo, Setup: setup(f, m, s.fingerprint)}
}

// setup describes a model and the machine.
func setup(f *modelFile, m *model.Model, tokenizerSHA256 string) evalppl.Setup {
	meta := f.Metadata()
	return evalppl.Setup{
		Model: meta.Model, ContainerSHA256: f.Fingerprint(), ContainerBytes: f.Size(), TokenizerSHA256: tokenizerSHA256, Recipe: recipeName(meta.Recipe),
		Activations: m.Activations(), Threads: m.Threads(), KernelSet: m.KernelSet(), CPU: cpuName(), Tool: tool,
		OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

func writeLosses(o *output, losses []float64) error {
	row := make([]float32, len(losses))
	for i, x := range losses {
		row[i] = float32(x)
	}
	return o.float32s(row)
}

func printResult(cmd *cobra.Command, r evalppl.Result, s stream) {
	w := cmd.OutOrStdout()
	interval, spread := "too few tokens for an interval", ""
	if r.StandardError > 0 {
		interval = fmt.Sprintf("95 %% interval %.4f to %.4f", r.PerplexityLow, r.PerplexityHigh)
		spread = fmt.Sprintf(" ± %.6f", r.StandardError)
	}
	fmt.Fprintf(w, "%s %s on %s: perplexity %.4f (%s)\n", r.Model, r.Recipe, r.Text, r.Perplexity, interval)
	protocol := fmt.Sprintf("%s, ctx %d", r.Protocol, r.Ctx)
	if r.Stride > 0 {
		protocol += fmt.Sprintf(", stride %d", r.Stride)
	}
	if spread != "" {
		spread += " nats a token (standard error over " + r.StandardErrorMethod + ")"
	} else {
		spread = " nats a token"
	}
	fmt.Fprintf(w, "  nll            %.6f%s\n", r.NLL, spread)
	fmt.Fprintf(w, "  tokens scored  %s in %s (%s)\n", grouped(int64(r.TokensScored)), count(r.Windows, "window"), protocol)
	printRun(w, r)
	if s.kept < s.total {
		fmt.Fprintf(w, "  text           the first %s of %s\n", grouped(int64(s.kept)), count(s.total, "token"))
	}
	if what := describeText(r.TextInfo); what != "" {
		fmt.Fprintf(w, "  read as        %s\n", what)
	}
	fmt.Fprintf(w, "  activations    %s, %s kernels, %s\n", r.Activations, r.KernelSet, count(r.Threads, "thread"))
	fmt.Fprintf(w, "  speed          %s tokens/s through the model (%s in %s)\n", formatRate(r.TokensPerSecond), grouped(int64(r.TokensRead)),
		formatDuration(time.Duration(r.Seconds*float64(time.Second))))
	fmt.Fprintf(w, "  token stream   sha256 %s\n", r.TokenStreamSHA256)
}
