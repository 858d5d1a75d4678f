package convert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"nibble/format"
	"nibble/quant"
)

// TestCodecs: which tensor gets which codec, and whether the stated errors are those of the stored values.
func TestCodecs(t *testing.T) {
	for _, o := range []struct {
		options     Options
		embed, head string // expected
	}{
		{Options{Type: "f32"}, "f32", "f32"},
		{Options{Type: "f16"}, "f16", "f16"},
		{Options{Type: "bf16"}, "bf16", "bf16"},
		{Options{Type: "int8-g32"}, "int8-g32", "int8-g32"},
		{Options{Type: "int4-g32"}, "int8-g32", "int8-g32"},
		{Options{Type: "int4-g32", Embed: "f16"}, "f16", "f16"},
		{Options{Type: "int4-g32", Head: "bf16"}, "int8-g32", "bf16"},
		{Options{Type: "int4-g32", Embed: "int4-g32", Head: "int8-g32"}, "int4-g32", "int8-g32"},
	} {
		c := newLlama()
		source := llamaTensors(c, false)
		r := mustConvert(t, mustOpen(t, c), o.options)
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got, want := r.Metadata().Recipe, (format.Recipe{Type: o.options.Type, Embed: o.embed, Head: o.head, Method: "rtn"}); got != want {
			t.Errorf("recipe %+v, want %+v", got, want)
		}
		for _, info := range r.Tensors() {
			want := o.options.Type
			switch {
			case strings.HasSuffix(info.Name, "norm"):
				want = "raw-f32"
			case info.Name == "embed.tokens":
				want = o.embed
			case info.Name == "head":
				want = o.head
			}
			if info.Codec != want {
				t.Errorf("%+v: %s is %s, want %s", o.options, info.Name, info.Codec, want)
			}
			checkError(t, info, source[info.Name], decode(t, r, info.Name))
		}
	}
}

// checkError recomputes a tensor's error from its values, in another order of summation: each sum of n positive float64 terms
// is off by at most n * 2^-53 of itself. Those of integer codecs come from float32 sums of blocks, which are off by less than 35 * 2^-24,
// and their differences by 2^-24 (kernels.BlockErrors).
func checkError(t *testing.T, info format.TensorInfo, source, stored []float32) {
	t.Helper()
	var signal, square, top float64
	for i := len(source) - 1; i >= 0; i-- {
		d := float64(source[i]) - float64(stored[i])
		signal += float64(source[i]) * float64(source[i])
		square += d * d
		top = max(top, math.Abs(d))
	}
	if top == 0 {
		if !info.Error.Exact {
			t.Errorf("%s: error %+v, the values are equal", info.Name, info.Error)
		}
		return
	}
	relative, difference := float64(len(source))*0x1p-52, 0.0
	if strings.HasPrefix(info.Codec, "int") {
		relative, difference = relative+35*0x1p-24, 0x1p-24
	}
	near := func(got, want float64) bool { return math.Abs(got-want) <= relative*math.Abs(want) }
	e := info.Error
	// d(10 log10 x) = 4.34 dx/x: the ratio's relative error of 2*relative is an absolute one of 8.7*relative in dB; it is
	// rounded to 1e-6.
	if e.Exact || math.Abs(e.MaxAbs-top) > difference*top || !near(e.RMSE, math.Sqrt(square/float64(len(source)))) || math.Abs(e.SQNR-10*math.Log10(signal/square)) > 9*relative+0.6e-6 {
		t.Errorf("%s: error %+v, recomputed rmse %v max %v sqnr %v", info.Name, e, math.Sqrt(square/float64(len(source))), top, 10*math.Log10(signal/square))
	}
}

