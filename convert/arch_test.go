package convert

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/format"
)

// flip turns [in, out] values into [out, in], by definition.
func flip(v *values) []float32 {
	in, out := v.shape[0], v.shape[1]
	flipped := make([]float32, in*out)
	for i := range in {
		for o := range out {
			flipped[o*in+i] = v.data[i*out+o]
		}
	}
	return flipped
}

// checkTensors converts to f32, which is exact, and compares every tensor with what it must hold.
func checkTensors(t *testing.T, c *checkpoint, want map[string][]float32) {
	t.Helper()
	r := mustConvert(t, mustOpen(t, c), Options{Type: "f32"})
	var names []string
	for _, info := range r.Tensors() {
		names = append(names, info.Name)
		if !slices.Equal(decode(t, r, info.Name), want[info.Name]) {
			t.Errorf("%s differs", info.Name)
		}
		if info.Error != (format.TensorError{Exact: true}) {
			t.Errorf("%s: error %+v, want an exact copy", info.Name, info.Error)
		}
	}
	slices.Sort(names)
	if wanted := slices.Sorted(maps.Keys(want)); !slices.Equal(names, wanted) {
		t.Errorf("tensors differ: %s", cmp.Diff(wanted, names))
	}
}

func llamaTensors(c *checkpoint, biases bool) map[string][]float32 {
	get := func(name string) []float32 { return c.tensors[name].data }
	want := map[string][]float32{"embed.tokens": get("model.embed_tokens.weight"), "final.norm": get("model.norm.weight"), "head": get("lm_head.weight")}
	for n := range 2 {
		to, p := fmt.Sprintf("layers.%d.", n), fmt.Sprintf("model.layers.%d.", n)
		add := func(suffix, canonical string) {
			want[to+"attn.qkv"+canonical] = slices.Concat(get(p+"self_attn.q_proj"+suffix), get(p+"self_attn.k_proj"+suffix), get(p+"self_attn.v_proj"+suffix))
			want[to+"attn.out"+canonical] = get(p + "self_attn.o_proj" + suffix)
			want[to+"mlp.up"+canonical] = slices.Concat(get(p+"mlp.gate_proj"+suffix), get(p+"mlp.up_proj"+suffix))
			want[to+"mlp.down"+canonical] = get(p + "mlp.down_proj" + suffix)
		}
		add(".weight", "")
		if biases {
			add(".bias", ".bias")
		}
		want[to+"attn.norm"] = get(p + "input_layernorm.weight")
		want[to+"mlp.norm"] = get(p + "post_attention_layernorm.weight")
	}
	return want
}

func addLlamaBiases(c *checkpoint) {
	c.config["attention_bias"], c.config["mlp_bias"] = true, true
	for n := range 2 {
		p := fmt.Sprintf("model.layers.%d.", n)
		for name, size := range map[string]int{"self_attn.q_proj": 30, "self_attn.k_proj": 10, "self_attn.v_proj": 10, "self_attn.o_proj": 24,
			"mlp.gate_proj": 20, "mlp.up_proj": 20, "mlp.down_proj": 24} {
			c.add(p+name+".bias", size)
		}
	}
}

func TestLlamaTensors(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		c := newLlama()
		checkTensors(t, c, llamaTensors(c, false))
	})
	t.Run("biases", func(t *testing.T) {
		c := newLlama()
		addLlamaBiases(c)
		checkTensors(t, c, llamaTensors(c, true))
	})
	t.Run("without the prefix", func(t *testing.T) {
		c := newLlama()
		want := llamaTensors(c, false)
		c.rename(func(s string) string { return strings.TrimPrefix(s, "model.") })
		checkTensors(t, c, want)
	})
	t.Run("ignored", func(t *testing.T) {
		c := newLlama()
		want := llamaTensors(c, false)
		c.add("model.layers.1.self_attn.rotary_emb.inv_freq", 5)
		checkTensors(t, c, want)
		ignored := mustOpen(t, c).Ignored
		if len(ignored) != 1 || ignored[0].Name != "model.layers.1.self_attn.rotary_emb.inv_freq" || ignored[0].Reason == "" {
			t.Errorf("ignored %+v", ignored)
		}
	})
}

