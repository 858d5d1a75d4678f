package convert

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestConfigErrors(t *testing.T) {
	type set = map[string]any
	missing := struct{}{} // deletes the key
	cases := []struct {
		name string
		base *checkpoint
		set  set
		want []string
	}{
		{"no model_type", newLlama(), set{"model_type": missing}, []string{`key "model_type"`, "is missing", "gpt2, gpt_neo, llama"}},
		{"unknown model_type", newLlama(), set{"model_type": "mamba"}, []string{`architecture "mamba" is not supported`, "gpt2, gpt_neo, llama"}},
		{"model_type is a number", newLlama(), set{"model_type": 3}, []string{`key "model_type"`, "found the number 3", "expected a string"}},
		{"number as a string", newLlama(), set{"hidden_size": "24"}, []string{`key "hidden_size"`, `found the string "24"`, "expected an integer"}},
		{"fraction", newLlama(), set{"hidden_size": 24.5}, []string{"found the number 24.5", "expected an integer"}},
		{"null", newLlama(), set{"hidden_size": nil}, []string{"found null", "expected an integer"}},
		{"zero", newLlama(), set{"num_attention_heads": 0}, []string{`key "num_attention_heads"`, "found 0"}},
		{"negative", newLlama(), set{"num_key_value_heads": -1}, []string{`key "num_key_value_heads"`, "found -1"}},
		{"huge", newLlama(), set{"num_hidden_layers": 1 << 40}, []string{`key "num_hidden_layers"`, "found 1099511627776"}},
		{"many layers", newLlama(), set{"num_hidden_layers": 1 << 30}, []string{"config.json", "layers: 1073741824"}},
		{"boolean as a number", newLlama(), set{"attention_bias": 1}, []string{`key "attention_bias"`, "found the number 1", "expected true or false"}},
		{"ids of strings", newLlama(), set{"eos_token_id": "</s>"}, []string{`key "eos_token_id"`, "expected an integer, a list of integers or null"}},
		{"negative id", newLlama(), set{"bos_token_id": -1}, []string{`key "bos_token_id"`, "found -1"}},
		{"heads", newLlama(), set{"num_key_value_heads": 2}, []string{`key "num_key_value_heads"`, "found 2", "divisor of num_attention_heads 3"}},
		{"head size does not divide", newLlama(), set{"head_dim": missing, "hidden_size": 25}, []string{`key "num_attention_heads"`, "divisor of hidden_size 25"}},
		{"odd head size", newLlama(), set{"head_dim": 9}, []string{`key "head_dim"`, "found 9", "even"}},
		{"epsilon", newLlama(), set{"rms_norm_eps": 0}, []string{"config.json", "eps"}},
		{"activation", newLlama(), set{"hidden_act": "mish"}, []string{`key "hidden_act"`, `activation "mish" is not supported`, "gelu_new", "silu"}},
		{"rope type", newLlama(), set{"rope_scaling": set{"type": "yarn", "factor": 2}}, []string{`key "rope_scaling"`, `rope_type "yarn" is not supported`, "default, linear, llama3"}},
		{"rope type, new form", newLlama(), set{"rope_parameters": set{"rope_type": "longrope"}}, []string{`key "rope_parameters"`, `rope_type "longrope"`}},
		{"rope factor missing", newLlama(), set{"rope_scaling": set{"type": "linear"}}, []string{`key "rope_scaling.factor"`, "is missing"}},
		{"rope factor wrong", newLlama(), set{"rope_scaling": set{"type": "linear", "factor": -1}}, []string{`key "rope_scaling.factor"`, "found -1"}},
		{"rope factor is a string", newLlama(), set{"rope_scaling": set{"type": "linear", "factor": "2"}}, []string{`key "rope_scaling.factor"`, "found string", "expected a number"}},
		{"rope low factor missing", newLlama(), set{"rope_parameters": set{"rope_type": "llama3", "factor": 8}}, []string{`key "rope_parameters.low_freq_factor"`, "is missing"}},
		{"rope factors the wrong way", newLlama(), set{"rope_parameters": set{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}}, []string{"high_freq_factor", "more than low_freq_factor 4"}},
		{"rope by layer type", newLlama(), set{"rope_parameters": set{"full_attention": set{"rope_type": "default"}}}, []string{`key "rope_parameters.full_attention"`, "found an object"}},
		{"rope theta", newLlama(), set{"rope_theta": 0}, []string{`key "rope_theta"`, "found 0"}},
		{"partial rotary", newLlama(), set{"partial_rotary_factor": 0.5}, []string{`key "partial_rotary_factor"`, "found 0.5"}},
		{"quantized", newLlama(), set{"quantization_config": set{"quant_method": "gptq"}}, []string{`key "quantization_config"`, `"gptq"`, "already quantized"}},
		{"gpt2: heads", newGPT2(), set{"n_head": 5}, []string{`key "n_head"`, "divisor of n_embd 24"}},
		{"gpt2: scale by layer", newGPT2(), set{"scale_attn_by_inverse_layer_idx": true}, []string{`key "scale_attn_by_inverse_layer_idx"`, "not supported"}},
		{"gpt2: cross attention", newGPT2(), set{"add_cross_attention": true}, []string{`key "add_cross_attention"`, "not supported"}},
		{"gpt2: activation", newGPT2(), set{"activation_function": "tanh"}, []string{`key "activation_function"`, `"tanh" is not supported`}},
		{"gpt_neo: kinds", newGPTNeo(), set{"attention_types": missing, "attention_layers": []string{"global", "sparse"}}, []string{`key "attention_layers"`, `"sparse" of layer 1`, "global, local"}},
		{"gpt_neo: number of kinds", newGPTNeo(), set{"attention_types": []any{[]any{[]any{"global"}, 3}}}, []string{`key "attention_types"`, "for 3 layers", "num_layers 2"}},
		{"gpt_neo: endless kinds", newGPTNeo(), set{"attention_types": []any{[]any{[]any{"global"}, 1 << 50}}}, []string{`key "attention_types"`, "num_layers 2"}},
		{"gpt_neo: kinds of another form", newGPTNeo(), set{"attention_types": []any{"global", "local"}}, []string{`key "attention_types"`, `[[["global", "local"], 12]]`}},
		{"gpt_neo: kinds that disagree", newGPTNeo(), set{"attention_layers": []string{"local", "local"}}, []string{`key "attention_layers"`, "attention_types says"}},
		{"gpt_neo: heads", newGPTNeo(), set{"num_heads": 5}, []string{`key "num_heads"`, "divisor of hidden_size 24"}},
	}
	// Every dimension that must be there.
	for base, keys := range map[*checkpoint]string{
		newLlama():  "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads",
		newGPT2():   "vocab_size n_positions n_embd n_layer n_head",
		newGPTNeo(): "vocab_size max_position_embeddings hidden_size num_layers num_heads",
	} {
		for key := range strings.FieldsSeq(keys) {
			cases = append(cases, struct {
				name string
				base *checkpoint
				set  set
				want []string
			}{fmt.Sprint(base.config["model_type"], " without ", key), base, set{key: missing}, []string{"config.json", fmt.Sprintf("key %q", key), "is missing, expected an integer"}})
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config := map[string]any{}
			for k, v := range c.base.config {
				config[k] = v
			}
			for k, v := range c.set {
				config[k] = v
				if v == missing {
					delete(config, k)
				}
			}
			changed := &checkpoint{config, c.base.tensors}
			checkFails(t, changed.fs(), append(c.want, "convert test: ")...)
		})
	}
}

