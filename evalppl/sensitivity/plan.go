package sensitivity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nibble/quant"
)

// What a part of a model is.
const (
	ByTensor = "tensor" // one matrix
	ByKind   = "kind"   // the matrices of one kind in all layers, such as mlp.down
	ByLayer  = "layer"  // the matrices of one layer; the embeddings and the head are parts of their own
)

// Divisions lists the ways a model can be divided into parts.
func Divisions() []string { return []string{ByTensor, ByKind, ByLayer} }

// Tensor is a weight matrix of the model.
type Tensor struct {
	Name       string // such as embed.tokens or layers.3.mlp.down
	Codec      string // as it is stored
	Rows, Cols int
}

// split takes "layers.3.mlp.down" apart into 3 and "mlp.down"; a tensor of no layer is its own kind.
func (t Tensor) split() (layer int, kind string, ok bool) {
	if rest, found := strings.CutPrefix(t.Name, "layers."); found {
		number, kind, found := strings.Cut(rest, ".")
		if layer, err := strconv.Atoi(number); found && err == nil && layer >= 0 {
			return layer, kind, true
		}
	}
	return 0, t.Name, false
}

// ErrQuantized is a model whose weights have been quantized already: what another quantization of them costs says nothing of the
// original weights.
var ErrQuantized = errors.New("the model is quantized already")

// Plan divides a model's matrices into parts and returns each part with each type, with its sizes but without measurements, in the
// order of the tensors; and all parts together with each type. Errors name the division, type or tensor that is not known; a
// quantized tensor is [ErrQuantized].
func Plan(tensors []Tensor, by string, types []string) (parts, together []Part, err error) {
	if !slices.Contains(Divisions(), by) {
		return nil, nil, fmt.Errorf("divide a model by %q: known: %s", by, strings.Join(Divisions(), ", "))
	}
	if len(types) == 0 || len(tensors) == 0 {
		return nil, nil, fmt.Errorf("%d types and %d tensors: want at least one of each", len(types), len(tensors))
	}
	for i, typ := range types {
		if !slices.Contains(quant.MatrixNames(), typ) {
			return nil, nil, fmt.Errorf("unknown type %q; known: %s", typ, strings.Join(quant.MatrixNames(), ", "))
		}
		if slices.Contains(types[:i], typ) {
			return nil, nil, fmt.Errorf("type %s is given twice", typ)
		}
	}
	for _, typ := range types {
		all := Part{Name: "all", Type: typ}
		var divided []Part
		for _, t := range tensors {
			name, layer, kind := t.part(by)
			i := slices.IndexFunc(divided, func(p Part) bool { return p.Name == name })
			if i < 0 {
				i = len(divided)
				divided = append(divided, Part{Name: name, Type: typ, Layer: layer, Kind: kind})
			}
			if err := cmp.Or(divided[i].add(t), all.add(t)); err != nil {
				return nil, nil, err
			}
		}
		parts = append(parts, divided...)
		together = append(together, all)
	}
	return parts, together, nil
}

// part returns the part a tensor belongs to.
func (t Tensor) part(by string) (name string, layer *int, kind string) {
	n, kind, inLayer := t.split()
	if inLayer {
		layer = &n
	}
	switch {
	case by == ByKind:
		return kind, nil, kind
	case by == ByLayer && inLayer:
		return fmt.Sprintf("layers.%d", n), layer, ""
	}
	return t.Name, layer, kind
}

// add makes a tensor part of p.
func (p *Part) add(t Tensor) error {
	from, err := quant.Lookup(t.Codec)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	if from.Integer() {
		return fmt.Errorf("tensor %q is %s: %w", t.Name, t.Codec, ErrQuantized)
	}
	to, err := quant.Lookup(p.Type)
	if err != nil {
		return err
	}
	p.Tensors = append(p.Tensors, t.Name)
	p.Weights += int64(t.Rows) * int64(t.Cols)
	p.BytesBefore += int64(from.Bytes(t.Rows, t.Cols))
	p.Bytes += int64(to.Bytes(t.Rows, t.Cols))
	p.BitsSaved = 8 * (p.BytesBefore - p.Bytes)
	return nil
}