// TestUntie: a tied head with a codec of its own is written as a tensor of its own.
func TestUntie(t *testing.T) {
	for _, o := range []struct {
		options Options
		tied    bool
	}{
		{Options{Type: "int4-g32"}, true},
		{Options{Type: "int4-g32", Head: "int8-g32"}, true},
		{Options{Type: "int4-g32", Head: "f32"}, false},
	} {
		c := newGPT2()
		opened := mustOpen(t, c)
		r := mustConvert(t, opened, o.options)
		head, have := r.Lookup("head")
		if tied := r.Metadata().Spec.TiedHead; tied != o.tied || have == tied {
			t.Errorf("%+v: tied %v, head stored %v", o.options, tied, have)
		}
		if have {
			if got := decode(t, r, "head"); head.Codec != "f32" || !slices.Equal(got, c.tensors["transformer.wte.weight"].data) {
				t.Errorf("%+v: head of %s differs from the embeddings", o.options, head.Codec)
			}
		}
		if !opened.Spec.TiedHead || r.Metadata().Parameters != opened.Parameters {
			t.Error("converting changed the checkpoint, or counted the copy")
		}
	}
}

// TestThreads: the same bytes whatever the number of threads, with tensors of several slabs, plain and transposed.
func TestThreads(t *testing.T) {
	c := newGPT2()
	c.config["vocab_size"], c.config["n_inner"] = 50_001, 30_000
	c.add("transformer.wte.weight", 50_001, 24)
	for _, p := range []string{"transformer.h.0.mlp.", "transformer.h.1.mlp."} {
		c.add(p+"c_fc.weight", 24, 30_000)
		c.add(p+"c_fc.bias", 30_000)
		c.add(p+"c_proj.weight", 30_000, 24)
	}
	opened := mustOpen(t, c)
	recipe, err := (Options{Type: "int4-g32"}).recipe()
	if err != nil {
		t.Fatal(err)
	}
	job, err := opened.job(recipe)
	if err != nil {
		t.Fatal(err)
	}
	if slabs := len(job.slabs()); slabs < len(job.tensors)+4 {
		t.Fatalf("%d slabs for %d tensors: the test needs tensors of several slabs", slabs, len(job.tensors))
	}
	var first []byte
	for _, threads := range []int{1, 2, 3, 8} {
		out := filepath.Join(t.TempDir(), "x.nbl")
		stats, err := opened.Convert(t.Context(), out, Options{Type: "int4-g32", Threads: threads, Tokenizer: map[string][]byte{"vocab.json": []byte("{}")}})
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if stats.Bytes != int64(len(data)) {
			t.Errorf("stats say %d bytes, the file has %d", stats.Bytes, len(data))
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Errorf("%d threads give other bytes than 1", threads)
		}
	}
	// The values too: a transposed matrix of several slabs.
	r := mustConvert(t, opened, Options{Type: "f32"})
	if !slices.Equal(decode(t, r, "layers.1.mlp.up"), flip(c.tensors["transformer.h.1.mlp.c_fc.weight"])) {
		t.Error("layers.1.mlp.up differs")
	}
}

// TestProvenance: names and hashes of all source files, and that they are read for it once.
func TestProvenance(t *testing.T) {
	c := newLlama()
	fsys := c.fs()
	counting := &countingFS{FS: fsys}
	opened, err := Open(counting, "small")
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	tokenizer := map[string][]byte{"tokenizer.json": []byte(`{"a":1}`)}
	dir := t.TempDir()
	convert := func(name, kind string) format.Metadata {
		if _, err := opened.Convert(t.Context(), filepath.Join(dir, name), Options{Type: kind, Tokenizer: tokenizer, Tool: "nibble test"}); err != nil {
			t.Fatal(err)
		}
		r, err := format.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got := r.Tokenizer()["tokenizer.json"]; string(got) != `{"a":1}` {
			t.Errorf("tokenizer.json is %q", got)
		}
		return r.Metadata()
	}
	meta := convert("a", "f16")
	opens := counting.opens.Load()
	convert("b", "bf16")
	if again := counting.opens.Load(); again != opens {
		t.Errorf("the second conversion opened %d files, expected none", again-opens)
	}
	var want []format.Source
	for name, data := range map[string][]byte{ConfigFile: fsys[ConfigFile].Data, "model.safetensors": fsys["model.safetensors"].Data, "tokenizer.json": tokenizer["tokenizer.json"]} {
		digest := sha256.Sum256(data)
		want = append(want, format.Source{Name: name, Bytes: int64(len(data)), SHA256: hex.EncodeToString(digest[:])})
	}
	slices.SortFunc(want, func(a, b format.Source) int { return strings.Compare(a.Name, b.Name) })
	if !slices.Equal(meta.Sources, want) {
		t.Errorf("sources %+v, want %+v", meta.Sources, want)
	}
	parameters := int64(0)
	for _, v := range c.tensors {
		parameters += int64(len(v.data))
	}
	if meta.Model != "small" || meta.Tool != "nibble test" || meta.SourceDType != "f32" || meta.Parameters != parameters {
		t.Errorf("metadata %+v, want %d parameters", meta, parameters)
	}
}

