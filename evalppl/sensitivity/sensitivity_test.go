package sensitivity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl"
)

// fakeModel has logits that depend on the last token only. A variant adds its own noise for each changed tensor, larger for fewer bits.
type fakeModel struct {
	table  [][]float32
	noise  map[string]float32
	fail   string             // tensor that cannot be changed
	cancel func(types string) // called before each variant's pass
	name   string
}

const fakeVocab = 11

func newFake() *fakeModel {
	m := &fakeModel{}
	rng := rand.New(rand.NewPCG(3, 3))
	for range fakeVocab {
		row := make([]float32, fakeVocab)
		for i := range row {
			row[i] = float32(rng.NormFloat64())
		}
		m.table = append(m.table, row)
	}
	return m
}

func (m *fakeModel) Vocab() int   { return fakeVocab }
func (m *fakeModel) Context() int { return 16 }

func (m *fakeModel) Losses(context.Context, []uint32, int, []float64) error {
	return errors.New("nobody needs losses alone")
}

func (m *fakeModel) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	if m.cancel != nil {
		m.cancel(m.name)
	}
	for i := from; i < len(window); i++ {
		row := slices.Clone(m.table[window[i]])
		for _, tensor := range slices.Sorted(maps.Keys(m.noise)) {
			noise := m.noise[tensor]
			rng := rand.New(rand.NewPCG(uint64(len(tensor)), uint64(tensor[len(tensor)-1])))
			for j := range row {
				row[j] += noise * float32(rng.NormFloat64())
			}
		}
		if err := fn(i, row); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *fakeModel) Variant(types map[string]string) (evalppl.DistributionModel, error) {
	v := &fakeModel{table: m.table, noise: map[string]float32{}, cancel: m.cancel}
	for tensor, typ := range types {
		if tensor == m.fail {
			return nil, fmt.Errorf("tensor %q cannot be changed", tensor)
		}
		if noise := map[string]float32{"int8-g32": 0.02, "int4-g32": 0.3}[typ]; noise > 0 {
			v.noise[tensor] = noise
		}
		v.name += tensor + " "
	}
	return v, nil
}

func fakeTensors() []Tensor {
	list := []Tensor{{"embed.tokens", "f16", 11, 32}}
	for l := range 2 {
		for _, k := range []string{"attn.qkv", "mlp.down"} {
			list = append(list, Tensor{fmt.Sprintf("layers.%d.%s", l, k), "f16", 16, 48})
		}
	}
	return append(list, Tensor{"head", "f16", 11, 32})
}

func fakeText(n int) evalppl.Text { return evalppl.DocumentsText([][]uint32{fakeTokens(n)}) }

func fakeTokens(n int) []uint32 {
	rng := rand.New(rand.NewPCG(5, 5))
	tokens := make([]uint32, n)
	for i := range tokens {
		tokens[i] = rng.Uint32N(fakeVocab)
	}
	return tokens
}

func names(parts []Part) (list []string) {
	for _, p := range parts {
		list = append(list, p.Name+" "+p.Type)
	}
	return list
}

