package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nibble/convert/safetensors"
	"nibble/format"
)

// Piece is a run of a canonical tensor's rows, taken from one tensor of the checkpoint. The rows of all pieces of a tensor,
// one after the other, are the tensor. Vectors are columns here: one element a row.
type Piece struct {
	Source     string
	Transposed bool // the source is stored [cols, rows]
	First      int  // row of the source, as it stands in the canonical tensor
	Rows       int
}

// Tensor is a canonical tensor and where it comes from.
type Tensor struct {
	format.TensorShape
	Pieces []Piece
}

// vector reports whether the tensor has one dimension in the checkpoint.
func (t Tensor) vector() bool { return t.Rows == 1 && t.Raw && t.Name != "embed.positions" }

// readShape returns rows and columns as pieces count them.
func (t Tensor) readShape() (rows, cols int) {
	if t.vector() {
		return t.Cols, 1
	}
	return t.Rows, t.Cols
}

// cols returns the columns as pieces count them.
func (t Tensor) cols() int {
	_, cols := t.readShape()
	return cols
}

// planner finds the source of every canonical tensor.
type planner struct {
	spec   format.Spec
	table  Table
	set    *safetensors.Set
	prefix string
	used   map[string]bool
	faults planFaults
}

// plan maps every canonical tensor, and accounts for every tensor of the checkpoint. ignored holds tensors that are known
// already not to be needed.
func plan(spec format.Spec, table Table, set *safetensors.Set, ignored []format.IgnoredTensor) ([]Tensor, []format.IgnoredTensor, error) {
	p := &planner{spec: spec, table: table, set: set, used: map[string]bool{}}
	p.prefix = choosePrefix(spec, table, set)
	var tensors []Tensor
	for _, shape := range spec.Tensors() {
		tensors = append(tensors, p.tensor(shape))
	}
	for _, i := range ignored {
		p.used[i.Name] = true
	}
	for _, name := range set.Names() {
		if p.used[name] {
			continue
		}
		if reason := p.ignored(name); reason != "" {
			ignored = append(ignored, format.IgnoredTensor{Name: name, Reason: reason})
		} else {
			p.faults.unknown = append(p.faults.unknown, name)
		}
	}
	slices.SortFunc(ignored, func(a, b format.IgnoredTensor) int { return strings.Compare(a.Name, b.Name) })
	return tensors, ignored, p.faults.err(spec.Architecture)
}

// tensor finds the pieces of one canonical tensor and checks their shapes.
func (p *planner) tensor(shape format.TensorShape) Tensor {
	t := Tensor{TensorShape: shape}
	entry, layer, suffix := p.table.entry(shape.Name)
	parts, cols := p.dims(t, entry)
	if len(entry.Sources) == 1 {
		parts = []dim{sum(parts)}
	}
	for i, rows := range parts {
		name := sourceName(p.prefix, entry, i, layer) + suffix
		want := []dim{rows, cols}
		switch {
		case t.vector():
			want = want[:1]
		case entry.Transposed:
			want = []dim{cols, rows}
		}
		hint := ""
		if shape.Name == "head" {
			hint = "; if the head is tied to the embeddings, \"tie_word_embeddings\": true belongs into " + ConfigFile
		}
		p.check(name, want, hint)
		t.Pieces = append(t.Pieces, Piece{Source: name, Transposed: entry.Transposed && !t.vector(), Rows: rows.n})
	}
	return t
}

// check notes what is wrong with a source tensor; the hint is for one that is missing.
func (p *planner) check(name string, want []dim, hint string) {
	found, ok := p.set.Info(name)
	if !ok {
		p.faults.missing = append(p.faults.missing, fmt.Sprintf("%q, expected shape %v (%s)%s", name, shapeOf(want), reasons(want), hint))
		return
	}
	p.used[name] = true
	switch {
	case !slices.Equal(found.Shape, shapeOf(want)):
		p.faults.shapes = append(p.faults.shapes, fmt.Sprintf("%s: tensor %q: shape %v, %s says %v (%s)",
			found.File, name, found.Shape, ConfigFile, shapeOf(want), reasons(want)))
	case !found.DType.Readable():
		p.faults.shapes = append(p.faults.shapes, fmt.Sprintf("%s: tensor %q: dtype %s cannot be read, expected F32, F16 or BF16; use a checkpoint in one of these",
			found.File, name, found.DType))
	}
}

