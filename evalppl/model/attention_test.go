package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nibble/kernels"
)

// attended returns the attention output of the last n of positions positions, read in one batch, [n][heads*headDim].
func attended(c *cache, positions, n int, scale float32) []float32 {
	a, l := &c.cacheShape, c.layers[0]
	for t := range positions {
		l.store(a, t, t, 0, c.kvHeads)
	}
	tiles := kernels.Tiles(positions)
	ld, width := scoreRow(tiles), a.valueTiles*kernels.TileRows
	out := make([]float32, n*a.heads*a.headDim)
	scores, mixed := make([]float32, n*ld), make([]float32, n*width)
	for head := range a.heads {
		l.scores(a, scores, ld, 0, tiles, queryRows{token: positions - n, head: head, n: n})
		for i := range n {
			l.probabilities(scores[i*ld:][:tiles*kernels.TileRows], 0, positions-n+i+1, scale)
		}
		l.output(a, mixed, width, head, 0, positions, scores, ld, n)
		for i := range n {
			copy(out[(i*a.heads+head)*a.headDim:][:a.headDim], mixed[i*width:])
		}
	}
	return out
}

// TestRoundedAttention compares both kinds of attention on the same queries, keys and values, some with a column far larger than the others.
//
// A code is off by at most 0.51 steps, and a step is max|x|/4095, so a score moves by at most e = 0.51/4095 * (max|q| sum|k| + max|k| sum|q| +
// d max|q| max|k| / 4000), and every probability by a factor of at most exp(2 scale e). Probabilities and values are rounded to
// 2^-9, float32 sums are far closer.
func TestRoundedAttention(t *testing.T) {
	const heads, kvHeads, d, positions, n = 4, 2, 20, 75, 5
	const row = (heads + 2*kvHeads) * d
	for _, outlier := range []float32{1, 30} {
		r := rand.New(rand.NewPCG(1, 2))
		qkv := make([]float32, positions*row)
		for i := range qkv {
			qkv[i] = float32(r.NormFloat64())
			if i%row < (heads+kvHeads)*d && i%d == 3 {
				qkv[i] *= outlier
			}
		}
		shape := cacheShape{
			capacity: 80, heads: heads, kvHeads: kvHeads, headDim: d, valueTiles: kernels.Tiles(d), qkv: qkv, ldq: row,
		}
		of := func(kind *attentionKind) []float32 {
			c := &cache{cacheShape: shape}
			c.rounded = make([]uint32, positions*c.queryRow())
			c.layers = []keyValues{kind.new(&c.cacheShape)}
			return attended(c, positions, n, 0.2)
		}
		exact, rounded := of(floatAttention), of(roundedAttention)
		size := func(x []float32) (top, sum float64) {
			for _, v := range x {
				top, sum = max(top, math.Abs(float64(v))), sum+math.Abs(float64(v))
			}
			return top, sum
		}
		var worst float64
		for i := range n {
			for head := range heads {
				kv := head / (heads / kvHeads)
				q := qkv[(positions-n+i)*row+head*d:][:d]
				topQ, sumQ := size(q)
				var e, topV float64
				for pos := range positions - n + i + 1 {
					topK, sumK := size(qkv[pos*row+(heads+kv)*d:][:d])
					e = max(e, 0.51/kernels.Int16Max*(topQ*sumK+topK*sumQ+d*topQ*topK/4000))
					v, _ := size(qkv[pos*row+(heads+kvHeads+kv)*d:][:d])
					topV = max(topV, v)
				}
				bound := topV * (math.Exp(2*0.2*e)*(1+0x1p-9)*(1+0x1p-9) - 1 + 1e-5)
				for c := range d {
					at := (i*heads+head)*d + c
					diff := math.Abs(float64(exact[at] - rounded[at]))
					worst = max(worst, diff/bound)
					if !(diff <= bound) {
						t.Fatalf("outlier %g, query %d, head %d, column %d: %g and %g, more than %g apart", outlier, i, head, c, exact[at], rounded[at], bound)
					}
				}
			}
		}
		if worst == 0 {
			t.Errorf("outlier %g: nothing was rounded", outlier)
		}
	}
}

// TestAttentionCarriesNonFinite: a NaN or infinity in a query, key or value reaches the outputs that depend on it, and no others.
func TestAttentionCarriesNonFinite(t *testing.T) {
	const heads, kvHeads, d, positions = 4, 2, 16, 20
	const row = (heads + 2*kvHeads) * d
	for kind, name := range map[*attentionKind]string{floatAttention: "float", roundedAttention: "rounded"} {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			for part, first := range map[string]int{"query": d, "key": (heads + 1) * d, "value": (heads + kvHeads + 1) * d} {
				t.Run(fmt.Sprintf("%s/%s/%g", name, part, bad), func(t *testing.T) {
					r := rand.New(rand.NewPCG(3, 4))
					qkv := make([]float32, positions*row)
					for i := range qkv {
						qkv[i] = float32(r.NormFloat64())
					}
					qkv[(positions-1)*row+first+5] = bad
					c := &cache{cacheShape: cacheShape{capacity: 32, heads: heads, kvHeads: kvHeads, headDim: d, valueTiles: 1, qkv: qkv, ldq: row}}
					c.rounded = make([]uint32, positions*c.queryRow())
					c.layers = []keyValues{kind.new(&c.cacheShape)}
					out := attended(c, positions, 1, 0.25)
					for head := range heads {
						finite := countNonFinite(out[head*d : (head+1)*d])
						// Key head 1 belongs to heads 2 and 3. An infinite score of a key alone may be -Inf, which is a probability of 0.
						touched := part == "query" && head == 1 || part != "query" && head >= 2
						if math.IsInf(float64(bad), 0) && part == "key" && kind == floatAttention {
							continue
						}
						if finite.any() != touched {
							t.Errorf("head %d: %s", head, finite)
						}
					}
				})
			}
		}
	}
}
