package model

import (
	"nibble/format"
	"nibble/kernels"
)

// cache holds the keys and values of one sequence, or of several, each from the beginning of a tile on.
type cache struct {
	cacheShape
	layers []keyValues
	kinds  []*attentionKind // of the layers
}

// cacheShape is what the layers' caches have in common.
type cacheShape struct {
	capacity       int // positions, a multiple of 16
	heads, kvHeads int
	headDim        int
	valueTiles     int

	// The batch's queries: one layer uses them at a time.
	qkv     []float32 // [n][ldq] output of attn.qkv, with bias and rotation
	ldq     int
	rounded []uint32 // [n][heads+kvHeads] quantized rows, for layers that round; nil where none does
}

// keyValues is the cache of one layer, and the arithmetic of its attention (see attentionKind).
type keyValues interface {
	// store keeps the keys and values of token t of the batch in a slot, and its queries for scores: those of n key/value heads from head on.
	store(c *cacheShape, t, slot, head, n int)
	// copy copies the keys and values of n positions from pos on, of one head: position 0 lies in slot from and is to lie in slot to,
	// both the first of a tile.
	copy(c *cacheShape, head, pos, n, from, to int)
	// scores multiplies query rows with the keys of tiles tiles from slot on, the first of a tile: dst[i*ld+slot-from].
	scores(c *cacheShape, dst []float32, ld, slot, tiles int, q queryRows)
	// probabilities turns scores of positions lo to hi of a row into what output takes.
	probabilities(row []float32, lo, hi int, scale float32)
	// output multiplies rows of probabilities with the values of positions positions from slot on, in whole value tiles.
	output(c *cacheShape, dst []float32, ldd, head, slot, positions int, p []float32, ldp, n int)
}

// queryRows are queries that are multiplied with the same keys: those of n tokens and one head, or of one token and n heads that
// share their keys.
type queryRows struct {
	token, head int // the first
	n           int
	ofHeads     bool
}

// attentionKind is one way to compute attention.
type attentionKind struct {
	new      func(c *cacheShape) keyValues
	bytes    func(a *format.Attention) int     // of a position's key and value of one head
	count    func(o *Operations, each float64) // adds the operations of both products
	rounding bool
}

var (
	floatAttention = &attentionKind{
		new: newFloatKeyValues, count: countFloatAttention, bytes: func(a *format.Attention) int { return 2 * 4 * a.HeadDim },
	}
	roundedAttention = &attentionKind{new: newRoundedKeyValues, count: countRoundedAttention, bytes: roundedBytes, rounding: true}
)

// attention returns how the layer's attention is computed. It rounds its inputs where the matrix that computes them rounds its own: keys, values
// and queries are activations too.
func (l *layer) attention() *attentionKind {
	if l.qkv.pack != nil {
		return roundedAttention
	}
	return floatAttention
}

// newCache makes a cache of slots positions for the model's layers and a batch whose queries lie in qkv.
func newCache(m *Model, slots int, qkv []float32, ldq int) *cache {
	a := &m.spec.Attention
	c := &cache{cacheShape: cacheShape{
		capacity: kernels.Tiles(slots) * kernels.TileRows,
		heads:    a.Heads, kvHeads: a.KVHeads, headDim: a.HeadDim,
		valueTiles: kernels.Tiles(a.HeadDim),
		qkv:        qkv, ldq: ldq,
	}}
	c.fit(m.layers)
	return c
}

// fit gives each layer a cache of its kind. What a layer whose kind changes held is lost.
func (c *cache) fit(layers []layer) {
	if c.kinds == nil {
		c.layers, c.kinds = make([]keyValues, len(layers)), make([]*attentionKind, len(layers))
	}
	for i := range layers {
		kind := layers[i].attention()
		if c.kinds[i] == kind {
			continue
		}
		if kind.rounding && c.rounded == nil {
			c.rounded = make([]uint32, len(c.qkv)/c.ldq*c.queryRow())
		}
		c.kinds[i], c.layers[i] = kind, kind.new(&c.cacheShape)
	}
}

// move moves the first n positions of a sequence from slot from to slot 0, in all layers.
func (c *cache) move(from, n int) {
	if from == 0 || n == 0 {
		return
	}
	for _, l := range c.layers {
		for head := range c.kvHeads {
			l.copy(&c.cacheShape, head, 0, n, from, 0)
		}
	}
}

// copyTile copies rows [from, to) of a tile of 16, of which each of words words holds one element.
func copyTile[T any](dst, src []T, words, from, to int) {
	const rows = kernels.TileRows
	if to-from == rows {
		copy(dst[:words*rows], src)
		return
	}
	for i := range words {
		copy(dst[i*rows+from:i*rows+to], src[i*rows+from:])
	}
}

// copyTiles copies rows [pos, pos+n) of tiles whose first row is row from, to those whose first one is row to.
func copyTiles[T any](tiles []T, words, pos, n, from, to int) {
	const rows = kernels.TileRows
	for p := pos; p < pos+n; {
		size := min(rows-p%rows, pos+n-p)
		copyTile(tiles[(to+p)/rows*rows*words:], tiles[(from+p)/rows*rows*words:], words, p%rows, p%rows+size)
		p += size
	}
}
