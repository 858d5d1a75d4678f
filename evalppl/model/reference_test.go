package model

import (
	"math"

	"nibble/format"
	"nibble/quant"
)

// reference is the forward pass written down as plainly as possible, in float64, one position after the other and without a
// cache: what the model is compared with. It reads the weights as the codecs decode them.
type reference struct {
	spec    format.Spec
	weights map[string][]float64
	cols    map[string]int
}

func newReference(r *format.Reader) *reference {
	ref := &reference{spec: r.Metadata().Spec, weights: map[string][]float64{}, cols: map[string]int{}}
	for _, t := range r.Tensors() {
		codec, err := quant.Lookup(t.Codec)
		if err != nil {
			panic(err)
		}
		data, err := r.Bytes(t)
		if err != nil {
			panic(err)
		}
		values := make([]float32, t.Rows*t.Cols)
		codec.Decode(values, data, t.Rows, t.Cols)
		w := make([]float64, len(values))
		for i, x := range values {
			w[i] = float64(x)
		}
		ref.weights[t.Name], ref.cols[t.Name] = w, t.Cols
	}
	return ref
}

// times returns W x + bias.
func (ref *reference) times(name string, x []float64) []float64 {
	w, bias := ref.weights[name], ref.weights[name+".bias"]
	y := make([]float64, len(w)/len(x))
	for r := range y {
		for c, v := range x {
			y[r] += w[r*len(x)+c] * v
		}
		if bias != nil {
			y[r] += bias[r]
		}
	}
	return y
}

func (ref *reference) norm(name string, x []float64) []float64 {
	gain, bias := ref.weights[name], ref.weights[name+".bias"]
	var mean, square float64
	if ref.spec.Norm.Kind == format.LayerNorm {
		for _, v := range x {
			mean += v / float64(len(x))
		}
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v - mean) / math.Sqrt(square+ref.spec.Norm.Eps) * gain[i]
		if bias != nil {
			y[i] += bias[i]
		}
	}
	return y
}

func (ref *reference) rotate(x []float64, pos int) {
	r := ref.spec.Position.Rotary
	half := r.Dim / 2
	for i := range half {
		f := math.Pow(r.Theta, -float64(2*i)/float64(r.Dim))
		switch r.Scaling {
		case format.RotaryLinear:
			f /= r.Factor
		case format.RotaryLlama3:
			wave := 2 * math.Pi / f
			switch o := float64(r.OriginalContext); {
			case wave < o/r.HighFreqFactor:
			case wave > o/r.LowFreqFactor:
				f /= r.Factor
			default:
				s := (o/wave - r.LowFreqFactor) / (r.HighFreqFactor - r.LowFreqFactor)
				f = (1-s)*f/r.Factor + s*f
			}
		}
		sin, cos := math.Sincos(float64(pos) * f)
		x[i], x[i+half] = x[i]*cos-x[i+half]*sin, x[i+half]*cos+x[i]*sin
	}
}

func (ref *reference) activate(x float64) float64 {
	switch ref.spec.MLP.Activation {
	case format.SiLU:
		return x / (1 + math.Exp(-x))
	case format.GELU:
		return x * 0.5 * math.Erfc(-x/math.Sqrt2)
	case format.GELUTanh:
		return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	return math.Max(0, x)
}

// logits returns the logits after each token.
func (ref *reference) logits(tokens []uint32) [][]float64 {
	s, a := ref.spec, ref.spec.Attention
	d := a.HeadDim
	stream := make([][]float64, len(tokens))
	for pos, id := range tokens {
		stream[pos] = append([]float64(nil), ref.weights["embed.tokens"][int(id)*s.Hidden:][:s.Hidden]...)
		if s.Position.Kind == format.LearnedPositions {
			add(stream[pos], ref.weights["embed.positions"][pos*s.Hidden:])
		}
	}
	for layer := range s.Layers {
		prefix := "layers." + string(rune('0'+layer)) + "."
		qkv := make([][]float64, len(tokens))
		for pos, x := range stream {
			qkv[pos] = ref.times(prefix+"attn.qkv", ref.norm(prefix+"attn.norm", x))
			if s.Position.Kind == format.RotaryPositions {
				for h := range a.Heads + a.KVHeads {
					ref.rotate(qkv[pos][h*d:(h+1)*d], pos)
				}
			}
		}
		for pos, x := range stream {
			out := make([]float64, a.Heads*d)
			for h := range a.Heads {
				ref.attend(out[h*d:(h+1)*d], qkv, layer, h, pos)
			}
			add(x, ref.times(prefix+"attn.out", out))
			up := ref.times(prefix+"mlp.up", ref.norm(prefix+"mlp.norm", x))
			hidden := make([]float64, s.FFN)
			for i := range hidden {
				hidden[i] = ref.activate(up[i])
				if s.MLP.Gated {
					hidden[i] *= up[s.FFN+i]
				}
			}
			add(x, ref.times(prefix+"mlp.down", hidden))
		}
	}
	head := "head"
	if s.TiedHead {
		head = "embed.tokens"
	}
	for pos, x := range stream {
		stream[pos] = ref.times(head, ref.norm("final.norm", x))
	}
	return stream
}

func (ref *reference) attend(out []float64, qkv [][]float64, layer, head, pos int) {
	a := ref.spec.Attention
	d := a.HeadDim
	kv := head / (a.Heads / a.KVHeads)
	first := 0
	if len(a.Windows) > 0 && a.Windows[layer] > 0 {
		first = max(0, pos+1-a.Windows[layer])
	}
	var weights []float64
	var sum float64
	for p := first; p <= pos; p++ {
		var dot float64
		for i := range d {
			dot += qkv[pos][head*d+i] * qkv[p][(a.Heads+kv)*d+i]
		}
		w := math.Exp(dot * a.Scale)
		weights = append(weights, w)
		sum += w
	}
	for k, w := range weights {
		value := qkv[first+k][(a.Heads+a.KVHeads+kv)*d:]
		for i := range d {
			out[i] += w / sum * value[i]
		}
	}
}

func add(x, y []float64) {
	for i := range x {
		x[i] += y[i]
	}
}