func gpt2Tensors(c *checkpoint) map[string][]float32 {
	get := func(name string) []float32 { return c.tensors["transformer."+name].data }
	want := map[string][]float32{"embed.tokens": get("wte.weight"), "embed.positions": get("wpe.weight"),
		"final.norm": get("ln_f.weight"), "final.norm.bias": get("ln_f.bias")}
	for n := range 2 {
		for to, from := range map[string]string{"attn.qkv": "attn.c_attn", "attn.out": "attn.c_proj", "mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj"} {
			want[fmt.Sprintf("layers.%d.%s", n, to)] = flip(c.tensors[fmt.Sprintf("transformer.h.%d.%s.weight", n, from)])
			want[fmt.Sprintf("layers.%d.%s.bias", n, to)] = get(fmt.Sprintf("h.%d.%s.bias", n, from))
		}
		for to, from := range map[string]string{"attn.norm": "ln_1", "mlp.norm": "ln_2"} {
			want[fmt.Sprintf("layers.%d.%s", n, to)] = get(fmt.Sprintf("h.%d.%s.weight", n, from))
			want[fmt.Sprintf("layers.%d.%s.bias", n, to)] = get(fmt.Sprintf("h.%d.%s.bias", n, from))
		}
	}
	return want
}

func TestGPT2Tensors(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		c := newGPT2()
		checkTensors(t, c, gpt2Tensors(c))
	})
	t.Run("without the prefix, with buffers", func(t *testing.T) {
		c := newGPT2()
		want := gpt2Tensors(c)
		c.rename(func(s string) string { return strings.TrimPrefix(s, "transformer.") })
		c.add("h.0.attn.bias", 1, 1, 11, 11)
		c.add("h.1.attn.masked_bias")
		checkTensors(t, c, want)
		if ignored := mustOpen(t, c).Ignored; len(ignored) != 2 {
			t.Errorf("ignored %+v, want the two buffers", ignored)
		}
	})
	t.Run("own inner size", func(t *testing.T) {
		c := newGPT2()
		c.config["n_inner"] = 50
		for n := range 2 {
			p := fmt.Sprintf("transformer.h.%d.mlp.", n)
			c.add(p+"c_fc.weight", 24, 50)
			c.add(p+"c_fc.bias", 50)
			c.add(p+"c_proj.weight", 50, 24)
		}
		checkTensors(t, c, gpt2Tensors(c))
	})
}

func TestGPTNeoTensors(t *testing.T) {
	c := newGPTNeo()
	get := func(name string) []float32 { return c.tensors["transformer."+name].data }
	want := map[string][]float32{"embed.tokens": get("wte.weight"), "embed.positions": get("wpe.weight"),
		"final.norm": get("ln_f.weight"), "final.norm.bias": get("ln_f.bias")}
	for n := range 2 {
		to, p := fmt.Sprintf("layers.%d.", n), fmt.Sprintf("h.%d.", n)
		want[to+"attn.qkv"] = slices.Concat(get(p+"attn.attention.q_proj.weight"), get(p+"attn.attention.k_proj.weight"), get(p+"attn.attention.v_proj.weight"))
		for canonical, from := range map[string]string{"attn.out": "attn.attention.out_proj", "mlp.up": "mlp.c_fc", "mlp.down": "mlp.c_proj", "attn.norm": "ln_1", "mlp.norm": "ln_2"} {
			want[to+canonical], want[to+canonical+".bias"] = get(p+from+".weight"), get(p+from+".bias")
		}
	}
	c.add("transformer.h.0.attn.attention.bias", 1, 1, 11, 11)
	c.add("transformer.h.0.attn.attention.masked_bias")
	checkTensors(t, c, want)
}

