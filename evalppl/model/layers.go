package model

import (
	"fmt"

	"nibble/format"
	"nibble/kernels"
)

// layer holds one transformer layer's weights.
type layer struct {
	attnNorm, mlpNorm norm
	qkv, attnOut      *matrix
	up, down          *matrix
	window            int // 0: all earlier positions
}

// norm is one normalization.
type norm struct {
	name       string // of the gain's tensor
	apply      func(dst, x, gain, bias []float32, eps float32)
	applyAdd   func(dst, x, delta, gain, bias []float32, eps float32)
	gain, bias []float32
	eps        float32
}

func (n *norm) run(dst, x []float32) { n.apply(dst, x, n.gain, n.bias, n.eps) }

// runAdd adds delta to x first.
func (n *norm) runAdd(dst, x, delta []float32) { n.applyAdd(dst, x, delta, n.gain, n.bias, n.eps) }

func newNorm(r *format.Reader, spec format.Spec, name string) (norm, error) {
	n := norm{name: name, eps: float32(spec.Norm.Eps)}
	switch spec.Norm.Kind {
	case format.LayerNorm:
		n.apply, n.applyAdd = kernels.LayerNorm, kernels.AddLayerNorm
	case format.RMSNorm:
		n.apply = func(dst, x, gain, _ []float32, eps float32) { kernels.RMSNorm(dst, x, gain, eps) }
		n.applyAdd = func(dst, x, delta, gain, _ []float32, eps float32) { kernels.AddRMSNorm(dst, x, delta, gain, eps) }
	default:
		return n, fmt.Errorf("norm kind %q is not known; known: %s, %s", spec.Norm.Kind, format.LayerNorm, format.RMSNorm)
	}
	var err error
	if n.gain, err = vector(r, name, spec.Hidden); err != nil {
		return n, err
	}
	if spec.Norm.Bias {
		n.bias, err = vector(r, name+".bias", spec.Hidden)
	}
	return n, err
}

// activation computes values of the MLP's hidden row from as many gate values and up values. Without a gate both are the same.
type activation func(dst, gate, up []float32)

func newActivation(m format.MLP) (activation, error) {
	plain := map[string]func(dst, x []float32){
		format.SiLU: kernels.SiLU, format.GELU: kernels.GELU, format.GELUTanh: kernels.GELUTanh, format.ReLU: kernels.ReLU,
	}
	gated := map[string]activation{
		format.SiLU: kernels.SiLUMul, format.GELU: kernels.GELUMul, format.GELUTanh: kernels.GELUTanhMul,
	}
	if m.Gated {
		if f := gated[m.Activation]; f != nil {
			return f, nil
		}
		return nil, fmt.Errorf("gated activation %q is not known; known: silu, gelu, gelu_tanh", m.Activation)
	}
	if f := plain[m.Activation]; f != nil {
		return func(dst, x, _ []float32) { f(dst, x) }, nil
	}
	return nil, fmt.Errorf("activation %q is not known; known: silu, gelu, gelu_tanh, relu", m.Activation)
}

func newLayer(r *format.Reader, spec format.Spec, i int, activations string) (layer, error) {
	var l layer
	var err error
	name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
	load := func(dst **matrix, s string, bias bool) {
		if err != nil {
			return
		}
		if *dst, err = newMatrix(r, name(s), activations); err == nil && bias {
			(*dst).bias, err = vector(r, name(s)+".bias", (*dst).rows)
		}
	}
	loadNorm := func(dst *norm, s string) {
		if err == nil {
			*dst, err = newNorm(r, spec, name(s))
		}
	}
	loadNorm(&l.attnNorm, "attn.norm")
	load(&l.qkv, "attn.qkv", spec.Attention.QKVBias)
	load(&l.attnOut, "attn.out", spec.Attention.OutBias)
	loadNorm(&l.mlpNorm, "mlp.norm")
	load(&l.up, "mlp.up", spec.MLP.UpBias)
	load(&l.down, "mlp.down", spec.MLP.DownBias)
	if len(spec.Attention.Windows) > 0 {
		l.window = spec.Attention.Windows[i]
	}
	return l, err
}
