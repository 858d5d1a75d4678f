package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"nibble/evalppl/corpus/parquet"
	"nibble/evalppl/tasks"
	"nibble/evalppl/tokenizer"
	"nibble/format"
)

func (r *taskRun) run(args []string) error {
	if err := r.check(args); err != nil {
		return err
	}
	defer r.outputs.abort()
	var err error
	if r.itemsOut, err = r.outputs.create(r.cmd, r.itemsPath, r.force); err != nil {
		return err
	}
	if r.jsonOut, err = r.outputs.create(r.cmd, r.jsonPath, r.force || r.jsonPath == r.resumePath); err != nil {
		return err
	}
	var res tasks.Result
	if len(r.paths) > 0 {
		if res, err = r.score(); err != nil {
			return r.interrupted(res, err)
		}
	}
	if len(r.results) > 0 {
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
	r.print(res)
	return nil
}

// interrupted prints and keeps what was answered before err ended the run, and returns err. It is not joined with results among the
// arguments: those have other items.
func (r *taskRun) interrupted(res tasks.Result, err error) error {
	if res.Items == 0 {
		return err
	}
	if r.itemsOut != nil {
		if writeErr := r.itemsOut.commit(); writeErr != nil {
			err = fmt.Errorf("%w; the items' scores could not be kept: %w", err, writeErr)
		}
	}
	r.print(res)
	return keepResult(r.cmd, r.jsonOut, res, fmt.Sprintf("what is answered so far (%s of %s)", grouped(int64(res.Items)), count(res.ItemsWanted, "item")), err)
}

// print prints the result, unless standard output has something else.
func (r *taskRun) print(res tasks.Result) {
	if r.jsonPath != "-" && r.itemsPath != "-" {
		printTask(r.cmd.OutOrStdout(), res)
	}
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
	o := tasks.Options{Data: filepath.Base(inputName(r.data)), DataSHA256: sum, Resume: r.resume}
	p := newProgress(r.cmd.ErrOrStderr(), r.task.Name, "items")
	save := newSaver(r.cmd, r.jsonPath)
	o.Progress = func(done, total int, acc []tasks.Accuracy, so func() tasks.Result) {
		var notes []string
		for _, a := range acc {
			notes = append(notes, fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*a.Value, 100*a.Low, 100*a.High))
		}
		p.update(int64(done), int64(total), "acc "+strings.Join(notes, ", "))
		save(func() any { return so() })
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
			Name: path, Model: m, Tokenizer: itemTokenizer{t}, Setup: setup(f, m, t.Fingerprint()),
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
