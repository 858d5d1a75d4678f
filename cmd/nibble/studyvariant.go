package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nibble/convert"
	"nibble/evalppl"
	"nibble/evalppl/bench"
	"nibble/evalppl/model"
	"nibble/evalppl/reading"
	"nibble/format"
	"nibble/quant"
	"nibble/reports"
)

// variant is one model of a study: a container and how its activations are taken.
type variant struct {
	typ     string
	f       *modelFile
	m       *model.Model
	text    stream
	base    *variant // the first of the study
	started time.Time

	scored, read float64 // seconds in the model while scoring, and the tokens it read
}

// Logits is the model's, and keeps the time that it takes: the models of a comparison take turns within a window.
func (v *variant) Logits(ctx context.Context, window []uint32, from int, fn func(int, []float32) error) error {
	since := time.Now()
	err := v.m.Logits(ctx, window, from, func(i int, logits []float32) error {
		v.scored += time.Since(since).Seconds()
		err := fn(i, logits)
		since = time.Now()
		return err
	})
	v.scored += time.Since(since).Seconds()
	v.read += float64(len(window))
	return err
}

// LogitsOf is the model's, and keeps the time that it takes.
func (v *variant) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	since := time.Now()
	err := v.m.LogitsOf(ctx, windows, func(w, i int, logits []float32) error {
		v.scored += time.Since(since).Seconds()
		err := fn(w, i, logits)
		since = time.Now()
		return err
	})
	v.scored += time.Since(since).Seconds()
	for i := range windows {
		v.read += float64(len(windows[i].Tokens))
	}
	return err
}

// The rest of what a comparison asks of a model.
func (v *variant) Vocab() int   { return v.m.Vocab() }
func (v *variant) Context() int { return v.m.Context() }
func (v *variant) Losses(ctx context.Context, window []uint32, from int, dst []float64) error {
	return v.m.Losses(ctx, window, from, dst)
}
func (v *variant) FirstNonFinite(ctx context.Context, window []uint32) (string, error) {
	return v.m.FirstNonFinite(ctx, window)
}

// variants converts a checkpoint to its own precision, which comes first and is the base, and to the study's types, and loads each in
// every mode that makes a difference to it.
func (s *study) variants(j *studyJob) (list []*variant, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeVariants(list))
			list = nil
		}
	}()
	base := ownType(j.c.SourceDType)
	for _, typ := range s.typesOf(j) {
		started := time.Now()
		f, err := s.convert(j, typ)
		if err != nil {
			return list, err
		}
		modes := s.modes(f)
		if typ == base { // exactly the checkpoint; a mode that rounds is a variant of its own
			modes = slices.Concat([]string{model.Float32Activations}, slices.DeleteFunc(modes, func(m string) bool { return m == model.Float32Activations }))
		}
		for _, mode := range modes {
			v := &variant{typ: typ, f: f, text: j.text, started: started}
			list = append(list, v)
			v.base = list[0]
			if v.m, err = model.Load(f.Reader, model.Options{Threads: s.threads, Activations: mode}); err != nil {
				return list, err
			}
		}
	}
	return list, nil
}

// typesOf returns the types that a checkpoint is converted to, its own first.
func (s *study) typesOf(j *studyJob) []string {
	own := ownType(j.c.SourceDType)
	return append([]string{own}, slices.DeleteFunc(slices.Clone(s.types), func(t string) bool { return t == own })...)
}

// checkModes refuses a mode that none of a checkpoint's types has a use for; int8 and f32 are the default and pass.
func (s *study) checkModes(j *studyJob) error {
	types := s.typesOf(j)
	if slices.Contains(s.activations, model.BF16Activations) && !slices.Contains(types, "bf16") {
		return usagef("--activations %s: needs bf16 weights, and %s is studied as %s; add bf16 to --types", model.BF16Activations, j.c.Model, strings.Join(types, ", "))
	}
	return nil
}

// modes returns the activation modes that make a difference to a container, in the order asked for. One in which nothing is rounded is
// float32.
func (s *study) modes(f *modelFile) (list []string) {
	rounds := map[string]bool{}
	for _, t := range f.Tensors() {
		c, err := quant.Lookup(t.Codec)
		rounds[model.Int8Activations] = rounds[model.Int8Activations] || err == nil && c.Integer()
		rounds[model.BF16Activations] = rounds[model.BF16Activations] || t.Codec == "bf16"
	}
	for _, mode := range s.activations {
		if !rounds[mode] {
			mode = model.Float32Activations
		}
		if !slices.Contains(list, mode) {
			list = append(list, mode)
		}
	}
	return list
}

