package convert

import (
	"math"

	"nibble/format"
)

// gpt2 is GPT-2 (Radford et al. 2019), by transformers' modeling_gpt2.py.
func gpt2() Arch {
	return Arch{
		ModelTypes: []string{"gpt2"},
		Parse:      parseGPT2,
		Table: Table{
			Prefixes: []string{"transformer.", ""},
			Tensors: []Entry{
				from("embed.tokens", "wte"),
				from("embed.positions", "wpe"),
				from("layers.N.attn.norm", "h.N.ln_1"),
				conv1D("layers.N.attn.qkv", "h.N.attn.c_attn"),
				conv1D("layers.N.attn.out", "h.N.attn.c_proj"),
				from("layers.N.mlp.norm", "h.N.ln_2"),
				conv1D("layers.N.mlp.up", "h.N.mlp.c_fc"),
				conv1D("layers.N.mlp.down", "h.N.mlp.c_proj"),
				from("final.norm", "ln_f"),
				head("lm_head"),
			},
			Ignored: []Ignored{
				{"h.N.attn.bias", "causal mask, the same for every model"},
				{"h.N.attn.masked_bias", "value of masked positions, the same for every model"},
			},
			Keys: Keys{Vocab: "vocab_size", Context: "n_positions", Hidden: "n_embd", FFN: "n_inner", Heads: "n_head"},
		},
	}
}

type gpt2Config struct {
	Vocab         int     `json:"vocab_size" config:"required,dim"`
	Context       int     `json:"n_positions" config:"required,dim"`
	Hidden        int     `json:"n_embd" config:"required,dim"`
	Layers        int     `json:"n_layer" config:"required,dim"`
	Heads         int     `json:"n_head" config:"required,dim"`
	FFN           *int    `json:"n_inner" config:"dim"`
	Activation    string  `json:"activation_function"`
	Eps           float64 `json:"layer_norm_epsilon"`
	Scaled        bool    `json:"scale_attn_weights"`
	ScaledByLayer bool    `json:"scale_attn_by_inverse_layer_idx"`
	Cross         bool    `json:"add_cross_attention"`
	special
}

func parseGPT2(config Config) (format.Spec, error) {
	// Defaults of transformers' GPT2Config.
	c := gpt2Config{Activation: "gelu_new", Eps: 1e-5, Scaled: true, special: special{Tied: true, BOS: ref(50256), EOS: tokenIDs{50256}}}
	if err := config.Decode(&c); err != nil {
		return format.Spec{}, err
	}
	if c.Hidden%c.Heads != 0 {
		return format.Spec{}, keyError("n_head", "found %d, expected a divisor of n_embd %d", c.Heads, c.Hidden)
	}
	if c.ScaledByLayer {
		return format.Spec{}, keyError("scale_attn_by_inverse_layer_idx", "true is not supported, expected false")
	}
	if c.Cross {
		return format.Spec{}, keyError("add_cross_attention", "true is not supported, expected false: only decoders are")
	}
	act, err := activation("activation_function", c.Activation)
	if err != nil {
		return format.Spec{}, err
	}
	bos, eos, err := c.check(config, c.Vocab)
	if err != nil {
		return format.Spec{}, err
	}
	ffn, headDim, scale := 4*c.Hidden, c.Hidden/c.Heads, 1.0
	if c.FFN != nil {
		ffn = *c.FFN
	}
	if c.Scaled {
		scale = 1 / math.Sqrt(float64(headDim))
	}
	return format.Spec{
		Architecture: "gpt2", Vocab: c.Vocab, Context: c.Context, Hidden: c.Hidden, Layers: c.Layers, FFN: ffn,
		Attention: format.Attention{Heads: c.Heads, KVHeads: c.Heads, HeadDim: headDim, Scale: scale, QKVBias: true, OutBias: true},
		Norm:      format.Norm{Kind: format.LayerNorm, Eps: c.Eps, Bias: true},
		Position:  format.Position{Kind: format.LearnedPositions},
		MLP:       format.MLP{Activation: act, UpBias: true, DownBias: true},
		TiedHead:  c.Tied, BOS: bos, EOS: eos,
	}, nil
}
