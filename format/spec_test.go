package format

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestValidateAccepts(t *testing.T) {
	for name, s := range map[string]Spec{"learned": tinySpec(), "rotary": llamaSpec()} {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := tinySpec()
	bos := 50256 // beyond the vocabulary, as transformers' default is in small checkpoints
	s.BOS = &bos
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateRefuses(t *testing.T) {
	nan, inf, minus := math.NaN(), math.Inf(1), -1
	for _, c := range []struct {
		says   string
		change func(*Spec)
	}{
		{"architecture: \"a\\n\" holds the control character", func(s *Spec) { s.Architecture = "a\n" }},
		{"vocab: 0", func(s *Spec) { s.Vocab = 0 }},
		{"vocab: 16777217", func(s *Spec) { s.Vocab = maxVocab + 1 }},
		{"context: -1", func(s *Spec) { s.Context = -1 }},
		{"context: 268435457", func(s *Spec) { s.Context = maxContext + 1 }},
		{"hidden: 0", func(s *Spec) { s.Hidden = 0 }},
		{"hidden: 1048577", func(s *Spec) { s.Hidden = maxHidden + 1 }},
		{"layers: 0", func(s *Spec) { s.Layers, s.Attention.Windows = 0, nil }},
		{"layers: 4097", func(s *Spec) { s.Layers, s.Attention.Windows = maxLayers+1, nil }},
		{"ffn: 0", func(s *Spec) { s.FFN = 0 }},
		{"ffn: 16777217", func(s *Spec) { s.FFN = maxFFN + 1 }},
		{"attention.heads: 0", func(s *Spec) { s.Attention.Heads = 0 }},
		{"attention.heads: 16385", func(s *Spec) { s.Attention.Heads = maxHeads + 1 }},
		{"attention.kv_heads: 0", func(s *Spec) { s.Attention.KVHeads = 0 }},
		{"attention.kv_heads: 3, must divide the 4 heads", func(s *Spec) { s.Attention.KVHeads = 3 }},
		{"attention.kv_heads: 8, must divide the 4 heads", func(s *Spec) { s.Attention.KVHeads = 8 }},
		{"attention.head_dim: 0", func(s *Spec) { s.Attention.HeadDim = 0 }},
		{"attention.head_dim: 16385", func(s *Spec) { s.Attention.HeadDim = maxHeadDim + 1 }},
		{"attention.scale: 0", func(s *Spec) { s.Attention.Scale = 0 }},
		{"attention.scale: -1", func(s *Spec) { s.Attention.Scale = -1 }},
		{"attention.scale: NaN", func(s *Spec) { s.Attention.Scale = nan }},
		{"attention.scale: +Inf", func(s *Spec) { s.Attention.Scale = inf }},
		{"attention.windows: 1 entries", func(s *Spec) { s.Attention.Windows = []int{1} }},
		{"attention.windows: 3 entries", func(s *Spec) { s.Attention.Windows = []int{1, 2, 3} }},
		{"attention.windows: -1 for layer 1", func(s *Spec) { s.Attention.Windows = []int{1, -1} }},
		{"norm.kind: unknown \"groupnorm\"; known are layernorm, rmsnorm", func(s *Spec) { s.Norm.Kind = "groupnorm" }},
		{"norm.eps: 0", func(s *Spec) { s.Norm.Eps = 0 }},
		{"norm.eps: NaN", func(s *Spec) { s.Norm.Eps = nan }},
		{"norm.eps: +Inf", func(s *Spec) { s.Norm.Eps = inf }},
		{"norm.bias: true, rmsnorm has no bias", func(s *Spec) { s.Norm.Bias = true }},
		{"position.kind: unknown \"alibi\"", func(s *Spec) { s.Position.Kind = "alibi" }},
		{"position.rotary: present, learned", func(s *Spec) { s.Position.Kind = LearnedPositions }},
		{"position.rotary: missing", func(s *Spec) { s.Position.Rotary = nil }},
		{"position.rotary.theta: 0", func(s *Spec) { s.Position.Rotary.Theta = 0 }},
		{"position.rotary.theta: +Inf", func(s *Spec) { s.Position.Rotary.Theta = inf }},
		{"position.rotary.dim: 0", func(s *Spec) { s.Position.Rotary.Dim = 0 }},
		{"position.rotary.dim: 5", func(s *Spec) { s.Position.Rotary.Dim = 5 }},
		{"position.rotary.dim: 8", func(s *Spec) { s.Position.Rotary.Dim = 8 }},
		{"position.rotary.scaling: unknown \"yarn\"; known are default, linear, llama3", func(s *Spec) { s.Position.Rotary.Scaling = "yarn" }},
		{"position.rotary.factor: 0", func(s *Spec) { s.Position.Rotary.Factor = 0 }},
		{"position.rotary.factor: NaN", func(s *Spec) { s.Position.Rotary.Factor = nan }},
		{"position.rotary.factor: 2, default scaling has none", func(s *Spec) { *s.Position.Rotary = Rotary{Theta: 1, Dim: 2, Scaling: RotaryDefault, Factor: 2} }},
		{"belong to llama3 scaling, not to linear", func(s *Spec) { s.Position.Rotary.Scaling = RotaryLinear }},
		{"position.rotary.low_freq_factor: 0", func(s *Spec) { s.Position.Rotary.LowFreqFactor = 0 }},
		{"position.rotary.high_freq_factor: 1, must be above", func(s *Spec) { s.Position.Rotary.HighFreqFactor = 1 }},
		{"position.rotary.high_freq_factor: NaN", func(s *Spec) { s.Position.Rotary.HighFreqFactor = nan }},
		{"position.rotary.original_context: 0", func(s *Spec) { s.Position.Rotary.OriginalContext = 0 }},
		{"mlp.activation: unknown \"swish\"; known are silu, gelu, gelu_tanh, relu", func(s *Spec) { s.MLP.Activation = "swish" }},
		{"bos: token id -1", func(s *Spec) { s.BOS = &minus }},
		{"eos: token id -1", func(s *Spec) { s.EOS = []int{minus} }},
		{"eos: 1025 ids", func(s *Spec) { s.EOS = make([]int, 1025) }},
	} {
		s := llamaSpec()
		c.change(&s)
		err := s.Validate()
		if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v\nwant %s, alone", err, c.says)
		}
	}
	// All that is wrong is said.
	if err := (Spec{}).Validate(); err == nil || strings.Count(err.Error(), "\n") < 10 {
		t.Error(err)
	}
}

func show(tensors []TensorShape) []string {
	var out []string
	for _, x := range tensors {
		out = append(out, fmt.Sprintf("%s %dx%d raw=%v", x.Name, x.Rows, x.Cols, x.Raw))
	}
	return out
}

func TestTensors(t *testing.T) {
	if got, want := show(tinySpec().Tensors()), []string{
		"embed.tokens 5x4 raw=false",
		"embed.positions 6x4 raw=true",
		"layers.0.attn.norm 1x4 raw=true",
		"layers.0.attn.norm.bias 1x4 raw=true",
		"layers.0.attn.qkv 12x4 raw=false",
		"layers.0.attn.qkv.bias 1x12 raw=true",
		"layers.0.attn.out 4x4 raw=false",
		"layers.0.attn.out.bias 1x4 raw=true",
		"layers.0.mlp.norm 1x4 raw=true",
		"layers.0.mlp.norm.bias 1x4 raw=true",
		"layers.0.mlp.up 3x4 raw=false",
		"layers.0.mlp.up.bias 1x3 raw=true",
		"layers.0.mlp.down 4x3 raw=false",
		"layers.0.mlp.down.bias 1x4 raw=true",
		"final.norm 1x4 raw=true",
		"final.norm.bias 1x4 raw=true",
		"head 5x4 raw=false",
	}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	s := llamaSpec()
	s.Layers, s.Attention.Windows = 1, nil
	if got, want := show(s.Tensors()), []string{
		"embed.tokens 40x24 raw=false",
		"layers.0.attn.norm 1x24 raw=true",
		"layers.0.attn.qkv 48x24 raw=false",
		"layers.0.attn.out 24x24 raw=false",
		"layers.0.mlp.norm 1x24 raw=true",
		"layers.0.mlp.up 40x24 raw=false",
		"layers.0.mlp.down 24x20 raw=false",
		"final.norm 1x24 raw=true",
	}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The largest spec's rows and columns are those of a tensor.
	s = tinySpec()
	s.Vocab, s.Context, s.Hidden, s.FFN, s.MLP.Gated = maxVocab, maxContext, maxHidden, maxFFN, true
	s.Attention = Attention{Heads: maxHeads, KVHeads: maxHeads, HeadDim: maxHeadDim, Scale: 1}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	for _, x := range s.Tensors() {
		if err := checkDims(x.Rows, x.Cols); err != nil {
			t.Errorf("%s: %v", x.Name, err)
		}
	}
	// Every valid spec's tensors fit a container: names, dimensions, number.
	s = tinySpec()
	s.Layers = maxLayers
	all := s.Tensors()
	if len(all) > maxTensors {
		t.Errorf("%d tensors of %d layers, the index holds %d", len(all), s.Layers, maxTensors)
	}
	for _, x := range all {
		if err := checkTensorName(x.Name); err != nil {
			t.Error(err)
		}
	}
	if n := 0; true {
		for range s.tensors() { // a caller that stops early
			if n++; n == 5 {
				break
			}
		}
	}
}
