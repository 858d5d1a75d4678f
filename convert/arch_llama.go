package convert

import (
	"math"

	"nibble/format"
)

// llama is Llama 1 to 3 and what shares its code (Touvron et al. 2023, arXiv:2302.13971), by transformers' modeling_llama.py.
func llama() Arch {
	return Arch{
		ModelTypes: []string{"llama"},
		Parse:      parseLlama,
		Table: Table{
			Prefixes: []string{"model.", ""},
			Tensors: []Entry{
				from("embed.tokens", "embed_tokens"),
				from("layers.N.attn.norm", "layers.N.input_layernorm"),
				from("layers.N.attn.qkv", "layers.N.self_attn.q_proj", "layers.N.self_attn.k_proj", "layers.N.self_attn.v_proj"),
				from("layers.N.attn.out", "layers.N.self_attn.o_proj"),
				from("layers.N.mlp.norm", "layers.N.post_attention_layernorm"),
				from("layers.N.mlp.up", "layers.N.mlp.gate_proj", "layers.N.mlp.up_proj"),
				from("layers.N.mlp.down", "layers.N.mlp.down_proj"),
				from("final.norm", "norm"),
				head("lm_head"),
			},
			Ignored: []Ignored{
				{"layers.N.self_attn.rotary_emb.inv_freq", "rotary frequencies, made from config.json"},
				{"rotary_emb.inv_freq", "rotary frequencies, made from config.json"},
			},
			Keys: Keys{Vocab: "vocab_size", Context: "max_position_embeddings", Hidden: "hidden_size", FFN: "intermediate_size",
				Heads: "num_attention_heads", KVHeads: "num_key_value_heads", HeadDim: "head_dim"},
		},
	}
}

type llamaConfig struct {
	Vocab      int     `json:"vocab_size" config:"required,dim"`
	Context    int     `json:"max_position_embeddings" config:"dim"`
	Hidden     int     `json:"hidden_size" config:"required,dim"`
	FFN        int     `json:"intermediate_size" config:"required,dim"`
	Layers     int     `json:"num_hidden_layers" config:"required,dim"`
	Heads      int     `json:"num_attention_heads" config:"required,dim"`
	KVHeads    *int    `json:"num_key_value_heads" config:"dim"`
	HeadDim    *int    `json:"head_dim" config:"dim"`
	Activation string  `json:"hidden_act"`
	Eps        float64 `json:"rms_norm_eps"`
	AttnBias   bool    `json:"attention_bias"`
	MLPBias    bool    `json:"mlp_bias"`
	rotaryConfig
	special
}

func parseLlama(config Config) (format.Spec, error) {
	// Defaults of transformers' LlamaConfig.
	c := llamaConfig{Context: 2048, Activation: "silu", Eps: 1e-6, special: special{BOS: ref(1), EOS: tokenIDs{2}}}
	if err := config.Decode(&c); err != nil {
		return format.Spec{}, err
	}
	kvHeads := c.Heads
	if c.KVHeads != nil {
		kvHeads = *c.KVHeads
	}
	if c.Heads%kvHeads != 0 {
		return format.Spec{}, keyError("num_key_value_heads", "found %d, expected a divisor of num_attention_heads %d", kvHeads, c.Heads)
	}
	headDim := c.Hidden / c.Heads
	if c.HeadDim != nil {
		headDim = *c.HeadDim
	} else if c.Hidden%c.Heads != 0 {
		return format.Spec{}, keyError("num_attention_heads", "found %d, expected a divisor of hidden_size %d where head_dim is not given", c.Heads, c.Hidden)
	}
	rotary, err := c.rotary(headDim, c.Context)
	if err != nil {
		return format.Spec{}, err
	}
	act, err := activation("hidden_act", c.Activation)
	if err != nil {
		return format.Spec{}, err
	}
	bos, eos, err := c.check(config, c.Vocab)
	if err != nil {
		return format.Spec{}, err
	}
	return format.Spec{
		Architecture: "llama", Vocab: c.Vocab, Context: c.Context, Hidden: c.Hidden, Layers: c.Layers, FFN: c.FFN,
		Attention: format.Attention{Heads: c.Heads, KVHeads: kvHeads, HeadDim: headDim, Scale: 1 / math.Sqrt(float64(headDim)),
			QKVBias: c.AttnBias, OutBias: c.AttnBias},
		Norm:     format.Norm{Kind: format.RMSNorm, Eps: c.Eps},
		Position: format.Position{Kind: format.RotaryPositions, Rotary: rotary},
		MLP:      format.MLP{Activation: act, Gated: true, UpBias: c.MLPBias, DownBias: c.MLPBias},
		TiedHead: c.Tied, BOS: bos, EOS: eos,
	}, nil
}
