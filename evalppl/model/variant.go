package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nibble/format"
	"nibble/quant"
)

// Encoded is a weight matrix in memory, encoded as a container would hold it.
type Encoded struct {
	Codec string
	Data  []byte // [quant.Codec.Bytes] of the tensor's rows and columns
}

// Variant is a model of which some matrices are replaced. It shares all other weights and the threads of the model it was made
// from, which must outlive it. A [Tracer] runs it.
type Variant struct {
	base, m *Model
	first   int // layer before which both compute the same; the number of layers where only the head differs
}

// Variant returns the model with the named matrices replaced; in a model with a tied head, embed.tokens replaces the head too.
// Errors name the tensor that is not a matrix of the model, or whose codec or size does not fit.
func (m *Model) Variant(replaced map[string]Encoded) (*Variant, error) {
	view := *m
	view.layers = slices.Clone(m.layers)
	view.session = nil
	v := &Variant{base: m, m: &view, first: len(m.layers)}
	for name, e := range replaced {
		if err := v.replace(name, e); err != nil {
			return nil, fmt.Errorf("variant of the model: tensor %q: %w", name, err)
		}
	}
	return v, nil
}

func (v *Variant) replace(name string, e Encoded) error {
	p, err := v.m.matrixNamed(name)
	if err != nil {
		return err
	}
	v.first = min(v.first, p.layer)
	if !p.embedding {
		return v.replaceMatrix(p.at, e)
	}
	codec, err := quant.Lookup(e.Codec)
	if err != nil {
		return err
	}
	t := &v.m.tokens
	if err := checkEncoded(e, t.Rows, t.Cols); err != nil {
		return err
	}
	t.Codec, t.Bytes = e.Codec, int64(len(e.Data))
	v.m.tokensCodec, v.m.tokensData = codec, e.Data
	if p.at != nil {
		return v.replaceMatrix(p.at, e)
	}
	return nil
}

// replaceMatrix puts a new matrix at a place of the view; the model's own stays as it is.
func (v *Variant) replaceMatrix(at **matrix, e Encoded) error {
	old := *at
	if err := checkEncoded(e, old.rows, old.cols); err != nil {
		return err
	}
	m, err := matrixOf(format.TensorPlan{Name: old.name, Codec: e.Codec, Rows: old.rows, Cols: old.cols}, e.Data, v.m.activations)
	if err != nil {
		return err
	}
	m.bias = old.bias
	*at = m
	return nil
}

func checkEncoded(e Encoded, rows, cols int) error {
	want, err := format.CodecBytes(e.Codec, rows, cols)
	if err == nil && int64(len(e.Data)) != want {
		err = fmt.Errorf("%d bytes, want %d: [%d x %d] as %s", len(e.Data), want, rows, cols, e.Codec)
	}
	return err
}

// tensorPlace is where a tensor is used in a model.
type tensorPlace struct {
	layer     int      // that it belongs to; 0 for the embeddings, the number of layers for the head
	at        **matrix // nil for embeddings that are not the head too
	embedding bool
}

// matrixNamed finds the matrix of a tensor.
func (m *Model) matrixNamed(name string) (tensorPlace, error) {
	switch {
	case name == m.tokens.Name && m.spec.TiedHead:
		return tensorPlace{at: &m.head, embedding: true}, nil
	case name == m.tokens.Name:
		return tensorPlace{embedding: true}, nil
	case name == "head" && !m.spec.TiedHead:
		return tensorPlace{layer: len(m.layers), at: &m.head}, nil
	}
	if layer, kind, ok := layerTensor(name); ok && layer < len(m.layers) {
		l := &m.layers[layer]
		if at, ok := map[string]**matrix{"attn.qkv": &l.qkv, "attn.out": &l.attnOut, "mlp.up": &l.up, "mlp.down": &l.down}[kind]; ok {
			return tensorPlace{layer: layer, at: at}, nil
		}
	}
	return tensorPlace{}, fmt.Errorf("is not a matrix of the model")
}

// layerTensor takes "layers.3.mlp.down" apart into 3 and "mlp.down".
func layerTensor(name string) (layer int, kind string, ok bool) {
	rest, ok := strings.CutPrefix(name, "layers.")
	if !ok {
		return 0, "", false
	}
	number, kind, ok := strings.Cut(rest, ".")
	layer, err := strconv.Atoi(number)
	return layer, kind, ok && err == nil && layer >= 0
}
