package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nibble/convert"
	"nibble/evalppl"
	"nibble/evalppl/model"
	"nibble/evalppl/tokenizer"
	"nibble/quant"
	"nibble/reports"
	"nibble/testdata"
)

// studyTokens is how much of a text a study scores by default: enough for an interval of about two percent, little enough for
// minutes on a small machine.
const studyTokens = 32768

// study is one run of the study command.
type study struct {
	cmd         *cobra.Command
	types       []string
	activations []string // modes
	out         string
	keep        string
	force       bool
	repeats     int
	threads     int
	eo          evalppl.Options
	stream      streamFlags
	work        string // folder of the containers
}

// checkpointSource is a checkpoint to be studied: a folder, or an embedded one.
type checkpointSource struct {
	name string
	fsys fs.FS
}

func studyCommand() *cobra.Command {
	var s study
	var types, activations string
	cmd := &cobra.Command{
		Use:   "study [FOLDER...]",
		Short: "Convert to several types, measure each, and draw the trade-off: everything in one go",
		Long: `Study converts each checkpoint to its own precision, which is the base, and to each type, runs all of them over the same
windows of a text, and writes a report (report.html, report.md, results.json, results.csv, plots) into a folder: Kullback-Leibler
divergence from the base, perplexity and its paired difference, each with a 95 % interval, size and speed. Quantized types are
measured with int8 activations, the fast path, and with f32 ones, so that the report tells what the weights lost from what the
activations lost.

Without arguments it studies the two small models that nibble carries, on their own text (or on --text), offline.
The folder of the report may be new, empty, or hold an earlier report, which is replaced; any other is refused.

Types: ` + strings.Join(quant.MatrixNames(), ", "),
		Example: "  nibble study\n  nibble study smollm2-135m-instruct --text wiki.test.raw --types f16,int8-g32,int4-g32",
		RunE: func(cmd *cobra.Command, args []string) error {
			s.cmd = cmd
			s.types, s.activations = splitList(types), splitList(activations)
			return s.run(args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&types, "types", "f16,int8-g32,int4-g32", "`TYPES` to compare with the checkpoint's own precision, separated by commas")
	f.StringVarP(&s.out, "output", "o", "nibble-report", "`FOLDER` of the report: new, empty, or with an earlier report, which is replaced")
	f.StringVar(&s.keep, "keep", "", "keep the containers in `FOLDER` (default: remove them)")
	f.BoolVar(&s.force, "force", false, "write the report into a folder that holds other files; replace containers in --keep")
	f.IntVarP(&s.repeats, "repeats", "r", 3, "count `N` repeats of each speed test")
	f.StringVar(&activations, "activations", model.Int8Activations+","+model.Float32Activations,
		"`MODES`, separated by commas: int8 rounds activations where the weights are integers, bf16 where they are bf16, f32 nowhere")
	f.IntVarP(&s.threads, "threads", "t", 0, "use `N` threads (default: one for each CPU)")
	s.stream.add(cmd, studyTokens)
	s.stream.several = true
	protocolFlags(cmd, &s.eo)
	completeTypes(cmd, "types")
	completeValues(cmd, "activations", model.ActivationModes())
	cmd.ValidArgsFunction = completeFolders
	return cmd
}

// check refuses what the command line alone tells to be wrong.
func (s *study) check() error {
	if err := checkList("types", "type", s.types, quant.MatrixNames()); err != nil {
		return err
	}
	if err := checkList("activations", "mode", s.activations, model.ActivationModes()); err != nil {
		return err
	}
	switch {
	case s.repeats < 1:
		return usagef("--repeats %d: want at least 1", s.repeats)
	case s.out == "-" || s.keep == "-":
		return usagef("a folder cannot be written to standard output; give its name")
	case s.stream.text != "" && s.stream.ids != "":
		return s.stream.exactlyOne(s.cmd)
	case s.eo.Protocol == evalppl.HF:
		return usagef("--protocol %s weights windows by other numbers than the tokens they score: study with --protocol %s", evalppl.HF, evalppl.Strided)
	}
	return errors.Join(checkThreads(s.threads), checkProtocol(s.cmd, s.stream.bos, s.eo), s.stream.check(s.cmd, s.eo.Protocol))
}

func (s *study) run(args []string) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	sources, err := s.sources(args)
	if err != nil {
		return err
	}
	// Everything that can be wrong is looked at before the work, not after hours of it.
	var jobs []*studyJob
	defer func() {
		for _, j := range jobs {
			err = errors.Join(err, j.c.Close(), j.text.close())
		}
	}()
	result := reports.Study{Command: commandLine(s.cmd, args)}
	for _, src := range sources {
		j, err := s.open(src)
		if err != nil {
			return err
		}
		jobs = append(jobs, j)
		if err := errors.Join(distinct(jobs), s.checkModes(j)); err != nil {
			return err
		}
	}
	undo, err := reportFolder(s.out, s.force)
	if err != nil {
		return err
	}
	defer undo()
	if s.work = s.keep; s.work == "" {
		if s.work, err = os.MkdirTemp("", "nibble-study-"); err != nil {
			return fmt.Errorf("make a folder for the containers: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.work)) }()
	} else {
		undo, err := makeFolder(s.keep)
		if err != nil {
			return err
		}
		defer undo()
		for _, j := range jobs {
			for _, typ := range s.typesOf(j) {
				if err := checkAbsent(s.container(j.c.Model, typ), s.force); err != nil {
					return err
				}
			}
		}
	}
	for _, j := range jobs {
		records, err := s.checkpoint(j)
		if err != nil {
			return err
		}
		result.Records = append(result.Records, records...)
	}
	result.Title = reportTitle(result.Records)
	return writeReport(s.cmd, s.out, result)
}

// container is where the container of a model and type is written.
func (s *study) container(name, typ string) string {
	return filepath.Join(s.work, name+"-"+typ+".nbl")
}

// distinct refuses a second checkpoint of the same name: containers and the report are told apart by it.
func distinct(jobs []*studyJob) error {
	last := jobs[len(jobs)-1]
	for _, j := range jobs[:len(jobs)-1] {
		if j.c.Model == last.c.Model {
			return usagef("study: %s and %s are both named %s; give each checkpoint once, and name their folders apart", j.path, last.path, last.c.Model)
		}
	}
	return nil
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

// studyJob is a checkpoint that is ready to be studied.
type studyJob struct {
	path  string
	c     *convert.Checkpoint
	files tokenizer.Files
	text  stream
}

// open opens a checkpoint and reads what it is scored on.
func (s *study) open(src checkpointSource) (_ *studyJob, err error) {
	j := &studyJob{path: src.name}
	if src.fsys == nil {
		if j.c, err = convert.OpenDir(src.name); err == nil {
			src.fsys = os.DirFS(src.name)
		}
	} else {
		j.c, err = convert.Open(src.fsys, src.name)
	}
	if err != nil {
		return nil, err
	}
	advice := onTokenIDs
	if s.stream.ids != "" {
		advice = ""
	}
	if j.files, err = checkpointTokenizer(src.fsys, advice); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", src.name, err), j.c.Close())
	}
	if j.text, err = s.read(src, j.files); err != nil {
		return nil, errors.Join(err, j.c.Close())
	}
	return j, nil
}

// read returns the tokens to score; the embedded models have the embedded text.
func (s *study) read(src checkpointSource, files tokenizer.Files) (stream, error) {
	if s.stream.text != "" || s.stream.ids != "" {
		return s.stream.read(s.cmd, src.name, files, s.eo.Protocol)
	}
	t, err := newTokenizer(src.name, files)
	if err != nil {
		return stream{}, err
	}
	out := stream{TextInfo: evalppl.TextInfo{Text: "valid.txt (embedded)", TextKind: "plain", TextDocuments: 1}, path: "the embedded valid.txt", fingerprint: t.Fingerprint()}
	sink := newTokenSink(s.stream.limit)
	e := encoderTo(sink, t)
	if _, err := e.Write(testdata.Text()); err != nil {
		return stream{}, err
	}
	if err := e.End(); err != nil {
		return stream{}, err
	}
	sink.endDocument()
	sink.stream(&out)
	out.bos, err = s.stream.chunkBOS(t)
	return out, err
}

// commandLine writes the command that repeats the study.
func commandLine(cmd *cobra.Command, args []string) string {
	line := []string{cmd.CommandPath()}
	for _, a := range args {
		line = append(line, quoteArg(a))
	}
	return strings.Join(append(line, changedFlags(cmd)...), " ")
}

// quoteArg quotes an argument for a POSIX shell where it needs it.
func quoteArg(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\r\n'\"\\$&|;<>()*?[]#~`!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
