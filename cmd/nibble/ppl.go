package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/evalppl/tokenizer"
)

// stream is what a model is scored on.
type stream struct {
	text        string // base name of the file, or "standard input"
	path        string // of the file, for messages
	tokens      []uint32
	total       int // tokens of the whole text, before --tokens
	fingerprint string
	bos         *uint32 // what the tokenizer puts in front of a text

	docs         [][]uint32 // what is scored each on its own; nil: tokens is the only one
	words, bytes int64      // of the raw text of docs
}

// streamFlags say where a stream comes from.
type streamFlags struct {
	text, ids string
	limit     int
	bos       string

	content []byte // of the file, once read: standard input can be read only once, and a study has several models
	idList  []uint32
}

func (s *streamFlags) add(cmd *cobra.Command, limit int) {
	f := cmd.Flags()
	f.StringVar(&s.text, "text", "", "text `FILE` to score (- for standard input)")
	f.StringVar(&s.ids, "token-ids", "", "`FILE` of token ids to score instead of a text: little-endian uint32 (- for standard input)")
	f.IntVar(&s.limit, "tokens", limit, "score only the first `N` tokens (0: all)")
	f.StringVar(&s.bos, "bos", "auto", "`ID` that replaces the first token of a llama.cpp chunk, none, or auto: BOS where the tokenizer adds it")
}

// check looks at the flags and whether the files are there, before any work.
func (s *streamFlags) check(cmd *cobra.Command) error {
	if s.limit < 0 {
		return usagef("--tokens %d: want 0 (all) or more", s.limit)
	}
	if _, err := s.chunkBOS(nil); err != nil {
		return err
	}
	return errors.Join(checkReadable(s.text), checkReadable(s.ids))
}

// exactlyOne demands a text or token ids.
func (s *streamFlags) exactlyOne(cmd *cobra.Command) error {
	if (s.text == "") == (s.ids == "") {
		return usagef("%s: give one of --text FILE and --token-ids FILE.u32", cmd.Name())
	}
	return nil
}

// read tokenizes the text with the model's tokenizer, or reads the ids.
func (s *streamFlags) read(cmd *cobra.Command, path string, files map[string][]byte) (stream, error) {
	var t *tokenizer.Tokenizer
	var err error
	if files != nil || s.ids == "" {
		if t, err = newTokenizer(path, files); err != nil {
			return stream{}, err
		}
	}
	var out stream
	if s.ids != "" {
		out.path = inputName(s.ids)
		if s.idList == nil {
			s.idList, err = readIDs(cmd, s.ids)
		}
		out.tokens = s.idList
	} else {
		out.path = inputName(s.text)
		if s.content == nil {
			s.content, err = readInput(cmd, s.text)
		}
		if err == nil {
			if out.tokens, err = t.Encode(s.content, tokenizer.EncodeOptions{}); err != nil {
				err = fmt.Errorf("tokenize %s: %w", out.path, err)
			}
		}
	}
	out.text = filepath.Base(out.path)
	if err != nil {
		return stream{}, err
	}
	if t != nil {
		out.fingerprint = t.Fingerprint()
	}
	out.cut(s.limit)
	if out.bos, err = s.chunkBOS(t); err != nil {
		return stream{}, err
	}
	return out, nil
}

// cut keeps the first limit tokens (0: all).
func (s *stream) cut(limit int) {
	s.total = len(s.tokens)
	if limit > 0 && limit < len(s.tokens) {
		s.tokens = s.tokens[:limit]
	}
}

// chunkBOS returns the id that replaces the first token of each llama.cpp chunk.
func (s *streamFlags) chunkBOS(t *tokenizer.Tokenizer) (*uint32, error) {
	switch s.bos {
	case "none":
		return nil, nil
	case "auto", "":
		if t != nil && t.AddsBOS() {
			if id, ok := t.BOS(); ok {
				return &id, nil
			}
		}
		return nil, nil
	}
	n, err := strconv.ParseUint(s.bos, 10, 32)
	if err != nil {
		return nil, usagef("--bos %q: want auto, none or a token id", s.bos)
	}
	id := uint32(n)
	return &id, nil
}

