package convert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nibble/format"
	"nibble/quant"
)

// Convert writes a container to out. The container is complete or not there at all: on an error, and when ctx is cancelled
// (then the error is ctx.Err() itself), nothing is left behind. The same checkpoint and options give the same bytes whatever the
// number of threads.
//
// Memory: at most 2 x threads runs of slabs are in flight, each with about 128 KiB of the container, or a slab that is more. A slab is 64 Ki weights, 512 Ki of a
// transposed tensor, 16 rows where they are more, or a vector, and one of a run at a time is held as float32: once for integer codecs, twice for the
// others (as read, and decoded again), and for a transposed source once more. So that is 0.25 to 0.5 MiB, 4 to 6 MiB where it is transposed.
//
// A NaN or an infinity among the weights, or a weight that a codec cannot hold, is an error that names the tensor, the first
// place and how many there are; all tensors are looked through before it is reported.
func (c *Checkpoint) Convert(ctx context.Context, out string, o Options) (Stats, error) {
	start := time.Now()
	stats, err := c.convert(ctx, out, o)
	stats.Elapsed = time.Since(start)
	switch {
	case err == nil:
		return stats, nil
	case ctx.Err() != nil:
		return stats, ctx.Err()
	}
	return stats, fmt.Errorf("convert %s: %w", c.Model, err)
}

func (c *Checkpoint) convert(ctx context.Context, out string, o Options) (stats Stats, err error) {
	recipe, err := o.recipe()
	if err != nil {
		return stats, err
	}
	job, err := c.job(recipe)
	if err != nil {
		return stats, err
	}
	stats = Stats{Tensors: len(job.tensors), Parameters: c.Parameters, SourceBytes: job.total}
	meta := format.Metadata{Spec: job.spec, Model: c.Model, Recipe: recipe, Tool: o.Tool, SourceDType: c.SourceDType,
		Parameters: c.Parameters, Ignored: c.Ignored}
	h, err := c.hashing()
	if err != nil {
		return stats, err
	}
	meta.Sources = c.provenance(h, o.Tokenizer)
	stats.Bytes, err = c.write(ctx, out, meta, job, h, o)
	if errors.Is(err, format.ErrLayout) { // the hashes are known now
		meta.Sources = c.provenance(nil, o.Tokenizer)
		stats.Bytes, err = c.write(ctx, out, meta, job, nil, o)
	}
	return stats, err
}

// write writes the container and, beside that, hashes the checkpoint's files where h is not nil. Then the error may be
// [format.ErrLayout]: the same again with the hashes, which are known by then, will do.
func (c *Checkpoint) write(ctx context.Context, out string, meta format.Metadata, job *job, h *hashing, o Options) (bytes int64, err error) {
	w, err := format.Create(out, meta, o.Tokenizer, job.plans(), format.CreateOptions{Force: o.Force})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Abort()) }() // nothing to do after Commit
	if err := job.run(ctx, w, h, o); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if h != nil {
		h.keep()
		if err := w.SetSources(c.provenance(nil, o.Tokenizer)); err != nil {
			return 0, err
		}
	}
	return w.Size(), w.Commit()
}

// job is one conversion.
type job struct {
	c       *Checkpoint
	spec    format.Spec
	tensors []jobTensor
	total   int64 // source bytes
}

type jobTensor struct {
	Tensor
	codec quant.Codec
	copy  bool // of the embeddings, as a head
}

// job chooses a codec for each tensor.
func (c *Checkpoint) job(r format.Recipe) (*job, error) {
	j := &job{c: c, spec: c.Spec}
	tensors := c.Tensors
	if c.Spec.TiedHead && r.Head != r.Embed {
		j.spec.TiedHead = false
		copied := c.Tensors[0] // embed.tokens
		copied.Name = "head"
		tensors = append(tensors[:len(tensors):len(tensors)], copied)
	}
	for _, t := range tensors {
		name := r.Type
		switch {
		case t.Raw:
			name = format.RawF32
		case t.Name == "embed.tokens":
			name = r.Embed
		case t.Name == "head":
			name = r.Head
		}
		codec, err := quant.Lookup(name)
		if err != nil {
			return nil, err
		}
		j.tensors = append(j.tensors, jobTensor{t, codec, t.Name == "head" && c.Spec.TiedHead})
		j.total += c.sourceBytes(t, 0, rowsOf(t))
	}
	return j, nil
}

func rowsOf(t Tensor) int {
	rows, _ := t.readShape()
	return rows
}

// sourceBytes returns the bytes of the checkpoint that rows first to end of a tensor are made from.
func (c *Checkpoint) sourceBytes(t Tensor, first, end int) (n int64) {
	cols := t.cols()
	at := 0
	for _, p := range t.Pieces {
		if lo, hi := max(first, at), min(end, at+p.Rows); lo < hi {
			s, _ := c.set.Info(p.Source)
			n += int64(hi-lo) * int64(cols) * (s.Bytes / max(1, s.Elements()))
		}
		at += p.Rows
	}
	return n
}

func (j *job) plans() []format.TensorPlan {
	plans := make([]format.TensorPlan, len(j.tensors))
	for i, t := range j.tensors {
		plans[i] = format.TensorPlan{Name: t.Name, Codec: t.codec.Name(), Rows: t.Rows, Cols: t.Cols}
	}
	return plans
}
