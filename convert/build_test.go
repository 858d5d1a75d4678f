package convert

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nibble/format"
	"nibble/quant"
)

// checkpoint is a small model that a test makes, changes and opens.
type checkpoint struct {
	config  map[string]any
	tensors map[string]*values
}

type values struct {
	shape []int
	data  []float32
	dtype string // F32 unless set: BF16, F16 (of values they hold exactly), or a type without meaning here
}

// add makes a tensor of normally distributed values that depend on its name alone.
func (c *checkpoint) add(name string, shape ...int) {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := &values{shape: shape, data: make([]float32, n)}
	for i := range v.data {
		v.data[i] = float32(rng.NormFloat64())
	}
	c.tensors[name] = v
}

// rename moves every tensor to another name; an empty one drops it.
func (c *checkpoint) rename(f func(string) string) *checkpoint {
	renamed := map[string]*values{}
	for name, v := range c.tensors {
		if to := f(name); to != "" {
			renamed[to] = v
		}
	}
	c.tensors = renamed
	return c
}

// safetensors writes tensors as one file.
func safetensorsFile(tensors map[string]*values) []byte {
	var entries []string
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		v, begin := tensors[name], len(data)
		dtype := v.dtype
		if dtype == "" {
			dtype = "F32"
		}
		for _, x := range v.data {
			switch bits := math.Float32bits(x); dtype {
			case "F32":
				data = binary.LittleEndian.AppendUint32(data, bits)
			case "BF16":
				data = binary.LittleEndian.AppendUint16(data, uint16(bits>>16))
			default:
				data = append(data, 0)
			}
		}
		shape, _ := json.Marshal(v.shape)
		if v.shape == nil {
			shape = []byte("[]")
		}
		entries = append(entries, fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, len(data)))
	}
	header := "{" + strings.Join(entries, ",") + "}"
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func (c *checkpoint) fs() fstest.MapFS {
	config, err := json.Marshal(c.config)
	if err != nil {
		panic(err)
	}
	return fstest.MapFS{
		ConfigFile:          {Data: config},
		"model.safetensors": {Data: safetensorsFile(c.tensors)},
	}
}

// newLlama: no dimension is a multiple of 16, head size x heads is not the hidden size, three query heads share one key head.
func newLlama() *checkpoint {
	c := &checkpoint{config: map[string]any{
		"model_type": "llama", "vocab_size": 37, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2,
		"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 10, "max_position_embeddings": 64,
		"rms_norm_eps": 1e-5, "rope_theta": 5000.0, "hidden_act": "silu",
	}, tensors: map[string]*values{}}
	c.add("model.embed_tokens.weight", 37, 24)
	c.add("model.norm.weight", 24)
	c.add("lm_head.weight", 37, 24)
	for n := range 2 {
		p := fmt.Sprintf("model.layers.%d.", n)
		c.add(p+"input_layernorm.weight", 24)
		c.add(p+"self_attn.q_proj.weight", 30, 24)
		c.add(p+"self_attn.k_proj.weight", 10, 24)
		c.add(p+"self_attn.v_proj.weight", 10, 24)
		c.add(p+"self_attn.o_proj.weight", 24, 30)
		c.add(p+"post_attention_layernorm.weight", 24)
		c.add(p+"mlp.gate_proj.weight", 20, 24)
		c.add(p+"mlp.up_proj.weight", 20, 24)
		c.add(p+"mlp.down_proj.weight", 24, 20)
	}
	return c
}

func newGPT2() *checkpoint {
	c := &checkpoint{config: map[string]any{
		"model_type": "gpt2", "vocab_size": 37, "n_positions": 11, "n_embd": 24, "n_layer": 2, "n_head": 3,
	}, tensors: map[string]*values{}}
	c.add("transformer.wte.weight", 37, 24)
	c.add("transformer.wpe.weight", 11, 24)
	c.add("transformer.ln_f.weight", 24)
	c.add("transformer.ln_f.bias", 24)
	for n := range 2 {
		p := fmt.Sprintf("transformer.h.%d.", n)
		for _, norm := range []string{"ln_1", "ln_2"} {
			c.add(p+norm+".weight", 24)
			c.add(p+norm+".bias", 24)
		}
		c.add(p+"attn.c_attn.weight", 24, 72)
		c.add(p+"attn.c_attn.bias", 72)
		c.add(p+"attn.c_proj.weight", 24, 24)
		c.add(p+"attn.c_proj.bias", 24)
		c.add(p+"mlp.c_fc.weight", 24, 96)
		c.add(p+"mlp.c_fc.bias", 96)
		c.add(p+"mlp.c_proj.weight", 96, 24)
		c.add(p+"mlp.c_proj.bias", 24)
	}
	return c
}

func newGPTNeo() *checkpoint {
	c := &checkpoint{config: map[string]any{
		"model_type": "gpt_neo", "vocab_size": 37, "max_position_embeddings": 11, "hidden_size": 24, "num_layers": 2, "num_heads": 3,
		"attention_types": []any{[]any{[]any{"global", "local"}, 1}}, "window_size": 5,
	}, tensors: map[string]*values{}}
	c.add("transformer.wte.weight", 37, 24)
	c.add("transformer.wpe.weight", 11, 24)
	c.add("transformer.ln_f.weight", 24)
	c.add("transformer.ln_f.bias", 24)
	for n := range 2 {
		p := fmt.Sprintf("transformer.h.%d.", n)
		for _, norm := range []string{"ln_1", "ln_2"} {
			c.add(p+norm+".weight", 24)
			c.add(p+norm+".bias", 24)
		}
		for _, proj := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
			c.add(p+"attn.attention."+proj+".weight", 24, 24)
		}
		c.add(p+"attn.attention.out_proj.bias", 24)
		c.add(p+"mlp.c_fc.weight", 96, 24)
		c.add(p+"mlp.c_fc.bias", 96)
		c.add(p+"mlp.c_proj.weight", 24, 96)
		c.add(p+"mlp.c_proj.bias", 24)
	}
	return c
}

// mustOpen opens a checkpoint that must be right.
func mustOpen(t *testing.T, c *checkpoint) *Checkpoint {
	t.Helper()
	opened, err := Open(c.fs(), "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// mustConvert converts and opens the container.
func mustConvert(t *testing.T, c *Checkpoint, o Options) *format.Reader {
	t.Helper()
	out := t.TempDir() + "/test.nbl"
	if _, err := c.Convert(t.Context(), out, o); err != nil {
		t.Fatal(err)
	}
	r, err := format.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// decode returns a tensor's values, row-major.
func decode(t *testing.T, r *format.Reader, name string) []float32 {
	t.Helper()
	info, ok := r.Lookup(name)
	if !ok {
		t.Fatalf("no tensor %q", name)
	}
	data, err := r.Bytes(info)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := quant.Lookup(info.Codec)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, info.Rows*info.Cols)
	codec.Decode(out, data, info.Rows, info.Cols)
	return out
}

// checkFails opens a checkpoint that must be refused, with all of want in the error.
func checkFails(t *testing.T, fsys fstest.MapFS, want ...string) {
	t.Helper()
	c, err := Open(fsys, "test")
	if err == nil {
		c.Close()
		t.Fatalf("opened, expected an error with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not contain %q", err, w)
		}
	}
}