func TestSpecs(t *testing.T) {
	llamaSpec := format.Spec{Architecture: "llama", Vocab: 37, Context: 64, Hidden: 24, Layers: 2, FFN: 20,
		Attention: format.Attention{Heads: 3, KVHeads: 1, HeadDim: 10, Scale: 1 / math.Sqrt(10)},
		Norm:      format.Norm{Kind: format.RMSNorm, Eps: 1e-5},
		Position:  format.Position{Kind: format.RotaryPositions, Rotary: &format.Rotary{Theta: 5000, Dim: 10, Scaling: "default"}},
		MLP:       format.MLP{Activation: format.SiLU, Gated: true}, BOS: ref(1), EOS: []int{2}}
	gpt2Spec := format.Spec{Architecture: "gpt2", Vocab: 37, Context: 11, Hidden: 24, Layers: 2, FFN: 96,
		Attention: format.Attention{Heads: 3, KVHeads: 3, HeadDim: 8, Scale: 1 / math.Sqrt(8), QKVBias: true, OutBias: true},
		Norm:      format.Norm{Kind: format.LayerNorm, Eps: 1e-5, Bias: true},
		Position:  format.Position{Kind: format.LearnedPositions},
		MLP:       format.MLP{Activation: format.GELUTanh, UpBias: true, DownBias: true}, TiedHead: true}
	neoSpec := gpt2Spec
	neoSpec.Architecture = "gpt_neo"
	neoSpec.Attention = format.Attention{Heads: 3, KVHeads: 3, HeadDim: 8, Scale: 1, Windows: []int{0, 5}, OutBias: true}

	rope := func(r format.Rotary) func(*format.Spec) {
		return func(s *format.Spec) { r.Dim = 10; s.Position.Rotary = &r }
	}
	scaled := format.Rotary{Theta: 5000, Scaling: "llama3", Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalContext: 32}
	llama3 := map[string]any{"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
	with := func(m map[string]any, pairs ...any) map[string]any {
		m = maps.Clone(m)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	cases := []struct {
		name   string
		config map[string]any
		set    map[string]any // nil values delete the key
		base   format.Spec
		change func(*format.Spec)
	}{
		{"llama", newLlama().config, nil, llamaSpec, nil},
		{"llama, defaults", newLlama().config, map[string]any{"max_position_embeddings": nil, "rms_norm_eps": nil, "rope_theta": nil, "hidden_act": nil}, llamaSpec,
			func(s *format.Spec) { s.Context, s.Norm.Eps, s.Position.Rotary.Theta = 2048, 1e-6, 10000 }},
		{"llama, key heads and head size follow", newLlama().config, map[string]any{"num_key_value_heads": nil, "head_dim": nil}, llamaSpec,
			func(s *format.Spec) {
				s.Attention = format.Attention{Heads: 3, KVHeads: 3, HeadDim: 8, Scale: 1 / math.Sqrt(8)}
				s.Position.Rotary.Dim = 8
			}},
		{"llama, tied and biased", newLlama().config, map[string]any{"tie_word_embeddings": true, "attention_bias": true, "mlp_bias": true}, llamaSpec,
			func(s *format.Spec) {
				s.TiedHead, s.Attention.QKVBias, s.Attention.OutBias, s.MLP.UpBias, s.MLP.DownBias = true, true, true, true, true
			}},
		{"llama, several end tokens", newLlama().config, map[string]any{"bos_token_id": 128000, "eos_token_id": []int{3, 4}}, llamaSpec,
			func(s *format.Spec) { s.BOS, s.EOS = ref(128000), []int{3, 4} }},
		{"llama, new form", newLlama().config, map[string]any{"rope_theta": nil, "rope_parameters": map[string]any{"rope_type": "default", "rope_theta": 5000.0}}, llamaSpec, nil},
		{"llama, linear, old form", newLlama().config, map[string]any{"rope_scaling": map[string]any{"type": "linear", "factor": 2}}, llamaSpec,
			rope(format.Rotary{Theta: 5000, Scaling: "linear", Factor: 2})},
		{"llama, linear, new form", newLlama().config, map[string]any{"rope_theta": nil, "rope_parameters": map[string]any{"rope_type": "linear", "factor": 2.5, "rope_theta": 7}}, llamaSpec,
			rope(format.Rotary{Theta: 7, Scaling: "linear", Factor: 2.5})},
		{"llama, llama3, old form", newLlama().config, map[string]any{"rope_scaling": with(llama3, "rope_type", "llama3")}, llamaSpec, rope(scaled)},
		{"llama, llama3, type", newLlama().config, map[string]any{"rope_scaling": with(llama3, "type", "llama3")}, llamaSpec, rope(scaled)},
		{"llama, llama3, new form", newLlama().config, map[string]any{"rope_theta": nil, "rope_parameters": with(llama3, "rope_type", "llama3", "rope_theta", 5000)}, llamaSpec, rope(scaled)},
		{"gpt2", newGPT2().config, nil, gpt2Spec, nil},
		{"gpt2, variations", newGPT2().config, map[string]any{"n_inner": 50, "activation_function": "relu", "scale_attn_weights": false, "layer_norm_epsilon": 1e-6,
			"tie_word_embeddings": false, "bos_token_id": 50256, "eos_token_id": 50256}, gpt2Spec,
			func(s *format.Spec) {
				s.FFN, s.MLP.Activation, s.Attention.Scale, s.Norm.Eps, s.TiedHead, s.BOS, s.EOS = 50, format.ReLU, 1, 1e-6, false, ref(50256), []int{50256}
			}},
		{"gpt2, exact gelu", newGPT2().config, map[string]any{"activation_function": "gelu"}, gpt2Spec, func(s *format.Spec) { s.MLP.Activation = format.GELU }},
		{"gpt2, gelu_fast", newGPT2().config, map[string]any{"activation_function": "gelu_fast"}, gpt2Spec, nil},
		{"gpt_neo", newGPTNeo().config, nil, neoSpec, nil},
		{"gpt_neo, layers listed", newGPTNeo().config, map[string]any{"attention_types": nil, "attention_layers": []string{"local", "global"}, "window_size": nil}, neoSpec,
			func(s *format.Spec) { s.Attention.Windows = []int{256, 0} }},
		{"gpt_neo, default kinds", newGPTNeo().config, map[string]any{"attention_types": nil, "num_layers": 24}, neoSpec,
			func(s *format.Spec) {
				s.Layers = 24
				s.Attention.Windows = nil
				for range 12 {
					s.Attention.Windows = append(s.Attention.Windows, 0, 5)
				}
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config := &checkpoint{config: maps.Clone(c.config)}
			for k, v := range c.set {
				config.config[k] = v
				if v == nil {
					delete(config.config, k)
				}
			}
			got, err := parseSpec(config.fs()[ConfigFile].Data)
			if err != nil {
				t.Fatal(err)
			}
			want := c.base
			if want.Position.Rotary != nil {
				want.Position.Rotary = ref(*want.Position.Rotary)
			}
			if c.change != nil {
				c.change(&want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("spec differs (-want +got):\n%s", diff)
			}
		})
	}
}

// parseSpec is what Open does with config.json.
func parseSpec(data []byte) (format.Spec, error) {
	config, err := parseConfig(data)
	if err != nil {
		return format.Spec{}, err
	}
	arch, err := findArch(config)
	if err != nil {
		return format.Spec{}, err
	}
	spec, err := arch.Parse(config)
	if err != nil {
		return format.Spec{}, err
	}
	return spec, spec.Validate()
}

// TestTied: what is made of a head that config.json calls tied.
func TestTied(t *testing.T) {
	tied := func() *checkpoint {
		c := newLlama()
		c.config["tie_word_embeddings"] = true
		delete(c.tensors, "lm_head.weight")
		return c
	}
	t.Run("not stored", func(t *testing.T) {
		opened := mustOpen(t, tied())
		if !opened.Spec.TiedHead || len(opened.Ignored) != 0 {
			t.Errorf("tied %v, ignored %v", opened.Spec.TiedHead, opened.Ignored)
		}
	})
	t.Run("stored, equal", func(t *testing.T) {
		c := tied()
		c.tensors["lm_head.weight"] = c.tensors["model.embed_tokens.weight"]
		opened := mustOpen(t, c)
		if !opened.Spec.TiedHead || len(opened.Ignored) != 1 || !strings.Contains(opened.Ignored[0].Reason, "tied") {
			t.Errorf("tied %v, ignored %v", opened.Spec.TiedHead, opened.Ignored)
		}
	})
	t.Run("stored, different", func(t *testing.T) {
		c := tied()
		c.add("lm_head.weight", 37, 24)
		if mustOpen(t, c).Spec.TiedHead {
			t.Error("tied, expected a head of its own")
		}
		checkTensors(t, c, llamaTensors(c, false))
	})
	t.Run("only the head is stored", func(t *testing.T) {
		c := tied()
		want := llamaTensors(newLlama(), false)
		delete(want, "head")
		c.tensors["lm_head.weight"] = c.tensors["model.embed_tokens.weight"]
		delete(c.tensors, "model.embed_tokens.weight")
		checkTensors(t, c, want)
	})
	t.Run("gpt2 with a head of its own", func(t *testing.T) {
		c := newGPT2()
		c.config["tie_word_embeddings"] = false
		c.add("lm_head.weight", 37, 24)
		want := gpt2Tensors(c)
		want["head"] = c.tensors["lm_head.weight"].data
		checkTensors(t, c, want)
	})
}

func TestKnown(t *testing.T) {
	if got, want := Known(), []string{"gpt2", "gpt_neo", "llama"}; !slices.Equal(got, want) {
		t.Errorf("known %q, want %q", got, want)
	}
}
