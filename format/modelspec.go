package format

// Spec is the shape of a decoder-only transformer as data: everything the forward pass needs beside the tensors. An
// architecture is a value of Spec, never a branch. It is stored in the container's metadata as JSON.
//
// Canonical tensors (rows x cols; rows are outputs):
//
//	embed.tokens        [Vocab x Hidden]
//	embed.positions     [Context x Hidden]                 learned positions only; float32
//	layers.N.attn.norm  [Hidden], layers.N.attn.norm.bias  norm before attention
//	layers.N.attn.qkv   [(Heads+2*KVHeads)*HeadDim x Hidden], .bias    query rows, then key rows, then value rows
//	layers.N.attn.out   [Hidden x Heads*HeadDim], .bias
//	layers.N.mlp.norm   [Hidden], .bias                    norm before the MLP
//	layers.N.mlp.up     [FFN x Hidden] plain, [2*FFN x Hidden] gated (gate rows, then up rows), .bias
//	layers.N.mlp.down   [Hidden x FFN], .bias
//	final.norm          [Hidden], .bias
//	head                [Vocab x Hidden]                   absent where TiedHead
type Spec struct {
	Architecture string `json:"architecture"` // model_type of the checkpoint, for people to read
	Vocab        int    `json:"vocab"`
	Context      int    `json:"context"` // positions the model was made for
	Hidden       int    `json:"hidden"`
	Layers       int    `json:"layers"`
	FFN          int    `json:"ffn"`

	Attention Attention `json:"attention"`
	Norm      Norm      `json:"norm"`
	Position  Position  `json:"position"`
	MLP       MLP       `json:"mlp"`
	TiedHead  bool      `json:"tied_head"`

	BOS *int  `json:"bos,omitempty"` // bos_token_id of config.json
	EOS []int `json:"eos,omitempty"`
}

// Attention describes the attention of every layer.
type Attention struct {
	Heads   int     `json:"heads"`
	KVHeads int     `json:"kv_heads"`
	HeadDim int     `json:"head_dim"`
	Scale   float64 `json:"scale"` // factor on query-key products, 1/sqrt(head_dim) in most models
	// Windows has one entry a layer: 0 for attention to all earlier positions, w to the last w positions, its own included.
	// Empty means 0 for every layer.
	Windows []int `json:"windows,omitempty"`
	QKVBias bool  `json:"qkv_bias,omitempty"`
	OutBias bool  `json:"out_bias,omitempty"`
}

// Norm kinds.
const (
	LayerNorm = "layernorm"
	RMSNorm   = "rmsnorm"
)

// Norm describes the normalization before attention, before the MLP and before the head.
type Norm struct {
	Kind string  `json:"kind"`
	Eps  float64 `json:"eps"`
	Bias bool    `json:"bias,omitempty"`
}

// Position kinds.
const (
	LearnedPositions = "learned"
	RotaryPositions  = "rotary"
)

// Position describes how positions enter the model.
type Position struct {
	Kind   string  `json:"kind"`
	Rotary *Rotary `json:"rotary,omitempty"`
}

// Rotary scaling kinds, by transformers' names.
const (
	RotaryDefault = "default"
	RotaryLinear  = "linear"
	RotaryLlama3  = "llama3"
)

// Rotary describes rotary position embeddings (Su et al. 2021, arXiv:2104.09864) in the half-split form of transformers.
type Rotary struct {
	Theta   float64 `json:"theta"`
	Dim     int     `json:"dim"` // leading dimensions of a head that are rotated; even
	Scaling string  `json:"scaling"`
	Factor  float64 `json:"factor,omitempty"`
	// The llama3 scaling's own parameters.
	LowFreqFactor   float64 `json:"low_freq_factor,omitempty"`
	HighFreqFactor  float64 `json:"high_freq_factor,omitempty"`
	OriginalContext int     `json:"original_context,omitempty"`
}

// Activations, by their usual names.
const (
	SiLU     = "silu"
	GELU     = "gelu"      // the exact form with erf
	GELUTanh = "gelu_tanh" // the tanh approximation
	ReLU     = "relu"
)

// MLP describes the feed-forward part of every layer.
type MLP struct {
	Activation string `json:"activation"`
	Gated      bool   `json:"gated,omitempty"`
	UpBias     bool   `json:"up_bias,omitempty"`
	DownBias   bool   `json:"down_bias,omitempty"`
}