func (s *study) convert(j *studyJob, typ string) (*modelFile, error) {
	path := s.container(j.c.Model, typ)
	p := newProgress(s.cmd.ErrOrStderr(), "convert "+j.c.Model+" to "+typ, "B")
	_, err := j.c.Convert(s.cmd.Context(), path, convert.Options{
		Type: typ, Tokenizer: j.files, Tool: tool, Threads: s.threads, Force: s.force,
		Progress: func(done, total int64, _ string) { p.update(done, total, "") },
	})
	p.clear()
	if err != nil {
		return nil, err
	}
	r, err := format.Open(path)
	if err != nil {
		return nil, err
	}
	return &modelFile{Reader: r}, nil
}

func closeVariants(list []*variant) error {
	var errs []error
	for i, v := range list {
		if v.m != nil {
			v.m.Close()
		}
		if i+1 == len(list) || list[i+1].f != v.f { // the last one of its container
			errs = append(errs, v.f.Close())
		}
	}
	return errors.Join(errs...)
}

// checkpoint studies one checkpoint: all its variants on each window once, then the speed of all in turn.
func (s *study) checkpoint(j *studyJob) (records []reports.Record, err error) {
	list, err := s.variants(j)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeVariants(list)) }()
	c, err := s.compare(j, list)
	if err != nil {
		return nil, err
	}
	rates, err := s.speed(s.cmd.Context(), list)
	if err != nil {
		return nil, err
	}
	for i, v := range list {
		r := comparedRecord(v, c, i, rates[i])
		if s.keep != "" {
			r.File = v.f.Path()
		}
		records = append(records, r)
	}
	return records, nil
}

// compare sets the variants against the first one.
func (s *study) compare(j *studyJob, list []*variant) (evalppl.Comparison, error) {
	var others []evalppl.DistributionModel
	for _, v := range list[1:] {
		others = append(others, v)
	}
	eo := s.eo
	eo.BOS, eo.Words, eo.Bytes, eo.Threads = j.text.bos, j.text.words, j.text.bytes, s.threads
	p := newProgress(s.cmd.ErrOrStderr(), fmt.Sprintf("score %s in %s", j.c.Model, count(len(list), "variant")), "tokens")
	eo.Compared = func(done, total int, meanKL []float64) {
		note := ""
		if len(meanKL) > 0 {
			note = "mean KL " + joinFloats(meanKL)
		}
		p.update(int64(done), int64(total), note)
	}
	c, err := evalppl.CompareText(s.cmd.Context(), list[0], others, j.text.text, eo)
	p.clear()
	if err != nil {
		return c, namedError{err, fmt.Sprintf("score %s on %s: %s", j.c.Model, j.text.path, nameModels(err.Error(), variantNames(list)))}
	}
	return c, nil
}

// variantNames names variants for messages.
func variantNames(list []*variant) (names []string) {
	for _, v := range list {
		names = append(names, fmt.Sprintf("%s with %s activations", v.typ, v.m.Activations()))
	}
	return names
}

// speed measures prompt and generation, both within the models' context.
func (s *study) speed(ctx context.Context, list []*variant) ([][]bench.Rate, error) {
	var models []*model.Model
	for _, v := range list {
		models = append(models, v.m)
	}
	names := variantNames(list)
	p := newProgress(s.cmd.ErrOrStderr(), "bench", "")
	defer p.clear()
	res, err := bench.Run(ctx, models, bench.Options{
		Tests:    []bench.Test{{Kind: bench.Prompt, Tokens: min(512, models[0].Context())}, {Kind: bench.Generation, Tokens: min(64, models[0].Context())}},
		Repeats:  s.repeats,
		Names:    names,
		Progress: func(m int, t bench.Test, i, n int) { p.show(fmt.Sprintf("%s, %s %d of %d", names[m], t.Kind, i, n)) },
	})
	if err != nil {
		return nil, err
	}
	return res.Rates, nil
}