// ignored returns the reason for which the table ignores a tensor, empty if it does not know it.
func (p *planner) ignored(name string) string {
	for _, i := range p.table.Ignored {
		if matches(p.prefix+i.Name, name) {
			return i.Reason
		}
	}
	return ""
}

// dim is a number of rows or columns, with the keys that give it.
type dim struct {
	n   int
	why string
}

func sum(parts []dim) dim {
	total := dim{why: parts[0].why}
	same := true
	for i, p := range parts {
		total.n += p.n
		same = same && p.why == parts[0].why
		if i > 0 {
			total.why += " + " + p.why
		}
	}
	if same && len(parts) > 1 {
		total.why = fmt.Sprintf("%d x %s", len(parts), parts[0].why)
	}
	return total
}

// dims returns the rows of each part of a tensor, and its columns.
func (p *planner) dims(t Tensor, entry Entry) (parts []dim, cols dim) {
	s, k := p.spec, p.table.Keys
	named := func(key string, n int) dim { return dim{n, key + " " + strconv.Itoa(n)} }
	hidden, ffn := named(k.Hidden, s.Hidden), named(k.FFN, s.FFN)
	heads := func(key string, n int) dim {
		if k.HeadDim == "" { // heads x head size is the hidden size there
			return hidden
		}
		return dim{n * s.Attention.HeadDim, fmt.Sprintf("%s %d x %s %d", key, n, k.HeadDim, s.Attention.HeadDim)}
	}
	q, kv := heads(k.Heads, s.Attention.Heads), heads(k.KVHeads, s.Attention.KVHeads)

	parts, cols = []dim{hidden}, hidden
	switch entry.Canonical {
	case "embed.tokens", "head":
		parts = []dim{named(k.Vocab, s.Vocab)}
	case "embed.positions":
		parts = []dim{named(k.Context, s.Context)}
	case "layers.N.attn.qkv":
		parts = []dim{q, kv, kv}
	case "layers.N.attn.out":
		cols = q
	case "layers.N.mlp.up":
		parts = []dim{ffn}
		if s.MLP.Gated {
			parts = []dim{ffn, ffn}
		}
	case "layers.N.mlp.down":
		cols = ffn
	}
	if t.vector() {
		cols = dim{n: 1}
	}
	return parts, cols
}

func shapeOf(dims []dim) []int64 {
	out := make([]int64, len(dims))
	for i, d := range dims {
		out[i] = int64(d.n)
	}
	return out
}

func reasons(dims []dim) string {
	out := make([]string, len(dims))
	for i, d := range dims {
		out[i] = d.why
	}
	return strings.Join(out, ", ")
}

// planFaults collects what does not fit.
type planFaults struct{ missing, shapes, unknown []string }

func (f planFaults) err(architecture string) error {
	var parts []string
	add := func(one, many string, items []string) {
		switch len(items) {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf(one, items[0]))
		default:
			shown, more := items, ""
			if len(items) > 5 {
				shown, more = items[:5], fmt.Sprintf("; and %d more", len(items)-5)
			}
			parts = append(parts, fmt.Sprintf(many, len(items), strings.Join(shown, "; ")+more))
		}
	}
	unknown := make([]string, len(f.unknown))
	for i, name := range f.unknown {
		unknown[i] = strconv.Quote(name)
	}
	add("%s", "%d tensors do not fit: %s", f.shapes)
	add("a tensor is missing: %s", "%d tensors are missing: %s", f.missing)
	add("tensor %s is unknown to architecture "+architecture, "%d tensors are unknown to architecture "+architecture+": %s", unknown)
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(parts, "; "))
}