func TestConfigFileErrors(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"empty", "", "not valid JSON"},
		{"no JSON", "{\n  \"model_type\": \"llama\",\n  oops\n}", "line 3: not valid JSON"},
		{"an array", "[1]", "found the list [1], expected an object"},
		{"null", "null", "found null, expected an object"},
		{"too large", `{"x":"` + strings.Repeat("x", maxConfig) + `"}`, "more than 16777216 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := newLlama().fs()
			fsys[ConfigFile] = &fstest.MapFile{Data: []byte(c.config)}
			checkFails(t, fsys, ConfigFile, c.want)
		})
	}
}

func TestTensorErrors(t *testing.T) {
	cases := []struct {
		name   string
		base   *checkpoint
		change func(c *checkpoint)
		want   []string
	}{
		{"one missing", newLlama(), func(c *checkpoint) { delete(c.tensors, "model.layers.1.self_attn.k_proj.weight") },
			[]string{`a tensor is missing: "model.layers.1.self_attn.k_proj.weight", expected shape [10 24] (num_key_value_heads 1 x head_dim 10, hidden_size 24)`}},
		{"head missing", newLlama(), func(c *checkpoint) { delete(c.tensors, "lm_head.weight") },
			[]string{`"lm_head.weight", expected shape [37 24] (vocab_size 37, hidden_size 24)`, "tie_word_embeddings"}},
		{"a layer missing", newLlama(), func(c *checkpoint) { c.config["num_hidden_layers"] = 3 },
			[]string{"9 tensors are missing", `"model.layers.2.input_layernorm.weight", expected shape [24] (hidden_size 24)`, "and 4 more"}},
		{"layers unknown", newLlama(), func(c *checkpoint) { c.config["num_hidden_layers"] = 1 },
			[]string{"9 tensors are unknown to architecture llama", `"model.layers.1.input_layernorm.weight"`, "and 4 more"}},
		{"bias unknown", newLlama(), func(c *checkpoint) { c.add("model.layers.0.self_attn.q_proj.bias", 30) },
			[]string{`tensor "model.layers.0.self_attn.q_proj.bias" is unknown to architecture llama`}},
		{"all names different", newLlama(), func(c *checkpoint) { c.rename(func(s string) string { return "x." + s }) },
			[]string{"21 tensors are missing", `"model.embed_tokens.weight"`, "21 tensors are unknown", `"x.lm_head.weight"`}},
		{"buffer in a place it does not belong", newLlama(), func(c *checkpoint) { c.add("model.layers.x.self_attn.rotary_emb.inv_freq", 5) },
			[]string{`"model.layers.x.self_attn.rotary_emb.inv_freq" is unknown`}},
		{"shape of the mlp", newLlama(), func(c *checkpoint) { c.add("model.layers.0.mlp.up_proj.weight", 20, 25) },
			[]string{`model.safetensors: tensor "model.layers.0.mlp.up_proj.weight": shape [20 25], config.json says [20 24] (intermediate_size 20, hidden_size 24)`}},
		{"shape of the vocabulary", newLlama(), func(c *checkpoint) { c.config["vocab_size"] = 38 },
			[]string{"2 tensors do not fit", `tensor "model.embed_tokens.weight": shape [37 24], config.json says [38 24] (vocab_size 38, hidden_size 24)`}},
		{"shape of a norm", newLlama(), func(c *checkpoint) { c.add("model.norm.weight", 1, 24) }, []string{"shape [1 24], config.json says [24]"}},
		{"Conv1D the wrong way", newGPT2(), func(c *checkpoint) { c.add("transformer.h.0.attn.c_attn.weight", 72, 24) },
			[]string{"shape [72 24], config.json says [24 72] (n_embd 24, 3 x n_embd 24)"}},
		{"dtype", newLlama(), func(c *checkpoint) { c.tensors["model.norm.weight"].dtype = "F8_E4M3" },
			[]string{`tensor "model.norm.weight": dtype F8_E4M3 cannot be read`}},
		{"positions", newGPT2(), func(c *checkpoint) { c.config["n_positions"] = 12 }, []string{"shape [11 24], config.json says [12 24] (n_positions 12, n_embd 24)"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.change(c.base)
			checkFails(t, c.base.fs(), c.want...)
		})
	}
}

