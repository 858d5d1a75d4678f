package format_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"nibble/format"
)

// A container is written tensor by tensor, opened, and its weights are used where they lie.
func Example() {
	dir, err := os.MkdirTemp("", "nibble")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.nbl")

	spec := format.Spec{
		Architecture: "llama", Vocab: 32, Context: 16, Hidden: 8, Layers: 1, FFN: 24,
		Attention: format.Attention{Heads: 2, KVHeads: 1, HeadDim: 4, Scale: 0.5},
		Norm:      format.Norm{Kind: format.RMSNorm, Eps: 1e-5},
		Position:  format.Position{Kind: format.RotaryPositions, Rotary: &format.Rotary{Theta: 1e4, Dim: 4, Scaling: format.RotaryDefault}},
		MLP:       format.MLP{Activation: format.SiLU, Gated: true},
		TiedHead:  true,
	}
	var plans []format.TensorPlan
	for _, t := range spec.Tensors() {
		codec := "int4-g32"
		if t.Raw {
			codec = format.RawF32
		}
		plans = append(plans, format.TensorPlan{Name: t.Name, Codec: codec, Rows: t.Rows, Cols: t.Cols})
	}
	meta := format.Metadata{
		Spec: spec, Model: "example", Recipe: format.Recipe{Type: "int4-g32", Embed: "int4-g32", Method: "rtn"},
		Sources: []format.Source{{Name: "model.safetensors", Bytes: 1, SHA256: strings.Repeat("0", 64)}},
	}
	if err := write(path, meta, plans); err != nil {
		log.Fatal(err)
	}

	r, err := format.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if err := r.Verify(context.Background(), nil); err != nil {
		log.Fatal(err)
	}
	t, _ := r.Lookup("layers.0.mlp.up")
	view, err := r.Bytes(t)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Codec, t.Rows, t.Cols, len(view))
	// Output: int4-g32 48 8 864
}

func write(path string, meta format.Metadata, plans []format.TensorPlan) error {
	w, err := format.Create(path, meta, nil, plans, format.CreateOptions{})
	if err != nil {
		return err
	}
	defer w.Abort() // does nothing after Commit
	for i, p := range plans {
		t, err := w.Tensor(i)
		if err != nil {
			return err
		}
		n, err := format.CodecBytes(p.Codec, p.Rows, p.Cols)
		if err != nil {
			return err
		}
		if _, err := t.Write(make([]byte, n)); err != nil { // codes and scales from package quant
			return err
		}
		if err := t.Close(format.TensorError{Exact: true}); err != nil {
			return err
		}
	}
	return w.Commit()
}
