package model

import "nibble/kernels"

// floatKeyValues is a cache of float32, laid out so that attention is two products with float32 tiles:
//
//	keys    [kv head][position/16][HeadDim][16]            scores = keys x query
//	values  [kv head][HeadDim/16][capacity][16]            output = values x probabilities
type floatKeyValues struct {
	keys, values []float32
}

func newFloatKeyValues(c *cacheShape) keyValues {
	return &floatKeyValues{
		keys:   make([]float32, c.kvHeads*c.capacity*c.headDim),
		values: make([]float32, c.kvHeads*c.capacity*c.valueTiles*kernels.TileRows),
	}
}

// key returns the key tiles of one head.
func (k *floatKeyValues) key(c *cacheShape, head int) []float32 {
	n := c.capacity * c.headDim
	return k.keys[head*n : (head+1)*n]
}

// value returns the value tiles of one head; the tile stride is capacity*16.
func (k *floatKeyValues) value(c *cacheShape, head int) []float32 {
	n := c.capacity * c.valueTiles * kernels.TileRows
	return k.values[head*n : (head+1)*n]
}

func (k *floatKeyValues) store(c *cacheShape, t, slot, head, n int) {
	const rows = kernels.TileRows
	d := c.headDim
	keys := c.qkv[t*c.ldq+c.heads*d:]
	values := keys[c.kvHeads*d:]
	for ; n > 0; head, n = head+1, n-1 {
		tile := k.key(c, head)[slot/rows*d*rows+slot%rows:]
		for i, x := range keys[head*d : (head+1)*d] {
			tile[i*rows] = x
		}
		v, value := k.value(c, head), values[head*d:(head+1)*d]
		for i := 0; i < d; i += rows {
			copy(v[(i/rows*c.capacity+slot)*rows:], value[i:min(i+rows, d)])
		}
	}
}

func (k *floatKeyValues) copy(c *cacheShape, head, pos, n, from, to int) {
	const rows = kernels.TileRows
	copyTiles(k.key(c, head), c.headDim, pos, n, from, to)
	v := k.value(c, head)
	for i := range c.valueTiles {
		copy(v[(i*c.capacity+to+pos)*rows:][:n*rows], v[(i*c.capacity+from+pos)*rows:])
	}
}

func (k *floatKeyValues) scores(c *cacheShape, dst []float32, ld, slot, tiles int, q queryRows) {
	d, ldx := c.headDim, c.ldq
	if q.ofHeads {
		ldx = d
	}
	kernels.MulF32(dst, ld, k.key(c, c.kvHead(q.head))[slot*d:], tiles, d*kernels.TileRows, d, c.qkv[q.token*c.ldq+q.head*d:], ldx, q.n)
}

func (k *floatKeyValues) probabilities(row []float32, lo, hi int, scale float32) {
	clear(row[:lo])
	kernels.Softmax(row[lo:hi], scale)
	clear(row[hi:])
}

func (k *floatKeyValues) output(c *cacheShape, dst []float32, ldd, head, slot, positions int, p []float32, ldp, n int) {
	values := k.value(c, c.kvHead(head))[slot*kernels.TileRows:]
	kernels.MulF32(dst, ldd, values, c.valueTiles, c.capacity*kernels.TileRows, positions, p, ldp, n)
}

// kvHead returns the key/value head that a query head looks at.
func (c *cacheShape) kvHead(head int) int { return head / (c.heads / c.kvHeads) }
