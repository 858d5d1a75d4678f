package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl/model"
	"nibble/evalppl/tasks"
	"nibble/evalppl/tokenizer"
)

// taskRun is one run of the task command.
type taskRun struct {
	cmd                 *cobra.Command
	typ, name, data     string
	mo                  model.Options
	limit               int
	jsonPath, itemsPath string
	resumePath          string
	resume              *tasks.Result
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
		Long: `Task scores the items of a task and prints the accuracy with its standard error and 95 % interval, computed as
lm-evaluation-harness does. Several models answer the same items, and each is compared with the first, item by item.

--task is the name of a task, or a JSON file that describes one (docs/tasks.md); --data is a JSONL or Parquet file with the columns
that lm-evaluation-harness reads:
  lambada_openai            text
  hellaswag                 activity_label, ctx_a, ctx_b, endings, label
  arc_easy, arc_challenge   question, choices (text, label), answerKey
  piqa                      goal, sol1, sol2, label
  choices                   prompt, choices, gold: choices of your own, the right one by its number from 0
  completion                prompt, completion: a text that must follow, of your own

A RESULT.json that an earlier --json wrote stands for its models; with results alone, nothing is run.
A run that is interrupted (Ctrl-C) prints the figures of the items answered so far and keeps them in --json FILE; --resume FILE
goes on from it.

MODEL may be a checkpoint's folder: it is converted (--type) to a temporary container, which is removed afterwards.`,
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
	f.StringVar(&r.resumePath, "resume", "", "go on from the unfinished result in `FILE`, to the figures of an uninterrupted run")
	f.BoolVar(&r.force, "force", false, "replace existing files")
	modelFlags(cmd, &r.typ, &r.mo)
	completeValues(cmd, "task", tasks.Names())
	return cmd
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
		for _, flag := range []string{"task", "data", "limit", "items", "resume", "type", "activations", "threads"} {
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
		if err := r.readUnfinished(); err != nil {
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

// readUnfinished reads the result to go on from.
func (r *taskRun) readUnfinished() error {
	if r.resumePath == "" {
		return nil
	}
	if r.itemsPath != "" {
		return usagef("--items with --resume: the scores of the earlier items are not kept; answer all items again")
	}
	earlier, err := tasks.ReadResult(r.resumePath)
	if err != nil {
		return err
	}
	r.resume = &earlier
	return nil
}