func pplCommand() *cobra.Command {
	var typ, jsonPath, lossPath string
	var mo model.Options
	var eo evalppl.Options
	var sf streamFlags
	var df documentFlags
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

A run that is interrupted (Ctrl-C) keeps the windows scored so far in --json FILE; --resume FILE goes on from it.

MODEL may be a checkpoint's folder: it is converted (--type) to a temporary container, which is removed afterwards.`,
		Example: "  nibble ppl smollm2-int4.nbl --text wiki.test.raw --ctx 1024 --stride 512",
		Args:    exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sf.exactlyOne(cmd); err != nil {
				return err
			}
			for _, err := range []error{checkOneStdout(map[string]string{"--json": jsonPath, "--losses": lossPath}), checkProtocol(cmd, sf.bos, eo), df.check(cmd, &sf, eo.Protocol), rf.check(&eo, lossPath), sf.check(cmd)} {
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
			s, err := df.read(cmd, &sf, args[0], f.Tokenizer(), eo.Protocol)
			if err != nil {
				return err
			}
			if losses != nil {
				eo.Losses = func(l []float64) error { return writeLosses(losses, l) }
			}
			saveUnfinished(cmd, jsonPath, &eo)
			res, err := score(cmd, f, m, s, eo)
			if err != nil {
				return keepUnfinished(cmd, result, res, err)
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
	df.add(cmd)
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
	o.BOS, o.Conditions = s.bos, conditions(f, m, s)
	if o.Protocol == evalppl.LMEval {
		o.Words, o.Bytes = s.words, s.bytes
	}
	p := newProgress(cmd.ErrOrStderr(), "score "+o.Conditions.Model+" "+o.Conditions.Recipe, "tokens")
	save := o.Progress
	o.Progress = func(done, total int, so evalppl.Result) {
		p.update(int64(done), int64(total), fmt.Sprintf("perplexity %.4f ± %.2f %%", so.Perplexity, 196*so.StandardError))
		if save != nil {
			save(done, total, so)
		}
	}
	res, err := evalppl.RunDocuments(cmd.Context(), m, s.documents(), o)
	p.clear()
	if err != nil {
		return res, fmt.Errorf("score %s on %s: %w", o.Conditions.Model, s.path, err)
	}
	return res, nil
}

// conditions describes a model, what it is scored on, and the machine.
func conditions(f *modelFile, m *model.Model, s stream) evalppl.Conditions {
	meta := f.Metadata()
	return evalppl.Conditions{
		Text: s.text, TokenizerSHA256: s.fingerprint,
		Model: meta.Model, ContainerSHA256: f.Fingerprint(), ContainerBytes: f.Size(), Recipe: recipeName(meta.Recipe),
		Activations: m.Activations(), Threads: m.Threads(), KernelSet: m.KernelSet(), CPU: cpuName(), Tool: tool,
		OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

// documents returns what is scored.
func (s *stream) documents() [][]uint32 {
	if s.docs == nil {
		return [][]uint32{s.tokens}
	}
	return s.docs
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
	if len(s.tokens) < s.total {
		fmt.Fprintf(w, "  text           the first %s of %s\n", grouped(int64(len(s.tokens))), count(s.total, "token"))
	}
	fmt.Fprintf(w, "  activations    %s, %s kernels, %s\n", r.Activations, r.KernelSet, count(r.Threads, "thread"))
	fmt.Fprintf(w, "  speed          %s tokens/s through the model (%s in %s)\n", formatRate(r.TokensPerSecond), grouped(int64(r.TokensRead)),
		formatDuration(time.Duration(r.Seconds*float64(time.Second))))
	fmt.Fprintf(w, "  token stream   sha256 %s\n", r.TokenStreamSHA256)
}
