package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shape is what a checkpoint of random weights is made from.
type shape struct {
	arch    string // llama or gpt2
	layers  int
	hidden  int
	ffn     int
	heads   int
	kvHeads int
	headDim int // 0 until complete: hidden / heads
	vocab   int
	ctx     int
	dtype   dtype
	tie     bool
}

// presets are shapes by name. The sizes count all weights; tinyllama is the
// published shape of 1.1 billion, gpt2 the smallest of its family.
var presets = map[string]shape{
	"1m":        {arch: "llama", layers: 5, hidden: 128, ffn: 352, heads: 4, kvHeads: 2, vocab: 1024, ctx: 2048, dtype: bf16, tie: true},
	"10m":       {arch: "llama", layers: 6, hidden: 320, ffn: 864, heads: 5, kvHeads: 5, vocab: 8192, ctx: 2048, dtype: bf16, tie: true},
	"100m":      {arch: "llama", layers: 12, hidden: 768, ffn: 2048, heads: 12, kvHeads: 4, vocab: 32000, ctx: 2048, dtype: bf16, tie: true},
	"1b":        {arch: "llama", layers: 20, hidden: 2048, ffn: 5632, heads: 32, kvHeads: 4, vocab: 32000, ctx: 2048, dtype: bf16},
	"tinyllama": {arch: "llama", layers: 22, hidden: 2048, ffn: 5632, heads: 32, kvHeads: 4, vocab: 32000, ctx: 2048, dtype: bf16},
	"gpt2":      {arch: "gpt2", layers: 12, hidden: 768, ffn: 3072, heads: 12, kvHeads: 12, vocab: 50257, ctx: 1024, dtype: f32, tie: true},
}

func presetNames() string { return strings.Join(slices.Sorted(maps.Keys(presets)), ", ") }

// set copies the field of a flag that was said.
func (s *shape) set(name string, said shape) {
	switch name {
	case "arch":
		s.arch = said.arch
	case "layers":
		s.layers = said.layers
	case "hidden":
		s.hidden = said.hidden
	case "ffn":
		s.ffn = said.ffn
	case "heads":
		s.heads = said.heads
	case "kv-heads":
		s.kvHeads = said.kvHeads
	case "head-dim":
		s.headDim = said.headDim
	case "vocab":
		s.vocab = said.vocab
	case "ctx":
		s.ctx = said.ctx
	case "dtype":
		s.dtype = said.dtype
	case "tie":
		s.tie = said.tie
	}
}

// Bounds that keep every product of two sizes inside an int64, and a mistyped
// zero from filling a disk.
const (
	maxSize    = 1 << 24
	maxWeights = 1 << 36
)

// complete fills in what follows from the rest and says what does not fit.
func (s *shape) complete() error {
	if s.arch != "llama" && s.arch != "gpt2" {
		return fmt.Errorf("architecture %q is not known; known are gpt2, llama", s.arch)
	}
	if s.dtype.bytes() == 0 {
		return fmt.Errorf("dtype %q is not known; known are bf16, f16, f32", s.dtype)
	}
	if s.arch == "gpt2" {
		s.kvHeads, s.tie = s.heads, true
		if s.headDim != 0 && s.headDim*s.heads != s.hidden {
			return fmt.Errorf("-head-dim %d: gpt2 has heads of hidden/heads = %d/%d", s.headDim, s.hidden, s.heads)
		}
	}
	for _, f := range []struct {
		name string
		n    int
	}{
		{"layers", s.layers}, {"hidden", s.hidden}, {"ffn", s.ffn}, {"heads", s.heads},
		{"kv-heads", s.kvHeads}, {"vocab", s.vocab}, {"ctx", s.ctx},
	} {
		if f.n < 1 || f.n > maxSize {
			return fmt.Errorf("-%s %d: want 1 to %d", f.name, f.n, maxSize)
		}
	}
	if s.headDim == 0 {
		if s.hidden%s.heads != 0 {
			return fmt.Errorf("-hidden %d is no multiple of -heads %d: give -head-dim", s.hidden, s.heads)
		}
		s.headDim = s.hidden / s.heads
	}
	if s.headDim < 1 || s.headDim > maxSize || s.arch == "llama" && s.headDim%2 != 0 {
		return fmt.Errorf("heads of width %d: want 1 to %d, and an even number for llama's rotary embedding", s.headDim, maxSize)
	}
	if s.heads%s.kvHeads != 0 {
		return fmt.Errorf("-heads %d is no multiple of -kv-heads %d", s.heads, s.kvHeads)
	}
	// In float64, where nothing overflows; exact enough for a limit.
	h, q, kv := float64(s.hidden), float64(s.heads)*float64(s.headDim), float64(s.kvHeads)*float64(s.headDim)
	about := float64(s.layers)*(2*h*q+2*h*kv+3*h*float64(s.ffn)) + 2*h*float64(s.vocab)
	if about > maxWeights {
		return fmt.Errorf("the shape has some %.3g weights, the limit is %d", about, int64(maxWeights))
	}
	return nil
}

