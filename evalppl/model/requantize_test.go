package model

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nibble/format"
	"nibble/quant"
)

// recoded writes a copy of a container with some tensors decoded and encoded as other types.
func recoded(t testing.TB, r *format.Reader, types map[string]string) *format.Reader {
	t.Helper()
	var plans []format.TensorPlan
	for _, info := range r.Tensors() {
		p := info.TensorPlan
		if typ := types[p.Name]; typ != "" {
			p = format.TensorPlan{Name: p.Name, Codec: typ, Rows: p.Rows, Cols: p.Cols}
		}
		plans = append(plans, p)
	}
	path := filepath.Join(t.TempDir(), "recoded.nbl")
	w, err := format.Create(path, r.Metadata(), nil, plans, format.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, info := range r.Tensors() {
		data, err := r.Bytes(info)
		if err != nil {
			t.Fatal(err)
		}
		if typ := types[info.Name]; typ != "" {
			from, _ := quant.Lookup(info.Codec)
			to, _ := quant.Lookup(typ)
			values := make([]float32, info.Rows*info.Cols)
			from.Decode(values, data, info.Rows, info.Cols)
			data = make([]byte, to.Bytes(info.Rows, info.Cols))
			to.Encode(data, values, info.Rows, info.Cols)
		}
		tw, err := w.Tensor(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(format.TensorError{Exact: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	out, err := format.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

// rowsOf runs anything that gives logits over a window and returns copies of the rows from from on.
func rowsOf(t testing.TB, m interface {
	Logits(context.Context, []uint32, int, func(int, []float32) error) error
}, tokens []uint32, from int) [][]float32 {
	t.Helper()
	var rows [][]float32
	if err := m.Logits(context.Background(), tokens, from, func(_ int, l []float32) error {
		rows = append(rows, slices.Clone(l))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func sameRows(a, b [][]float32) bool {
	return slices.EqualFunc(a, b, func(x, y []float32) bool { return slices.Equal(x, y) })
}

// TestRequantizedIsTheConvertedModel demands that each tensor requantized in memory, with the layers before it left out, gives the same
// bits as a container in which that tensor was written so, over more than one batch; that the model itself is as it was; and that
// something changed at all.
func TestRequantizedIsTheConvertedModel(t *testing.T) {
	for name, spec := range specs() {
		type change struct{ codec, typ, mode string }
		changes := []change{{"f32", "int4-g32", Int8Activations}}
		if name == "llama" { // the types' ways through a pass are the same in all shapes
			changes = append(changes, change{"f16", "int8-g32", Float32Activations}, change{"bf16", "int4-g32", BF16Activations}, change{"bf16", "f16", BF16Activations})
		}
		for _, c := range changes {
			t.Run(fmt.Sprintf("%s/%s/%s/%s", name, c.codec, c.typ, c.mode), func(t *testing.T) {
				r := randomContainer(t, spec, c.codec)
				o := Options{Threads: 2, Activations: c.mode}
				m := load(t, r, o)
				length, from := batchTokens+37, batchTokens-20
				if testing.Short() {
					length, from = 90, 60
				}
				tokens := randomTokens(length, spec.Vocab)
				base := allLogits(t, m, tokens)[from:]
				tracer := m.NewTracer()
				rowsOf(t, tracer, tokens[:20], 0) // a shorter window first: the session grows
				all := map[string]string{}
				var changed []map[string]string
				for _, info := range r.Tensors() {
					if info.Codec != format.RawF32 {
						all[info.Name] = c.typ
						changed = append(changed, map[string]string{info.Name: c.typ})
					}
				}
				if c.mode != BF16Activations { // which is refused without any bf16 matrix
					changed = append(changed, all)
				}
				if got := rowsOf(t, tracer, tokens, from); !sameRows(got, base) {
					t.Fatal("the tracer changes the model's logits")
				}
				if testing.Short() && len(changed) > 4 { // the first and last matrices, and all of them
					changed = append(changed[:1:1], changed[len(changed)-3:]...)
				}
				for _, types := range changed {
					v, err := tracer.Requantized(types)
					if err != nil {
						t.Fatal(err)
					}
					got := rowsOf(t, v, tokens, from)
					converted := load(t, recoded(t, r, types), o)
					want := rowsOf(t, converted, tokens, from)
					if !sameRows(got, want) {
						t.Errorf("%v: other logits than those of a container with these types", types)
					}
					if c.typ != "f16" && sameRows(got, base) { // f16 may hold a bf16 embedding exactly
						t.Errorf("%v: the logits are those of the unmodified model", types)
					}
					losses, wantLosses := make([]float64, 19), make([]float64, 19)
					last := len(tokens) - 20
					if err := v.Losses(context.Background(), tokens, last, losses); err != nil {
						t.Fatal(err)
					}
					if err := converted.Losses(context.Background(), tokens, last, wantLosses); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(losses, wantLosses) {
						t.Errorf("%v: other losses than those of a container with these types", types)
					}
				}
				if got := rowsOf(t, tracer, tokens, from); !sameRows(got, base) {
					t.Error("variants have changed the model")
				}
			})
		}
	}
}

// TestNothingRequantized encodes matrices as what they are.
func TestNothingRequantized(t *testing.T) {
	m := load(t, randomContainer(t, specs()["gpt2"], "f16"), Options{Threads: 2})
	tracer := m.NewTracer()
	tokens := randomTokens(40, m.Vocab())
	base := rowsOf(t, tracer, tokens, 0)
	for _, types := range []map[string]string{{}, {"layers.1.mlp.up": "f16"}, {"embed.tokens": "f16", "head": "f16"}} {
		v, err := tracer.Requantized(types)
		if err != nil {
			t.Fatal(err)
		}
		if !sameRows(rowsOf(t, v, tokens, 0), base) {
			t.Errorf("%v: the logits change", types)
		}
	}
}

func TestRequantizedErrors(t *testing.T) {
	r := randomContainer(t, specs()["gpt2"], "f32")
	m := load(t, r, Options{Threads: 2})
	tracer := m.NewTracer()
	for tensor, want := range map[string]string{
		"layers.3.mlp.up": "is not a matrix of the model", "layers.0.attn.norm": "is not a matrix", "layers.-1.mlp.up": "is not a matrix",
		"layers.0.mlp": "is not a matrix", "final.norm": "is not a matrix", "": "is not a matrix",
	} {
		if _, err := tracer.Requantized(map[string]string{tensor: "int4-g32"}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", tensor)) {
			t.Errorf("tensor %q: %v", tensor, err)
		}
	}
	for _, typ := range []string{"q4_0", "raw-f32", ""} {
		if _, err := tracer.Requantized(map[string]string{"head": typ}); err == nil || !strings.Contains(err.Error(), `"head"`) {
			t.Errorf("type %q: %v", typ, err)
		}
	}
	v, err := tracer.Requantized(map[string]string{"head": "int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	ignore := func(int, []float32) error { return nil }
	ctx := context.Background()
	tokens := randomTokens(30, m.Vocab())
	if err := v.Logits(ctx, tokens, 0, ignore); err == nil || !strings.Contains(err.Error(), "goes before its variants") {
		t.Errorf("a variant before the model: %v", err)
	}
	rowsOf(t, tracer, tokens, 0)
	if err := v.Logits(ctx, tokens[:29], 0, ignore); err == nil || !strings.Contains(err.Error(), "window of 29 tokens") {
		t.Errorf("another window: %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := tracer.Logits(canceled, tokens, 0, ignore); err == nil {
		t.Error("canceled, and no error")
	}
	if err := v.Logits(ctx, tokens, 0, ignore); err == nil {
		t.Error("a variant runs on what an interrupted pass has left")
	}
}

// TestRequantizeRange: a weight that a type cannot hold is an error and not an infinity.
func TestRequantizeRange(t *testing.T) {
	r := edited(t, randomContainer(t, specs()["llama"], "f32"), "layers.1.mlp.down", func(enc []byte) {
		binary.LittleEndian.PutUint32(enc, math.Float32bits(1e6))
	})
	m := load(t, r, Options{Threads: 2})
	tracer := m.NewTracer()
	tokens := randomTokens(10, m.Vocab())
	rowsOf(t, tracer, tokens, 0)
	for typ, fits := range map[string]bool{"f16": false, "int4-g32": false, "bf16": true, "int8-g32": true} {
		v, err := tracer.Requantized(map[string]string{"layers.1.mlp.down": typ})
		if err != nil {
			t.Fatal(err)
		}
		err = v.Logits(context.Background(), tokens, 0, func(int, []float32) error { return nil })
		if fits != (err == nil) || !fits && !strings.Contains(err.Error(), `"layers.1.mlp.down" as `+typ+`: it holds 1e+06`) {
			t.Errorf("%s: %v", typ, err)
		}
	}
}
