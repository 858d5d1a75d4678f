package model

import "nibble/kernels"

// Operations counts the multiplications and additions of matrix products, by the arithmetic that does them. A multiply-add counts
// as two; the padding of tiles and the element-wise steps between products are not counted, so a time computed from the counts and a
// machine's peak rates is one that no program could go below.
type Operations struct {
	Int8  float64 // products of 8-bit integers
	Int16 float64 // products of 16-bit integers: scores of attention, where its inputs are rounded
	BF16  float64 // products of bfloat16; and values of attention so, where the CPU has a BF16 dot product
	F32   float64 // float32 multiply-adds: other weights, and other attention
}

// Operations returns what it takes to read tokens positions behind first earlier ones and to compute the logits of the last logits
// of them. The last layer computes no more of the others than their keys and values.
func (m *Model) Operations(first, tokens, logits int) Operations {
	var o Operations
	for i := range m.layers {
		l, from := &m.layers[i], 0
		if i == len(m.layers)-1 {
			from = tokens - logits
		}
		l.qkv.count(&o, tokens)
		for _, w := range []*matrix{l.attnOut, l.up, l.down} {
			w.count(&o, tokens-from)
		}
		a := &m.spec.Attention
		n := 2 * float64(a.Heads*a.HeadDim) * visible(first+from, tokens-from, l.window) // of scores, and as many of the sum of values
		l.attention().count(&o, n)
	}
	m.head.count(&o, logits)
	return o
}

func countFloatAttention(o *Operations, n float64) { o.F32 += 2 * n }

func countRoundedAttention(o *Operations, n float64) {
	o.Int16 += n
	if kernels.HasBF16Dot() {
		o.BF16 += n
	} else {
		o.F32 += n
	}
}

// count adds the matrix's product with tokens rows.
func (m *matrix) count(o *Operations, tokens int) {
	n := 2 * float64(m.rows) * float64(m.cols) * float64(tokens)
	switch {
	case m.pack == nil:
		o.F32 += n
	case m.decode == nil:
		o.BF16 += n
	default:
		o.Int8 += n
	}
}

// visible returns how many positions tokens queries behind first earlier positions see, all together; window 0 means all.
func visible(first, tokens, window int) float64 {
	var n float64
	for t := range tokens {
		sees := first + t + 1
		if window > 0 {
			sees = min(sees, window)
		}
		n += float64(sees)
	}
	return n
}