type countingFS struct {
	fs.FS
	opens atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.opens.Add(1)
	return c.FS.Open(name)
}

func TestSourceDType(t *testing.T) {
	c := newLlama()
	for name, v := range c.tensors {
		if !strings.Contains(name, "norm") {
			v.dtype = "BF16"
		}
	}
	if got := mustOpen(t, c).SourceDType; got != "bf16+f32" {
		t.Errorf("%q, want bf16+f32", got)
	}
}

// TestBadWeights: weights that cannot be converted are named with their place in the source tensor, and all are counted.
func TestBadWeights(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	cases := []struct {
		name   string
		base   *checkpoint
		change func(c *checkpoint)
		kind   string
		want   []string
	}{
		{"NaN", newLlama(), func(c *checkpoint) { c.tensors["model.layers.0.self_attn.k_proj.weight"].data[3*24+5] = nan }, "f32",
			[]string{`tensor "model.layers.0.self_attn.k_proj.weight": NaN at row 3, column 5, 1 such values`}},
		{"infinities in two tensors", newLlama(), func(c *checkpoint) {
			d := c.tensors["model.layers.1.mlp.up_proj.weight"].data
			d[0], d[100] = -inf, inf
			c.tensors["model.norm.weight"].data[7] = inf
		}, "int4-g32",
			[]string{`"model.layers.1.mlp.up_proj.weight": -Inf at row 0, column 0, 2 such values`, `tensor "model.norm.weight": +Inf at element 7, 1 such`}},
		{"transposed", newGPT2(), func(c *checkpoint) { c.tensors["transformer.h.1.mlp.c_fc.weight"].data[20*96+70] = nan }, "int8-g32",
			[]string{`tensor "transformer.h.1.mlp.c_fc.weight": NaN at row 20, column 70, 1 such`}},
		{"many tensors", newLlama(), func(c *checkpoint) {
			for _, v := range c.tensors {
				v.data[1] = nan
			}
		}, "f16", []string{`"model.embed_tokens.weight": NaN at row 0, column 1`, "and 16 more tensors, 21 such values in all"}},
		{"too large for f16", newLlama(), func(c *checkpoint) { c.tensors["model.layers.0.mlp.down_proj.weight"].data[19] = -65600 }, "f16",
			[]string{`"model.layers.0.mlp.down_proj.weight": -65600 at row 0, column 19, 1 such`, "f16 holds at most 65504", "use bf16"}},
		{"too large for int8", newLlama(), func(c *checkpoint) { c.tensors["lm_head.weight"].data[0] = 1e30 }, "int8-g32",
			[]string{`"lm_head.weight": 1e+30 at row 0, column 0`, "int8-g32 holds at most", "use bf16"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.change(c.base)
			opened, dir := mustOpen(t, c.base), t.TempDir()
			_, err := opened.Convert(t.Context(), filepath.Join(dir, "x.nbl"), Options{Type: c.kind})
			if err == nil {
				t.Fatal("converted, expected an error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			checkEmpty(t, dir)
		})
	}
	t.Run("counted once where a tied head is copied", func(t *testing.T) {
		c := newGPT2()
		c.tensors["transformer.wte.weight"].data[30] = nan
		_, err := mustOpen(t, c).Convert(t.Context(), filepath.Join(t.TempDir(), "x.nbl"), Options{Type: "f16", Head: "f32"})
		if err == nil || strings.Count(err.Error(), "1 such values") != 1 {
			t.Errorf("error %v", err)
		}
	})
	t.Run("norms of 65600 fit", func(t *testing.T) {
		c := newLlama()
		c.tensors["model.norm.weight"].data[0] = 65600
		mustConvert(t, mustOpen(t, c), Options{Type: "f16"})
	})
}

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s was left behind", e.Name())
	}
}

