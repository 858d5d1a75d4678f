package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl/corpus/parquet"
	"nibble/evalppl/model"
	"nibble/evalppl/tasks"
	"nibble/evalppl/tokenizer"
	"nibble/format"
)

// taskRun is one run of the task command.
type taskRun struct {
	cmd                 *cobra.Command
	typ, name, data     string
	mo                  model.Options
	limit               int
	jsonPath, itemsPath string
	force               bool
	task                tasks.Task
	files               []*modelFile
	models              []*model.Model
	entrants            []tasks.Entrant
	results             []tasks.Part // of the arguments that are results
	paths               []string     // of the arguments that are models
	order               []bool       // of each argument: is it a result
	itemsOut, jsonOut   *output
	outputs             outputs
	tokenizers          []*tokenizer.Tokenizer
}

func taskCommand() *cobra.Command {
	var r taskRun
	cmd := &cobra.Command{
		Use:   "task MODEL|RESULT.json... --task NAME --data FILE",
		Short: "Measure how often a model picks the right answer",
		Long: fmt.Sprintf(`Task scores the items of a task and prints the accuracy with its standard error and 95 %% interval, computed as
lm-evaluation-harness does. Several models answer the same items, and each is compared with the first, item by item.

--task is one of %s, or a JSON file that describes a task (docs/tasks.md). --data is a JSONL or Parquet file with
the columns that lm-evaluation-harness reads:
  lambada_openai   text
  hellaswag        activity_label, ctx_a, ctx_b, endings, label
  arc_easy, arc_challenge   question, choices (text, label), answerKey
  piqa             goal, sol1, sol2, label
  choices          prompt, choices, gold: choices of your own, the right one by its number from 0
  completion       prompt, completion: a text that must follow, of your own

A RESULT.json that an earlier --json wrote stands for its models; with results alone, nothing is run.
A run that is interrupted (Ctrl-C) prints, and writes to --json and --items, the items answered so far.

MODEL may be a checkpoint's folder: it is converted (--type) to a temporary container, which is removed afterwards.`, strings.Join(tasks.Names(), ", ")),
		Example: `  nibble task smollm2-f16.nbl smollm2-int4.nbl --task hellaswag --data hellaswag_val.jsonl --limit 1000
  nibble task f16.json int4.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("task: give a model, or the results of earlier runs")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.cmd = cmd
			return r.run(args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.name, "task", "", "`NAME` of the task, or a task's JSON file")
	f.StringVar(&r.data, "data", "", "`FILE` of the items: JSONL (also with .gz or .zst, - for standard input) or Parquet")
	f.IntVar(&r.limit, "limit", 0, "only the first `N` items (0: all)")
	f.StringVar(&r.jsonPath, "json", "", "write the result as JSON to `FILE` (- for standard output)")
	f.StringVar(&r.itemsPath, "items", "", "write each item's scores to `FILE` as JSONL (- for standard output)")
	f.BoolVar(&r.force, "force", false, "replace existing files")
	modelFlags(cmd, &r.typ, &r.mo)
	completeValues(cmd, "task", tasks.Names())
	return cmd
}

func (r *taskRun) run(args []string) error {
	if err := r.check(args); err != nil {
		return err
	}
	defer r.outputs.abort()
	var err error
	if r.itemsOut, err = r.outputs.create(r.cmd, r.itemsPath, r.force); err != nil {
		return err
	}
	if r.jsonOut, err = r.outputs.create(r.cmd, r.jsonPath, r.force); err != nil {
		return err
	}
	var res tasks.Result
	var runErr error
	if len(r.paths) > 0 {
		if res, runErr = r.score(); runErr != nil && res.Items == 0 {
			return runErr
		}
	}
	// What was interrupted has other items than the results of whole runs.
	if runErr == nil && len(r.results) > 0 {
		if res, err = tasks.Join(r.parts(res)); err != nil {
			return err
		}
	}
	if r.itemsOut != nil {
		if err := r.itemsOut.commit(); err != nil {
			return err
		}
	}
	if r.jsonOut != nil {
		if err := r.jsonOut.json(res); err != nil {
			return err
		}
	}
	if runErr != nil && r.jsonOut != nil && r.jsonPath != "-" {
		fmt.Fprintf(r.cmd.ErrOrStderr(), "nibble: the %s answered before are kept in %s, marked as partial\n", count(res.Items, "item"), r.jsonPath)
	}
	if r.jsonPath != "-" && r.itemsPath != "-" {
		printTask(r.cmd.OutOrStdout(), res)
	}
	return runErr
}

// check checks the flags and reads the small files, before any work.
func (r *taskRun) check(args []string) error {
	if err := checkOneStdout(map[string]string{"--json": r.jsonPath, "--items": r.itemsPath}); err != nil {
		return err
	}
	if r.jsonPath != "" && r.jsonPath == r.itemsPath {
		return usagef("--json and --items name the same file %s", r.jsonPath)
	}
	for _, path := range args {
		isResult := strings.HasSuffix(path, ".json")
		r.order = append(r.order, isResult)
		if !isResult {
			r.paths = append(r.paths, path)
		}
	}
	if len(r.paths) == 0 {
		for _, flag := range []string{"task", "data", "limit", "items", "type", "activations", "threads"} {
			if r.cmd.Flags().Changed(flag) {
				return usagef("--%s belongs to models: the arguments are results of earlier runs", flag)
			}
		}
	} else {
		switch {
		case r.name == "":
			return usagef("task: give --task: one of %s, or a task's JSON file", strings.Join(tasks.Names(), ", "))
		case r.data == "":
			return usagef("task: give --data, the file of the items")
		case r.limit < 0:
			return usagef("--limit %d: want 0 (all) or more", r.limit)
		}
		if err := r.findTask(); err != nil {
			return err
		}
		if err := checkReadable(r.data); err != nil {
			return err
		}
	}
	for i, path := range args {
		if !r.order[i] {
			continue
		}
		res, err := tasks.ReadResult(path)
		if err != nil {
			return err
		}
		r.results = append(r.results, tasks.Part{Name: path, Result: res})
	}
	return nil
}

// findTask looks the task up, or reads its file.
func (r *taskRun) findTask() (err error) {
	if !strings.HasSuffix(r.name, ".json") {
		if r.task, err = tasks.Lookup(r.name); err != nil {
			return usagef("--task: %w", err)
		}
		return nil
	}
	if err := checkReadable(r.name); err != nil {
		return err
	}
	b, err := os.ReadFile(r.name)
	if err != nil {
		return inputError(r.name, err)
	}
	if r.task, err = tasks.Parse(b); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// score reads the items and runs the models.
func (r *taskRun) score() (tasks.Result, error) {
	defer r.close()
	set, sum, err := r.readItems()
	if err != nil {
		return tasks.Result{}, err
	}
	if err := r.load(); err != nil {
		return tasks.Result{}, err
	}
	o := tasks.Options{Data: filepath.Base(inputName(r.data)), DataSHA256: sum}
	p := newProgress(r.cmd.ErrOrStderr(), r.task.Name, "items")
	o.Progress = func(done, total int, acc []tasks.Accuracy) {
		var notes []string
		for _, a := range acc {
			notes = append(notes, fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*a.Value, 100*a.Low, 100*a.High))
		}
		p.update(int64(done), int64(total), "acc "+strings.Join(notes, ", "))
	}
	if r.itemsOut != nil {
		o.Item = r.writeItem
	}
	res, err := tasks.Run(r.cmd.Context(), set, r.entrants, o)
	p.clear()
	if err != nil {
		err = fmt.Errorf("task %s: %w", r.task.Name, err)
	}
	return res, err
}

// readItems reads the data file, and returns its hash.
func (r *taskRun) readItems() (tasks.Set, string, error) {
	o := tasks.ReadOptions{Limit: r.limit, Parquet: parquet.Records}
	sum, stdin, err := hashInput(r.cmd, r.data)
	if err != nil {
		return tasks.Set{}, "", err
	}
	o.Stdin = stdin
	set, err := r.task.Read(r.cmd.Context(), r.data, o)
	if err != nil {
		return tasks.Set{}, "", fmt.Errorf("task %s: %w", r.task.Name, err)
	}
	return set, sum, nil
}

// load opens the models; their tokenizers first, because a model may have to be converted.
func (r *taskRun) load() error {
	for _, path := range r.paths {
		t, err := taskTokenizer(path)
		if err != nil {
			return err
		}
		r.tokenizers = append(r.tokenizers, t)
	}
	if r.typ != "" && !anyFolder(r.paths) {
		return usagef("--type says how a folder is converted; every MODEL is a container already")
	}
	for i, path := range r.paths {
		typ := r.typ
		if !isFolder(path) {
			typ = ""
		}
		f, m, err := loadModel(r.cmd, path, typ, r.mo, true)
		if err != nil {
			return err
		}
		r.files, r.models = append(r.files, f), append(r.models, m)
		t := r.tokenizers[i]
		r.entrants = append(r.entrants, tasks.Entrant{
			Name: path, Model: m.NewPrefixReader(), Tokenizer: itemTokenizer{t}, Conditions: taskConditions(f, m, t),
		})
	}
	return nil
}

func (r *taskRun) close() {
	for i := range r.models {
		r.models[i].Close()
		r.files[i].Close()
	}
}

// parts lists the models that were run and those of results in the order of the arguments.
func (r *taskRun) parts(res tasks.Result) (parts []tasks.Part) {
	ran, read := 0, 0
	for _, isResult := range r.order {
		if isResult {
			parts = append(parts, r.results[read])
			read++
			continue
		}
		one := res
		one.Models = res.Models[ran : ran+1]
		parts = append(parts, tasks.Part{Name: r.paths[ran], Result: one})
		ran++
	}
	return parts
}

// taskTokenizer returns a model's tokenizer.
func taskTokenizer(path string) (*tokenizer.Tokenizer, error) {
	if isFolder(path) {
		return loadTokenizer(path)
	}
	if _, err := statModel(path); err != nil {
		return nil, err
	}
	c, err := format.Open(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if c.Tokenizer() == nil {
		return nil, fmt.Errorf("%s was converted without a tokenizer, and a task's items are texts: convert again with the tokenizer's files in the folder", path)
	}
	return newTokenizer(path, c.Tokenizer())
}

// itemTokenizer is a tokenizer as tasks want it.
type itemTokenizer struct{ *tokenizer.Tokenizer }

func (t itemTokenizer) Encode(text string, special bool) ([]uint32, error) {
	return t.Tokenizer.Encode([]byte(text), tokenizer.EncodeOptions{NoSpecial: !special})
}

func (t itemTokenizer) Prefix() (id uint32, text string, ok bool) {
	if id, ok = t.BOS(); !ok {
		id, ok = t.EOS()
	}
	if ok {
		text, ok = t.TokenString(id)
	}
	return id, text, ok
}