func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("model.gguf", "GGUF")
	write("empty/sub/x", "")
	write("nothing/config.json", `{"model_type":"gpt2","vocab_size":5,"n_positions":4,"n_embd":2,"n_layer":1,"n_head":1}`)
	for _, c := range []struct {
		path string
		want []string
	}{
		{filepath.Join(dir, "absent"), []string{"absent", "no such file", "expected a checkpoint's folder"}},
		{file, []string{"is a file, not a folder", "config.json and model.safetensors"}},
		{dir, []string{dir, "no config.json in it (found: empty/, model.gguf, nothing/)"}},
		{filepath.Join(dir, "nothing"), []string{"no model.safetensors and no model.safetensors.index.json; found config.json"}},
	} {
		if IsCheckpoint(c.path) != (filepath.Base(c.path) == "nothing") {
			t.Errorf("%s: IsCheckpoint %v", c.path, IsCheckpoint(c.path))
		}
		_, err := OpenDir(c.path)
		if err == nil {
			t.Errorf("%s: opened, expected an error", c.path)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not contain %q", err, want)
			}
		}
	}
}

func TestModelName(t *testing.T) {
	for dir, want := range map[string]string{
		"/models/smollm2": "smollm2",
		"/models/x/":      "x",
		"/c/models--HuggingFaceTB--SmolLM2-135M/snapshots/0123abcd": "SmolLM2-135M",
		"/c/models--gpt2/snapshots/0123abcd":                        "gpt2",
		"/c/other/snapshots/0123abcd":                               "0123abcd",
	} {
		if got := modelName(dir); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

// FuzzConfig: no config.json panics, and what is accepted is a valid spec.
func FuzzConfig(f *testing.F) {
	for _, c := range []*checkpoint{newLlama(), newGPT2(), newGPTNeo()} {
		f.Add(c.fs()[ConfigFile].Data)
	}
	f.Add([]byte(`{"model_type":"llama","vocab_size":1,"hidden_size":2,"intermediate_size":1,"num_hidden_layers":1,"num_attention_heads":1,"rope_scaling":{"type":"linear","factor":1e308},"eos_token_id":[1,2]}`))
	f.Add([]byte(`{"model_type":"llama","rope_parameters":{"rope_type":"llama3","x":{}},"rope_scaling":null}`))
	f.Add([]byte(`{"model_type":"gpt_neo","vocab_size":1,"max_position_embeddings":2,"hidden_size":1,"num_layers":1,"num_heads":1,"attention_types":[[["global"],-1],[[],9]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := parseSpec(data)
		if err == nil && len(spec.Tensors()) < 9 {
			t.Fatalf("%d tensors from %s", len(spec.Tensors()), data)
		}
	})
}
