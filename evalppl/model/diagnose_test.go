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
	"nibble/kernels"
)

// edited copies a container with a change of one tensor's bytes.
func edited(t testing.TB, r *format.Reader, name string, edit func(enc []byte)) *format.Reader {
	t.Helper()
	var plans []format.TensorPlan
	for _, i := range r.Tensors() {
		plans = append(plans, format.TensorPlan{Name: i.Name, Codec: i.Codec, Rows: i.Rows, Cols: i.Cols})
	}
	path := filepath.Join(t.TempDir(), "edited.nbl")
	w, err := format.Create(path, r.Metadata(), nil, plans, format.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	found := false
	for i, info := range r.Tensors() {
		b, err := r.Bytes(info)
		if err != nil {
			t.Fatal(err)
		}
		if info.Name == name {
			b, found = slices.Clone(b), true
			edit(b)
		}
		tw, err := w.Tensor(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(info.Error); err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Fatalf("no tensor %s", name)
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

// poison returns an edit that makes a value of row and column 0 of a tensor not finite; of integers, where that is the scale, the first
// 32 columns of the row. In tiles of 16 rows the value of row r < 16 and column 0 is number r.
func poison(codec string, row int, cols int, nan bool) func(enc []byte) {
	f32, f16, bf16 := uint32(0x7f800000), uint16(0x7c00), uint16(0x7f80) // +Inf
	if nan {
		f32, f16, bf16 = 0x7fc00000, 0x7e00, 0x7fc0
	}
	return func(enc []byte) {
		switch codec {
		case format.RawF32:
			binary.LittleEndian.PutUint32(enc[4*row*cols:], f32)
		case "f32":
			binary.LittleEndian.PutUint32(enc[4*row:], f32)
		case "bf16":
			binary.LittleEndian.PutUint16(enc[4*row:], bf16) // columns in pairs
		default: // f16, and the half-float scales at the beginning of an integer block
			binary.LittleEndian.PutUint16(enc[2*row:], f16)
		}
	}
}

func firstPlace(t *testing.T, m *Model, tokens []uint32) string {
	t.Helper()
	where, err := m.FirstNonFinite(context.Background(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// TestFirstNonFinite poisons every tensor of every architecture in turn, and looks for its name.
func TestFirstNonFinite(t *testing.T) {
	for name, spec := range specs() {
		for _, codec := range []string{"f32", "f16", "bf16", "int8-g32", "int4-g32"} {
			t.Run(name+"/"+codec, func(t *testing.T) {
				t.Parallel()
				r := randomContainer(t, spec, codec)
				tokens := randomTokens(40, spec.Vocab)
				for i, info := range r.Tensors() {
					for _, nan := range []bool{true, false} {
						if codec != "f32" && nan != (i%2 == 0) {
							continue // one of the two is enough
						}
						row, position := 3, 0
						switch {
						case info.Name == "embed.tokens":
							// A row that one token alone has, in the first tile.
							position = slices.IndexFunc(tokens, func(id uint32) bool {
								return id < kernels.TileRows && count(tokens, id) == 1
							})
							if position < 0 {
								t.Fatal("choose other tokens")
							}
							row = int(tokens[position])
						case info.Name == "embed.positions":
							position, row = 11, 11
						case info.Rows == 1:
							row = 0
						}
						m := load(t, edited(t, r, info.Name, poison(info.Codec, row, info.Cols, nan)), Options{Threads: 2})
						where := firstPlace(t, m, tokens)
						want := fmt.Sprintf("tensor %q, position %d (token id %d): ", info.Name, position, tokens[position])
						if layer, _, ok := strings.Cut(strings.TrimPrefix(info.Name, "layers."), "."); ok && strings.HasPrefix(info.Name, "layers.") {
							want = "layer " + layer + ", " + want
						}
						if info.Name == "head" {
							want = "head, " + want
						}
						if !strings.HasPrefix(where, want) || !strings.Contains(where, "the tensor itself holds ") && !strings.Contains(where, "of the tensor itself holds ") {
							t.Errorf("%s, NaN %v: %q, want %q...", info.Name, nan, where, want)
						}
						if nan && !strings.Contains(where, "NaN and 0 Inf of ") {
							t.Errorf("%s: %q counts infinities", info.Name, where)
						}
						if !nan {
							continue
						}
						// What is found is seen in a loss too.
						losses := make([]float64, len(tokens)-1)
						if err := m.Losses(context.Background(), tokens, 0, losses); err != nil {
							t.Fatal(err)
						}
						if !slices.ContainsFunc(losses, math.IsNaN) {
							t.Errorf("%s: all losses are numbers", info.Name)
						}
					}
				}
			})
		}
	}
}

func count(tokens []uint32, id uint32) (n int) {
	for _, x := range tokens {
		if x == id {
			n++
		}
	}
	return n
}

// TestFirstNonFiniteFindsNothing in a sound model, and leaves the model as it was.
func TestFirstNonFiniteFindsNothing(t *testing.T) {
	for name, spec := range specs() {
		m := load(t, randomContainer(t, spec, "int8-g32"), Options{Threads: 2})
		tokens := randomTokens(batchTokens+30, spec.Vocab)
		want, got := make([]float64, len(tokens)-1), make([]float64, len(tokens)-1)
		if err := m.Losses(context.Background(), tokens, 0, want); err != nil {
			t.Fatal(err)
		}
		if where := firstPlace(t, m, tokens); where != "" {
			t.Errorf("%s: %s", name, where)
		}
		if err := m.Losses(context.Background(), tokens, 0, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: losses differ after the search", name)
		}
	}
}

// TestNonFiniteIsForgotten: a window with NaN leaves nothing behind for the next.
func TestNonFiniteIsForgotten(t *testing.T) {
	spec := specs()["window"]
	r := randomContainer(t, spec, "f32")
	m := load(t, edited(t, r, "embed.tokens", poison("f32", 5, spec.Hidden, true)), Options{Threads: 2})
	sound := load(t, r, Options{Threads: 2})
	good := slices.DeleteFunc(randomTokens(90, spec.Vocab), func(id uint32) bool { return id == 5 })
	bad := slices.Repeat([]uint32{5, 7, 9}, 40)
	want, got := make([]float64, len(good)-1), make([]float64, len(good)-1)
	if err := sound.Losses(context.Background(), good, 0, want); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Losses(context.Background(), bad, 0, make([]float64, len(bad)-1)); err != nil {
			t.Fatal(err)
		}
		if where := firstPlace(t, m, bad); !strings.Contains(where, `"embed.tokens", position 0 (token id 5)`) {
			t.Error(where)
		}
		if err := m.Losses(context.Background(), good, 0, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatal("losses differ after a window with NaN")
		}
	}
}

// TestFirstNonFiniteInALaterBatch: positions count from the window's beginning.
func TestFirstNonFiniteInALaterBatch(t *testing.T) {
	spec := specs()["scaled"] // its head has weights of its own
	m := load(t, edited(t, randomContainer(t, spec, "f32"), "embed.tokens", poison("f32", 5, spec.Hidden, true)), Options{Threads: 1})
	tokens := slices.Repeat([]uint32{1}, batchTokens+40)
	tokens[batchTokens+17] = 5
	if where, want := firstPlace(t, m, tokens), fmt.Sprintf("position %d (token id 5): 1 NaN and 0 Inf of 48 values; row 5 of the tensor itself", batchTokens+17); !strings.Contains(where, want) {
		t.Errorf("%q, want %q in it", where, want)
	}
}

// TestOverflow: finite weights whose products are too large for float32 are told from weights that are not finite.
func TestOverflow(t *testing.T) {
	spec := specs()["llama"]
	scale := func(x float32) func([]byte) {
		return func(enc []byte) {
			f := asFloat32(enc)
			for i := range f {
				f[i] *= x
			}
		}
	}
	for _, c := range []struct {
		tensor string
		by     float32
		want   string
	}{
		// Outputs of the norm are of order 1, weights of order 0.2: 48 products of 2e37 and more exceed 3.4e38.
		{"layers.1.mlp.up", 1e38, `layer 1, tensor "layers.1.mlp.up", position `},
		{"layers.0.mlp.up", 1e25, `layer 0, activation of tensor "layers.0.mlp.up", position `},
	} {
		m := load(t, edited(t, randomContainer(t, spec, "f32"), c.tensor, scale(c.by)), Options{Threads: 2})
		where := firstPlace(t, m, randomTokens(40, spec.Vocab))
		if !strings.HasPrefix(where, c.want) || strings.Contains(where, "itself holds") {
			t.Errorf("%s: %q, want %q...", c.tensor, where, c.want)
		}
		if strings.Contains(c.want, ", tensor ") && !strings.HasSuffix(where, "; its weights are finite, the products are not") {
			t.Errorf("%s: %q does not say that the weights are finite", c.tensor, where)
		}
	}
}