// TestCancel cancels at the beginning, in the middle and at the end: the context's error, and nothing left behind.
func TestCancel(t *testing.T) {
	opened := mustOpen(t, newLlama())
	for _, after := range []int{0, 1, 10, len(opened.Tensors)} { // every tensor is one slab
		ctx, cancel := context.WithCancel(t.Context())
		dir, calls := t.TempDir(), 0
		if after == 0 {
			cancel()
		}
		_, err := opened.Convert(ctx, filepath.Join(dir, "x.nbl"), Options{Type: "f16", Progress: func(done, total int64, tensor string) {
			if calls++; calls == after {
				cancel()
			}
		}})
		cancel()
		if err != context.Canceled {
			t.Errorf("cancelled after %d slabs: %v", after, err)
		}
		checkEmpty(t, dir)
	}
}

func TestExisting(t *testing.T) {
	opened := mustOpen(t, newLlama())
	out := filepath.Join(t.TempDir(), "x.nbl")
	if err := os.WriteFile(out, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := opened.Convert(t.Context(), out, Options{Type: "f16"})
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("error %v", err)
	}
	if data, _ := os.ReadFile(out); string(data) != "old" {
		t.Errorf("the old file was touched: %q", data)
	}
	if _, err := opened.Convert(t.Context(), out, Options{Type: "f16", Force: true}); err != nil {
		t.Error(err)
	}
	_, err = opened.Convert(t.Context(), filepath.Join(t.TempDir(), "absent", "x.nbl"), Options{Type: "f16"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

func TestOptions(t *testing.T) {
	opened := mustOpen(t, newLlama())
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "no type given; known are f32, f16"},
		{Options{Type: "int3"}, `type: unknown type "int3"; known are f32, f16, bf16, int8-g32, int4-g32`},
		{Options{Type: "raw-f32"}, `type: unknown type "raw-f32"`},
		{Options{Type: "f16", Embed: "q4"}, `embed: unknown type "q4"`},
		{Options{Type: "f16", Head: "q4"}, `head: unknown type "q4"`},
	} {
		dir := t.TempDir()
		_, err := opened.Convert(t.Context(), filepath.Join(dir, "x.nbl"), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.o, err, c.want)
		}
		checkEmpty(t, dir)
	}
}

func TestProgress(t *testing.T) {
	c := newGPT2()
	opened := mustOpen(t, c)
	want := int64(0)
	for _, v := range c.tensors {
		want += 4 * int64(len(v.data))
	}
	mustConvert(t, opened, Options{Type: "f16"}) // hashes the files, so that the next one cannot begin twice
	last := int64(0)
	stats, err := opened.Convert(t.Context(), filepath.Join(t.TempDir(), "x.nbl"), Options{Type: "f16", Threads: 4, Progress: func(done, total int64, tensor string) {
		if done <= last || total != want || tensor == "" {
			t.Errorf("progress %d after %d, of %d (want %d), tensor %q", done, last, total, want, tensor)
		}
		last = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != want || stats.SourceBytes != want {
		t.Errorf("ended at %d, stats say %d, want %d", last, stats.SourceBytes, want)
	}
}

// TestLimits: a weight of exactly the largest magnitude is converted.
func TestLimits(t *testing.T) {
	for _, name := range quant.MatrixNames() {
		codec, err := quant.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c := newLlama()
		v := float32(codec.MaxAbs())
		if float64(v) > codec.MaxAbs() {
			v = math.Nextafter32(v, 0)
		}
		c.tensors["lm_head.weight"].data[0] = -v
		r := mustConvert(t, mustOpen(t, c), Options{Type: name})
		if got := decode(t, r, "head")[0]; math.IsInf(float64(got), 0) || math.IsNaN(float64(got)) {
			t.Errorf("%s: %v became %v", name, -v, got)
		}
	}
}
