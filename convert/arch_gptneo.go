package convert

import (
	"encoding/json"
	"slices"

	"nibble/format"
)

// gptNeo is GPT-Neo (Black et al. 2021), by transformers' modeling_gpt_neo.py: GPT-2 with plain Linear layers, separate query,
// key and value without bias, products not scaled by 1/sqrt(head size), and windowed attention in some layers.
func gptNeo() Arch {
	return Arch{
		ModelTypes: []string{"gpt_neo"},
		Parse:      parseGPTNeo,
		Table: Table{
			Prefixes: []string{"transformer.", ""},
			Tensors: []Entry{
				from("embed.tokens", "wte"),
				from("embed.positions", "wpe"),
				from("layers.N.attn.norm", "h.N.ln_1"),
				from("layers.N.attn.qkv", "h.N.attn.attention.q_proj", "h.N.attn.attention.k_proj", "h.N.attn.attention.v_proj"),
				from("layers.N.attn.out", "h.N.attn.attention.out_proj"),
				from("layers.N.mlp.norm", "h.N.ln_2"),
				from("layers.N.mlp.up", "h.N.mlp.c_fc"),
				from("layers.N.mlp.down", "h.N.mlp.c_proj"),
				from("final.norm", "ln_f"),
				head("lm_head"),
			},
			Ignored: []Ignored{
				{"h.N.attn.attention.bias", "causal mask, made from window_size"},
				{"h.N.attn.attention.masked_bias", "value of masked positions, the same for every model"},
			},
			Keys: Keys{Vocab: "vocab_size", Context: "max_position_embeddings", Hidden: "hidden_size", FFN: "intermediate_size", Heads: "num_heads"},
		},
	}
}

type gptNeoConfig struct {
	Vocab      int              `json:"vocab_size" config:"required,dim"`
	Context    int              `json:"max_position_embeddings" config:"required,dim"`
	Hidden     int              `json:"hidden_size" config:"required,dim"`
	Layers     int              `json:"num_layers" config:"required,dim"`
	Heads      int              `json:"num_heads" config:"required,dim"`
	FFN        *int             `json:"intermediate_size" config:"dim"`
	Kinds      []string         `json:"attention_layers"` // "global" or "local", one a layer
	KindRuns   []attentionTypes `json:"attention_types"`
	Window     int              `json:"window_size" config:"dim"`
	Activation string           `json:"activation_function"`
	Eps        float64          `json:"layer_norm_epsilon"`
	special
}

// attentionTypes is [["global", "local"], 12]: the kinds, and how often they are repeated.
type attentionTypes struct {
	kinds  []string
	repeat int
}

func (a *attentionTypes) UnmarshalJSON(data []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return &json.UnsupportedValueError{Str: string(data)}
	}
	if err := json.Unmarshal(pair[0], &a.kinds); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &a.repeat)
}

func parseGPTNeo(config Config) (format.Spec, error) {
	// Defaults of transformers' GPTNeoConfig.
	c := gptNeoConfig{Window: 256, Activation: "gelu_new", Eps: 1e-5, special: special{Tied: true, BOS: ref(50256), EOS: tokenIDs{50256}}}
	if err := config.Decode(&c); err != nil {
		return format.Spec{}, err
	}
	if c.Hidden%c.Heads != 0 {
		return format.Spec{}, keyError("num_heads", "found %d, expected a divisor of hidden_size %d", c.Heads, c.Hidden)
	}
	windows, err := c.windows()
	if err != nil {
		return format.Spec{}, err
	}
	act, err := activation("activation_function", c.Activation)
	if err != nil {
		return format.Spec{}, err
	}
	bos, eos, err := c.check(config, c.Vocab)
	if err != nil {
		return format.Spec{}, err
	}
	ffn := 4 * c.Hidden
	if c.FFN != nil {
		ffn = *c.FFN
	}
	return format.Spec{
		Architecture: "gpt_neo", Vocab: c.Vocab, Context: c.Context, Hidden: c.Hidden, Layers: c.Layers, FFN: ffn,
		Attention: format.Attention{Heads: c.Heads, KVHeads: c.Heads, HeadDim: c.Hidden / c.Heads, Scale: 1, Windows: windows, OutBias: true},
		Norm:      format.Norm{Kind: format.LayerNorm, Eps: c.Eps, Bias: true},
		Position:  format.Position{Kind: format.LearnedPositions},
		MLP:       format.MLP{Activation: act, UpBias: true, DownBias: true},
		TiedHead:  c.Tied, BOS: bos, EOS: eos,
	}, nil
}

// windows returns the window of each layer. Both keys say the same; where only one is there, it counts, where none is there,
// transformers' default of [["global", "local"], 12].
func (c gptNeoConfig) windows() ([]int, error) {
	if c.Kinds == nil && c.KindRuns == nil {
		c.KindRuns = []attentionTypes{{[]string{"global", "local"}, 12}}
	}
	var kinds []string
	for _, run := range c.KindRuns {
		for range run.repeat {
			if len(run.kinds) == 0 || len(kinds) > c.Layers {
				break // too many: refused below, however large repeat is
			}
			kinds = append(kinds, run.kinds...)
		}
	}
	key := "attention_types"
	if c.Kinds != nil {
		if c.KindRuns != nil && !slices.Equal(c.Kinds, kinds) {
			return nil, keyError("attention_layers", "found %q, attention_types says %q; expected the same", c.Kinds, kinds)
		}
		key, kinds = "attention_layers", c.Kinds
	}
	if len(kinds) != c.Layers {
		return nil, keyError(key, "found kinds for %d layers, expected num_layers %d of them", len(kinds), c.Layers)
	}
	windows := make([]int, len(kinds))
	for i, kind := range kinds {
		switch kind {
		case "global":
		case "local":
			windows[i] = c.Window
		default:
			return nil, keyError(key, "attention kind %q of layer %d is not supported; known are global, local", kind, i)
		}
	}
	return windows, nil
}
