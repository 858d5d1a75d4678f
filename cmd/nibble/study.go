package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nibble/convert"
	"nibble/evalppl"
	"nibble/evalppl/bench"
	"nibble/evalppl/model"
	"nibble/evalppl/tokenizer"
	"nibble/format"
	"nibble/quant"
	"nibble/reports"
	"nibble/testdata"
)

// studyTokens is how much of a text a study scores by default: enough for an interval of about two percent, little enough for
// minutes on a small machine.
const studyTokens = 32768

// study is one run of the study command.
type study struct {
	cmd     *cobra.Command
	types   []string
	out     string
	keep    string
	repeats int
	mo      model.Options
	eo      evalppl.Options
	stream  streamFlags
	work    string // folder of the containers
}

// checkpointSource is a checkpoint to be studied: a folder, or an embedded one.
type checkpointSource struct {
	name string
	fsys fs.FS
}

func studyCommand() *cobra.Command {
	var s study
	var types string
	cmd := &cobra.Command{
		Use:   "study [FOLDER...]",
		Short: "Convert to several types, measure each, and draw the trade-off: everything in one go",
		Long: `Study converts each checkpoint once for each type, measures perplexity, size and speed of each container, and writes a
report (report.html, report.md, results.json, results.csv, plots) into a folder.

Without arguments it studies the two small models that nibble carries, on their own text, offline.`,
		Example: "  nibble study\n  nibble study smollm2-135m-instruct --text wiki.test.raw --types f16,int8-g32,int4-g32",
		RunE: func(cmd *cobra.Command, args []string) error {
			s.cmd = cmd
			s.types = strings.Split(types, ",")
			return s.run(args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&types, "types", "f16,int8-g32,int4-g32", "types to compare, separated by commas; the one of highest precision is the base")
	f.StringVarP(&s.out, "output", "o", "nibble-report", "folder of the report")
	f.StringVar(&s.keep, "keep", "", "keep the containers in this folder (default: remove them)")
	f.IntVarP(&s.repeats, "repeats", "r", 3, "counted repeats of each speed test")
	f.StringVar(&s.mo.Activations, "activations", model.Int8Activations, "int8, or f32 to show what the weights alone lost")
	f.IntVarP(&s.mo.Threads, "threads", "t", 0, "threads (default: all)")
	s.stream.add(cmd, studyTokens)
	protocolFlags(cmd, &s.eo)
	return cmd
}

func (s *study) run(args []string) (err error) {
	for i, t := range s.types {
		s.types[i] = strings.TrimSpace(t)
		if !slices.Contains(quant.MatrixNames(), s.types[i]) {
			return usagef("--types: unknown type %q; known: %s", s.types[i], strings.Join(quant.MatrixNames(), ", "))
		}
		if slices.Contains(s.types[:i], s.types[i]) {
			return usagef("--types: %s is given twice", s.types[i])
		}
	}
	if s.repeats < 1 {
		return usagef("--repeats %d: want at least 1", s.repeats)
	}
	sources, err := s.sources(args)
	if err != nil {
		return err
	}
	// The report's folder is tried before the work, not after it.
	if err := os.MkdirAll(s.out, 0o777); err != nil {
		return err
	}
	if s.work = s.keep; s.work == "" {
		if s.work, err = os.MkdirTemp("", "nibble-study-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.work)) }()
	} else if err := os.MkdirAll(s.work, 0o777); err != nil {
		return err
	}
	result := reports.Study{Command: commandLine(s.cmd, args)}
	names := make([]string, len(sources))
	for i, src := range sources {
		names[i] = src.name
		records, err := s.checkpoint(src)
		if err != nil {
			return err
		}
		result.Records = append(result.Records, records...)
	}
	result.Title = "What each bit costs: " + strings.Join(names, ", ")
	return writeReport(s.cmd, s.out, result)
}

// sources returns the checkpoints: the arguments' folders, or the embedded models.
func (s *study) sources(args []string) ([]checkpointSource, error) {
	var list []checkpointSource
	if len(args) > 0 {
		if s.stream.text == "" && s.stream.ids == "" {
			return nil, usagef("study: give --text FILE (or --token-ids) to score the models on")
		}
		for _, dir := range args {
			list = append(list, checkpointSource{dir, nil})
		}
		return list, nil
	}
	for _, m := range testdata.Models() {
		list = append(list, checkpointSource{m.Name, m.FS})
	}
	return list, nil
}

// checkpoint studies one checkpoint.
func (s *study) checkpoint(src checkpointSource) ([]reports.Record, error) {
	var c *convert.Checkpoint
	var err error
	if src.fsys == nil {
		if c, err = convert.OpenDir(src.name); err == nil {
			src.fsys = os.DirFS(src.name)
		}
	} else {
		c, err = convert.Open(src.fsys, src.name)
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	files, err := checkpointTokenizer(src.fsys, s.stream.ids != "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.name, err)
	}
	text, err := s.read(src, files)
	if err != nil {
		return nil, err
	}
	var records []reports.Record
	for _, typ := range s.types {
		r, err := s.variant(c, typ, files, text)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", c.Model, typ, err)
		}
		records = append(records, r)
	}
	markBase(records)
	return records, nil
}

// read returns the tokens to score; the embedded models have the embedded text.
func (s *study) read(src checkpointSource, files tokenizer.Files) (stream, error) {
	if s.stream.text != "" || s.stream.ids != "" {
		return s.stream.read(s.cmd, src.name, files)
	}
	t, err := newTokenizer(src.name, files)
	if err != nil {
		return stream{}, err
	}
	out := stream{text: "valid.txt (embedded)", fingerprint: t.Fingerprint()}
	if out.tokens, err = t.Encode(testdata.Text(), tokenizer.EncodeOptions{}); err != nil {
		return stream{}, err
	}
	out.cut(s.stream.limit)
	out.bos, err = s.stream.chunkBOS(t)
	return out, err
}

// variant converts to one type and measures it.
func (s *study) variant(c *convert.Checkpoint, typ string, files tokenizer.Files, text stream) (reports.Record, error) {
	started := time.Now()
	path := filepath.Join(s.work, c.Model+"-"+typ+".nbl")
	p := newProgress(s.cmd.ErrOrStderr(), "convert "+c.Model+" to "+typ, "B")
	_, err := c.Convert(s.cmd.Context(), path, convert.Options{
		Type: typ, Tokenizer: files, Tool: tool, Threads: s.mo.Threads, Force: s.keep != "",
		Progress: func(done, total int64, _ string) { p.update(done, total, "") },
	})
	p.clear()
	if err != nil {
		return reports.Record{}, err
	}
	r, err := format.Open(path)
	if err != nil {
		return reports.Record{}, err
	}
	f := &modelFile{Reader: r}
	defer f.Close()
	m, err := model.Load(r, s.mo)
	if err != nil {
		return reports.Record{}, err
	}
	defer m.Close()
	res, err := score(s.cmd, f, m, text, s.eo)
	if err != nil {
		return reports.Record{}, err
	}
	rates, err := s.speed(s.cmd.Context(), m)
	if err != nil {
		return reports.Record{}, err
	}
	rec := record(f, res, m.Threads(), rates)
	rec.Started = started.UTC().Format(time.RFC3339)
	if s.keep != "" {
		rec.File = path
	}
	return rec, nil
}

// speed measures prompt and generation, both within the model's context.
func (s *study) speed(ctx context.Context, m *model.Model) ([]bench.Rate, error) {
	p := newProgress(s.cmd.ErrOrStderr(), "bench", "")
	defer p.clear()
	return bench.Run(ctx, m, bench.Options{
		Prompt: min(512, m.Context()), Generate: min(64, m.Context()), Repeats: s.repeats,
		Progress: func(test string, i, n int) { p.show(fmt.Sprintf("%s %d of %d", test, i, n)) },
	})
}

// markBase marks the record of highest precision: the one with the largest file.
func markBase(records []reports.Record) {
	base := 0
	for i, r := range records {
		if r.Bytes > records[base].Bytes {
			base = i
		}
	}
	records[base].Base = true
}

// commandLine writes the command that repeats the study.
func commandLine(cmd *cobra.Command, args []string) string {
	line := []string{cmd.CommandPath()}
	for _, a := range args {
		line = append(line, quoteArg(a))
	}
	for _, f := range changedFlags(cmd) {
		line = append(line, "--"+f[0], quoteArg(f[1]))
	}
	return strings.Join(line, " ")
}

// quoteArg quotes an argument for a POSIX shell where it needs it.
func quoteArg(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\r\n'\"\\$&|;<>()*?[]#~`!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
