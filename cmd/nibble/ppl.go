package main

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/evalppl/tokenizer"
)

// stream is what a model is scored on.
type stream struct {
	text        string // base name of the file
	tokens      []uint32
	total       int // tokens of the whole text, before --tokens
	fingerprint string
	bos         *uint32 // what the tokenizer puts in front of a text
}

// streamFlags say where a stream comes from.
type streamFlags struct {
	text, ids string
	limit     int
	bos       string
}

func (s *streamFlags) add(cmd *cobra.Command, limit int) {
	f := cmd.Flags()
	f.StringVar(&s.text, "text", "", "text to score (- for standard input)")
	f.StringVar(&s.ids, "token-ids", "", "token ids to score instead: little-endian uint32 (- for standard input)")
	f.IntVar(&s.limit, "tokens", limit, "score only the first N tokens (0: all)")
	f.StringVar(&s.bos, "bos", "auto", "what replaces the first token of a llama.cpp chunk: auto (BOS where the tokenizer adds it), none, or an id")
}

// read tokenizes the text with the model's tokenizer, or reads the ids.
func (s *streamFlags) read(cmd *cobra.Command, path string, files map[string][]byte) (stream, error) {
	if (s.text == "") == (s.ids == "") {
		return stream{}, usagef("%s: give one of --text FILE and --token-ids FILE.u32", cmd.Name())
	}
	if s.limit < 0 {
		return stream{}, usagef("--tokens %d: want 0 (all) or more", s.limit)
	}
	var t *tokenizer.Tokenizer
	var err error
	if files != nil || s.ids == "" {
		if t, err = newTokenizer(path, files); err != nil {
			return stream{}, err
		}
	}
	var out stream
	if s.ids != "" {
		out.text = filepath.Base(s.ids)
		out.tokens, err = readIDs(cmd, s.ids)
	} else {
		out.text = filepath.Base(s.text)
		var b []byte
		if b, err = readInput(cmd, s.text); err == nil {
			out.tokens, err = t.Encode(b, tokenizer.EncodeOptions{})
		}
	}
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
	var force bool
	cmd := &cobra.Command{
		Use:   "ppl MODEL --text FILE",
		Short: "Measure a model's perplexity on a text",
		Long: `Ppl scores a text and prints its perplexity with a 95 % interval from the standard error over windows.

Protocols (--protocol):
  strided    windows of --ctx tokens start every --stride tokens; each scores what no earlier one scored, so with
             --stride below --ctx every token after the first is scored exactly once
  llama.cpp  the arithmetic of llama.cpp's perplexity: chunks of --ctx tokens, the second half of each is scored`,
		Example: "  nibble ppl smollm2-int4.nbl --text wiki.test.raw --ctx 1024 --stride 512",
		Args:    exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, m, err := loadModel(cmd, args[0], typ, mo)
			if err != nil {
				return err
			}
			defer f.Close()
			defer m.Close()
			s, err := sf.read(cmd, args[0], f.Tokenizer())
			if err != nil {
				return err
			}
			var losses *output
			if lossPath != "" {
				if losses, err = createOutput(cmd, lossPath, force); err != nil {
					return err
				}
				defer losses.abort()
				eo.Losses = func(l []float64) error { return writeLosses(losses, l) }
			}
			if jsonPath != "" && jsonPath != "-" {
				if err := checkAbsent(jsonPath, force); err != nil {
					return err
				}
			}
			res, err := score(cmd, f, m, s, eo)
			if err != nil {
				return err
			}
			if losses != nil {
				if err := losses.commit(); err != nil {
					return err
				}
			}
			if jsonPath != "" {
				if err := writeJSON(cmd, jsonPath, res); err != nil {
					return err
				}
			}
			if jsonPath != "-" {
				printResult(cmd, res, s)
			}
			return nil
		},
	}
	f := cmd.Flags()
	sf.add(cmd, 0)
	protocolFlags(cmd, &eo)
	f.StringVar(&jsonPath, "json", "", "write the result as JSON (- for standard output)")
	f.StringVar(&lossPath, "losses", "", "write each scored token's loss, little-endian float32")
	f.BoolVar(&force, "force", false, "replace existing files")
	modelFlags(cmd, &typ, &mo)
	return cmd
}

func protocolFlags(cmd *cobra.Command, o *evalppl.Options) {
	f := cmd.Flags()
	f.StringVar(&o.Protocol, "protocol", evalppl.Strided, "strided or llama.cpp")
	f.IntVar(&o.Ctx, "ctx", 0, "tokens in a window (default: the model's context, at most 1024; llama.cpp: 512)")
	f.IntVar(&o.Stride, "stride", 0, "tokens from one window's start to the next (default: half of --ctx)")
}

// score runs the evaluation and completes the result with the files and the machine.
func score(cmd *cobra.Command, f *modelFile, m *model.Model, s stream, o evalppl.Options) (evalppl.Result, error) {
	o.BOS = s.bos
	meta := f.Metadata()
	p := newProgress(cmd.ErrOrStderr(), "score "+meta.Model+" "+meta.Recipe.Type, "tokens")
	o.Progress = func(done, total int, so evalppl.Result) {
		p.update(int64(done), int64(total), fmt.Sprintf("perplexity %.4f", so.Perplexity))
	}
	res, err := evalppl.Run(cmd.Context(), m, s.tokens, o)
	p.clear()
	if err != nil {
		return res, err
	}
	res.Text, res.TokenizerSHA256 = s.text, s.fingerprint
	res.Model, res.ContainerSHA256, res.ContainerBytes = meta.Model, f.Fingerprint(), f.Size()
	res.Recipe = recipeName(meta.Recipe)
	res.Activations, res.Threads, res.KernelSet, res.CPU, res.Tool = m.Activations(), m.Threads(), m.KernelSet(), cpuName(), tool
	return res, nil
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
	fmt.Fprintf(w, "%s %s on %s: perplexity %.4f (95 %% interval %.4f to %.4f)\n", r.Model, r.Recipe, r.Text, r.Perplexity, r.PerplexityLow, r.PerplexityHigh)
	protocol := fmt.Sprintf("%s, ctx %d", r.Protocol, r.Ctx)
	if r.Stride > 0 {
		protocol += fmt.Sprintf(", stride %d", r.Stride)
	}
	fmt.Fprintf(w, "  nll            %.6f +- %.6f nats a token (standard error over %s)\n", r.NLL, r.StandardError, r.StandardErrorMethod)
	fmt.Fprintf(w, "  tokens scored  %d in %d windows (%s)\n", r.TokensScored, r.Windows, protocol)
	if len(s.tokens) < s.total {
		fmt.Fprintf(w, "  text           the first %d of %d tokens\n", len(s.tokens), s.total)
	}
	fmt.Fprintf(w, "  activations    %s, %s kernels, %d threads\n", r.Activations, r.KernelSet, r.Threads)
	fmt.Fprintf(w, "  speed          %.1f tokens/s through the model (%d in %.1f s)\n", r.TokensPerSecond, r.TokensRead, r.Seconds)
	fmt.Fprintf(w, "  token stream   sha256 %s\n", r.TokenStreamSHA256)
}