func TestPlan(t *testing.T) {
	for by, want := range map[string][]string{
		ByTensor: {"embed.tokens", "layers.0.attn.qkv", "layers.0.mlp.down", "layers.1.attn.qkv", "layers.1.mlp.down", "head"},
		ByKind:   {"embed.tokens", "attn.qkv", "mlp.down", "head"},
		ByLayer:  {"embed.tokens", "layers.0", "layers.1", "head"},
	} {
		types := []string{"int4-g32", "int8-g32"}
		parts, together, err := Plan(fakeTensors(), by, types)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, typ := range types {
			for _, name := range want {
				list = append(list, name+" "+typ)
			}
		}
		if diff := cmp.Diff(list, names(parts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", by, diff)
		}
		if diff := cmp.Diff([]string{"all int4-g32", "all int8-g32"}, names(together)); diff != "" {
			t.Errorf("%s, together (-want +got):\n%s", by, diff)
		}
		// However a model is divided, every tensor is in one part, and the sizes are those of the whole.
		for i, typ := range types {
			var tensors []string
			var weights, before, bytes, saved int64
			for _, p := range parts {
				if p.Type == typ {
					tensors = append(tensors, p.Tensors...)
					weights, before, bytes, saved = weights+p.Weights, before+p.BytesBefore, bytes+p.Bytes, saved+p.BitsSaved
				}
			}
			all := together[i]
			slices.Sort(tensors)
			if !slices.Equal(tensors, slices.Sorted(slices.Values(all.Tensors))) || weights != all.Weights || before != all.BytesBefore || bytes != all.Bytes || saved != all.BitsSaved {
				t.Errorf("%s %s: the parts have %d weights in %d and %d bytes, all have %d in %d and %d", by, typ, weights, before, bytes, all.Weights, all.BytesBefore, all.Bytes)
			}
		}
	}
	parts, _, err := Plan(fakeTensors(), ByTensor, []string{"int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	// 16 rows, 48 columns padded to 64: f16 takes 16 x 64 x 2 bytes; int4 has for each of 16 x 2 groups 16 bytes of codes and 2 of scale.
	zero := 0
	want := Part{
		Name: "layers.0.attn.qkv", Type: "int4-g32", Layer: &zero, Kind: "attn.qkv", Tensors: []string{"layers.0.attn.qkv"},
		Weights: 768, BytesBefore: 2048, Bytes: 576, BitsSaved: 8 * 1472,
	}
	if diff := cmp.Diff(want, parts[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if parts[1].BitsPerWeight() != 6 {
		t.Errorf("%g bits a weight, want 8 x 576 / 768 = 6", parts[1].BitsPerWeight())
	}
}

func TestPlanErrors(t *testing.T) {
	quantized := append(fakeTensors(), Tensor{"layers.2.mlp.down", "int8-g32", 16, 32})
	for _, c := range []struct {
		tensors []Tensor
		by      string
		types   []string
		want    string
	}{
		{fakeTensors(), "column", []string{"int4-g32"}, `by "column": known: tensor, kind, layer`},
		{fakeTensors(), ByTensor, nil, "0 types"},
		{nil, ByTensor, []string{"int4-g32"}, "0 tensors"},
		{fakeTensors(), ByTensor, []string{"q4"}, `unknown type "q4"`},
		{fakeTensors(), ByTensor, []string{"raw-f32"}, `unknown type "raw-f32"`},
		{fakeTensors(), ByTensor, []string{"f16", "f16"}, "given twice"},
		{quantized, ByKind, []string{"int4-g32"}, `"layers.2.mlp.down" is int8-g32: the model is quantized already`},
		{[]Tensor{{"head", "q4", 1, 1}}, ByKind, []string{"int4-g32"}, `tensor "head": unknown type "q4"`},
	} {
		if _, _, err := Plan(c.tensors, c.by, c.types); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %q", c.by, c.types, err, c.want)
		}
	}
	if _, _, err := Plan(quantized, ByTensor, []string{"int4-g32"}); !errors.Is(err, ErrQuantized) {
		t.Errorf("not ErrQuantized: %v", err)
	}
}

func measured(t *testing.T, by string, types ...string) Result {
	t.Helper()
	parts, together, err := Plan(fakeTensors(), by, types)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Measure(context.Background(), newFake(), by, parts, together, fakeText(100), evalppl.Options{Ctx: 16, Stride: 16})
	if err != nil {
		t.Fatal(err)
	}
	r.Base.OS, r.Base.Arch = "linux", "amd64"
	return r
}

// TestMeasure compares with evalppl.Compare of the variant alone, and nothing changed with exactly nothing.
func TestMeasure(t *testing.T) {
	r := measured(t, ByTensor, "int4-g32", "f16", "int8-g32")
	m := newFake()
	for _, p := range slices.Concat(r.Parts, r.Together) {
		types := map[string]string{}
		for _, name := range p.Tensors {
			types[name] = p.Type
		}
		v, err := m.Variant(types)
		if err != nil {
			t.Fatal(err)
		}
		c, err := evalppl.Compare(context.Background(), m, []evalppl.DistributionModel{v}, fakeTokens(100), evalppl.Options{Ctx: 16, Stride: 16})
		if err != nil {
			t.Fatal(err)
		}
		want := c.Others[0]
		if diff := cmp.Diff([]any{want.KL, want.SameTop, want.LogRatio}, []any{p.KL, p.SameTop, p.LogRatio}); diff != "" {
			t.Errorf("%s %s (-compare +sensitivity):\n%s", p.Name, p.Type, diff)
		}
		switch {
		case p.Type == "f16" && (p.KL.Mean != 0 || p.KL.Max != 0 || p.SameTop.Fraction != 1 || p.BitsSaved != 0 || p.KLPerBitSaved != nil):
			t.Errorf("%s as what it is: divergence %g, %d bits saved", p.Name, p.KL.Mean, p.BitsSaved)
		case p.Type != "f16" && (p.KL.Mean <= 0 || *p.KLPerBitSaved != p.KL.Mean/float64(p.BitsSaved)):
			t.Errorf("%s %s: divergence %g, %g for each of %d bits", p.Name, p.Type, p.KL.Mean, *p.KLPerBitSaved, p.BitsSaved)
		}
	}
	if r.Partial || r.TotalParts != 18 || len(r.Parts) != 18 || len(r.Together) != 3 || !slices.Equal(r.Types, []string{"int4-g32", "f16", "int8-g32"}) {
		t.Errorf("partial %v, %d of %d parts, types %v", r.Partial, len(r.Parts), r.TotalParts, r.Types)
	}
	sorted := r.Sorted()
	for i, p := range sorted {
		if (i >= 12) != (p.KLPerBitSaved == nil) {
			t.Errorf("place %d: %s %s: parts that save nothing come last", i, p.Name, p.Type)
		} else if i > 0 && i < 12 && *sorted[i-1].KLPerBitSaved < *p.KLPerBitSaved {
			t.Errorf("place %d costs %g for each bit, the one before %g", i, *p.KLPerBitSaved, *sorted[i-1].KLPerBitSaved)
		}
	}
}

func TestMeasureErrors(t *testing.T) {
	parts, together, err := Plan(fakeTensors(), ByLayer, []string{"int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	m := newFake()
	m.fail = "head"
	if _, err := Measure(context.Background(), m, ByLayer, parts, together, fakeText(40), evalppl.Options{}); err == nil || !strings.Contains(err.Error(), `head as int4-g32: tensor "head" cannot be changed`) {
		t.Errorf("a tensor that cannot be changed: %v", err)
	}
	if _, err := Measure(context.Background(), newFake(), ByLayer, nil, nil, fakeText(40), evalppl.Options{}); err == nil {
		t.Error("no parts, and no error")
	}
	if got := nameModels("model 2: window 3, of model 9 and model 1x", parts); got != "the model with layers.0 as int4-g32: window 3, of model 9 and model 1x" {
		t.Errorf("named %q", got)
	}
}

// TestMeasureInterrupted keeps the parts that have read the first window.
func TestMeasureInterrupted(t *testing.T) {
	parts, together, err := Plan(fakeTensors(), ByTensor, []string{"int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	o := evalppl.Options{Ctx: 16, Stride: 16}
	ctx, cancel := context.WithCancel(context.Background())
	m := newFake()
	m.cancel = func(types string) {
		if types == "layers.1.mlp.down " {
			cancel()
		}
	}
	r, err := Measure(ctx, m, ByTensor, parts, together, fakeText(100), o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if !r.Partial || len(r.Parts) != 4 || len(r.Together) != 0 || r.TotalParts != 6 || r.Windows != 1 {
		t.Errorf("partial %v, %d parts and %d together of %d on %d windows, want 4 and 0 of 6 on 1", r.Partial, len(r.Parts), len(r.Together), r.TotalParts, r.Windows)
	}
	whole, err := Measure(context.Background(), newFake(), ByTensor, parts, together, evalppl.DocumentsText([][]uint32{fakeTokens(100)[:16]}), o)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range r.Parts {
		if diff := cmp.Diff(whole.Parts[i], p); diff != "" {
			t.Errorf("%s (-the window alone +interrupted):\n%s", p.Name, diff)
		}
	}
	r.Base.OS, r.Base.Arch = "linux", "amd64"
	if _, err := Parse(encoded(t, r)); err != nil {
		t.Errorf("an unfinished result cannot be read: %v", err)
	}
	cancel()
	if r, err := Measure(ctx, newFake(), ByTensor, parts, together, fakeText(100), o); !errors.Is(err, context.Canceled) || len(r.Parts) > 0 {
		t.Errorf("canceled before it began: %d parts, %v", len(r.Parts), err)
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for _, by := range Divisions() {
		want := measured(t, by, "int4-g32", "f16")
		got, err := Parse(encoded(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read):\n%s", by, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := measured(t, ByTensor, "int4-g32")
	for want, change := range map[string]func(r map[string]any, part map[string]any){
		`schema "nibble-sensitivity/0"`:              func(r, _ map[string]any) { r["schema"] = "nibble-sensitivity/0" },
		`field "schema" is missing`:                  func(r, _ map[string]any) { delete(r, "schema") },
		`unknown field "extra"`:                      func(r, _ map[string]any) { r["extra"] = 1 },
		`field "by" is missing`:                      func(r, _ map[string]any) { delete(r, "by") },
		`field "by" is "row"`:                        func(r, _ map[string]any) { r["by"] = "row" },
		`field "base.perplexity" is missing`:         func(r, _ map[string]any) { delete(r["base"].(map[string]any), "perplexity") },
		`field "parts[1].kl" is missing`:             func(_, p map[string]any) { delete(p, "kl") },
		`field "parts[1].kl.mean" is missing`:        func(_, p map[string]any) { p["kl"].(map[string]any)["mean"] = nil },
		`field "parts[1].bits_saved" is 5`:           func(_, p map[string]any) { p["bits_saved"] = 5 },
		`field "parts[1].kl_per_bit_saved" is 5`:     func(_, p map[string]any) { p["kl_per_bit_saved"] = 5 },
		`"parts[1].kl_per_bit_saved" is absent`:      func(_, p map[string]any) { delete(p, "kl_per_bit_saved") },
		`field "parts[1].name" is "embed.tokens"`:    func(_, p map[string]any) { p["name"] = "embed.tokens" },
		`field "parts[1].type" is "int8-g32"`:        func(_, p map[string]any) { p["type"] = "int8-g32" },
		`field "parts[1].tensors" is []`:             func(_, p map[string]any) { p["tensors"] = []string{} },
		`field "parts[1].layer" is -1`:               func(_, p map[string]any) { p["layer"] = -1 },
		`field "parts[1].kl" is -1`:                  func(_, p map[string]any) { p["kl"].(map[string]any)["mean"] = -1 },
		`field "parts[1].same_top.fraction" is 1.5`:  func(_, p map[string]any) { p["same_top"].(map[string]any)["fraction"] = 1.5 },
		`"parts[1].weights, bytes_before, bytes"`:    func(_, p map[string]any) { p["weights"] = 0 },
		`field "types" is [q4]`:                      func(r, _ map[string]any) { r["types"] = []string{"q4"} },
		`field "types" is []`:                        func(r, _ map[string]any) { r["types"] = []string{} },
		`field "protocol" is "x"`:                    func(r, _ map[string]any) { r["protocol"] = "x" },
		`field "stride" is 0`:                        func(r, _ map[string]any) { delete(r, "stride") },
		`field "ctx" is 1`:                           func(r, _ map[string]any) { r["ctx"], r["stride"] = 1, 1 },
		`field "windows" is 99`:                      func(r, _ map[string]any) { r["windows"] = 99 },
		`field "tokens_scored" is 0`:                 func(r, _ map[string]any) { r["tokens_scored"] = 0 },
		`field "total_parts" is 2`:                   func(r, _ map[string]any) { r["total_parts"] = 2 },
		`field "partial" is true`:                    func(r, _ map[string]any) { r["partial"] = true },
		`field "partial" is false`:                   func(r, _ map[string]any) { r["total_parts"] = 7 },
		`field "seconds" is -1`:                      func(r, _ map[string]any) { r["seconds"] = -1 },
		`not a result's JSON`:                        func(r, _ map[string]any) { r["parts"] = "all" },
		`field "together" is 2, want 0 to 1`:         func(r, p map[string]any) { r["together"] = []any{p, p} },
		`field "token_stream_sha256" is missing`:     func(r, _ map[string]any) { delete(r, "token_stream_sha256") },
		`field "parts[1].log_ratio.mean" is missing`: func(_, p map[string]any) { delete(p["log_ratio"].(map[string]any), "mean") },
	} {
		var r map[string]any
		if err := json.Unmarshal(encoded(t, good), &r); err != nil {
			t.Fatal(err)
		}
		change(r, r["parts"].([]any)[1].(map[string]any))
		if _, err := Parse(encoded(t, r)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Parse(encoded(t, good)[:200]); err == nil {
		t.Error("a cut file is read")
	}
}

// FuzzParse: no input makes it panic, and what it accepts is written and read as the same.
func FuzzParse(f *testing.F) {
	parts, together, err := Plan(fakeTensors(), ByKind, []string{"int4-g32"})
	if err != nil {
		f.Fatal(err)
	}
	r, err := Measure(context.Background(), newFake(), ByKind, parts, together, fakeText(20), evalppl.Options{Ctx: 16, Stride: 16})
	if err != nil {
		f.Fatal(err)
	}
	good := encoded(f, r)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"schema":"nibble-sensitivity/1"}`))
	f.Add([]byte(`{"schema":"nibble-sensitivity/1","parts":[null],"together":null}`))
	f.Add(bytes.ReplaceAll(good, []byte(`"windows":`), []byte(`"windows":-`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(encoded(t, r))
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("read again: %v", err)
		}
	})
}