// tensor is one entry of the file.
type tensor struct {
	name  string
	shape []int
	gain  bool // a norm's gain: near 1 instead of near 0
}

func (t tensor) elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		n *= int64(d)
	}
	return n
}

// weights counts the numbers in the checkpoint.
func (s shape) weights() int64 {
	var n int64
	for _, t := range s.tensors() {
		n += t.elements()
	}
	return n
}

// tensors lists what transformers' classes LlamaForCausalLM and
// GPT2LMHeadModel save, in the order of the model.
func (s shape) tensors() []tensor {
	if s.arch == "gpt2" {
		return s.gpt2()
	}
	q, kv := s.heads*s.headDim, s.kvHeads*s.headDim
	list := []tensor{{"model.embed_tokens.weight", []int{s.vocab, s.hidden}, false}}
	for i := range s.layers {
		p := fmt.Sprintf("model.layers.%d.", i)
		list = append(list,
			tensor{p + "input_layernorm.weight", []int{s.hidden}, true},
			tensor{p + "self_attn.q_proj.weight", []int{q, s.hidden}, false},
			tensor{p + "self_attn.k_proj.weight", []int{kv, s.hidden}, false},
			tensor{p + "self_attn.v_proj.weight", []int{kv, s.hidden}, false},
			tensor{p + "self_attn.o_proj.weight", []int{s.hidden, q}, false},
			tensor{p + "post_attention_layernorm.weight", []int{s.hidden}, true},
			tensor{p + "mlp.gate_proj.weight", []int{s.ffn, s.hidden}, false},
			tensor{p + "mlp.up_proj.weight", []int{s.ffn, s.hidden}, false},
			tensor{p + "mlp.down_proj.weight", []int{s.hidden, s.ffn}, false},
		)
	}
	list = append(list, tensor{"model.norm.weight", []int{s.hidden}, true})
	if !s.tie {
		list = append(list, tensor{"lm_head.weight", []int{s.vocab, s.hidden}, false})
	}
	return list
}

// gpt2 stores its matrices as Conv1D does: [in, out].
func (s shape) gpt2() []tensor {
	list := []tensor{
		{"transformer.wte.weight", []int{s.vocab, s.hidden}, false},
		{"transformer.wpe.weight", []int{s.ctx, s.hidden}, false},
	}
	norm := func(name string) {
		list = append(list, tensor{name + ".weight", []int{s.hidden}, true}, tensor{name + ".bias", []int{s.hidden}, false})
	}
	linear := func(name string, in, out int) {
		list = append(list, tensor{name + ".weight", []int{in, out}, false}, tensor{name + ".bias", []int{out}, false})
	}
	for i := range s.layers {
		p := fmt.Sprintf("transformer.h.%d.", i)
		norm(p + "ln_1")
		linear(p+"attn.c_attn", s.hidden, 3*s.hidden)
		linear(p+"attn.c_proj", s.hidden, s.hidden)
		norm(p + "ln_2")
		linear(p+"mlp.c_fc", s.hidden, s.ffn)
		linear(p+"mlp.c_proj", s.ffn, s.hidden)
	}
	norm("transformer.ln_f")
	return list
}

// config is config.json with the keys that transformers writes.
func (s shape) config() ([]byte, error) {
	c := map[string]any{
		"model_type": s.arch, "vocab_size": s.vocab, "tie_word_embeddings": s.tie,
		"torch_dtype": s.dtype.torch(), "bos_token_id": 0, "eos_token_id": 0, "initializer_range": std, "use_cache": true,
	}
	if s.arch == "gpt2" {
		maps.Copy(c, map[string]any{
			"architectures": []string{"GPT2LMHeadModel"}, "n_embd": s.hidden, "n_layer": s.layers, "n_head": s.heads,
			"n_inner": s.ffn, "n_positions": s.ctx, "n_ctx": s.ctx, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
			"scale_attn_weights": true, "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
		})
	} else {
		maps.Copy(c, map[string]any{
			"architectures": []string{"LlamaForCausalLM"}, "hidden_size": s.hidden, "num_hidden_layers": s.layers,
			"num_attention_heads": s.heads, "num_key_value_heads": s.kvHeads, "head_dim": s.headDim, "intermediate_size": s.ffn,
			"max_position_embeddings": s.ctx, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": nil,
			"attention_bias": false, "mlp_bias": false, "attention_dropout": 0.0, "pretraining_tp": 1,
		})
	}
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}
