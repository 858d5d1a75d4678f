package model

import (
	"nibble/format"
	"nibble/kernels"
)

// cache holds the keys and values of one sequence, laid out so that attention is two products with float32 tiles:
//
//	keys    [layer][kv head][position/16][HeadDim][16]            scores = keys x query
//	values  [layer][kv head][HeadDim/16][capacity][16]            output = values x probabilities
type cache struct {
	capacity   int // positions, a multiple of 16
	kvHeads    int
	headDim    int
	valueTiles int
	keys       []float32
	values     []float32
}

func newCache(spec format.Spec, positions int) *cache {
	c := &cache{
		capacity: kernels.Tiles(positions) * kernels.TileRows,
		kvHeads:  spec.Attention.KVHeads, headDim: spec.Attention.HeadDim,
		valueTiles: kernels.Tiles(spec.Attention.HeadDim),
	}
	c.keys = make([]float32, spec.Layers*c.kvHeads*c.keyLen())
	c.values = make([]float32, spec.Layers*c.kvHeads*c.valueLen())
	return c
}

func (c *cache) keyLen() int   { return c.capacity * c.headDim }
func (c *cache) valueLen() int { return c.capacity * c.valueTiles * kernels.TileRows }

// key returns the key tiles of one head.
func (c *cache) key(layer, head int) []float32 {
	i := (layer*c.kvHeads + head) * c.keyLen()
	return c.keys[i : i+c.keyLen()]
}

// value returns the value tiles of one head; the tile stride is capacity*16.
func (c *cache) value(layer, head int) []float32 {
	i := (layer*c.kvHeads + head) * c.valueLen()
	return c.values[i : i+c.valueLen()]
}

// store keeps one position's key and value of one head.
func (c *cache) store(layer, head, pos int, key, value []float32) {
	const rows = kernels.TileRows
	k := c.key(layer, head)[pos/rows*c.headDim*rows+pos%rows:]
	for i, x := range key {
		k[i*rows] = x
	}
	v := c.value(layer, head)
	for i := 0; i < len(value); i += rows {
		copy(v[(i/rows*c.capacity+pos)*rows:], value[i:min(i+rows, len(value))])
	}
}
