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

// copy copies the keys and values of n positions from pos on, of one head: position 0 lies in slot from and is to lie in slot to, both
// the first of a tile.
func (c *cache) copy(layer, head, pos, n, from, to int) {
	const rows = kernels.TileRows
	k := c.key(layer, head)
	for p := pos; p < pos+n; {
		size := min(rows-p%rows, pos+n-p)
		src, dst := k[(from+p)/rows*c.headDim*rows:], k[(to+p)/rows*c.headDim*rows:]
		if size == rows {
			copy(dst[:c.headDim*rows], src)
		} else {
			for i := range c.headDim {
				copy(dst[i*rows+p%rows:][:size], src[i*rows+p%rows:])
			}
		}
		p += size
	}
	v := c.value(layer, head)
	for i := range c.valueTiles {
		copy(v[(i*c.capacity+to+pos)*rows:][:n*rows], v[(i*c.capacity+from+pos)*rows:])
	}
}

// move moves the first n positions of a sequence from slot from to slot 0, in all layers.
func (c *cache) move(from, n int) {
	if from == 0 || n == 0 {
		return
	}
	for head := range len(c.keys) / c.keyLen() {
		c.copy(0, head, 0, n, from, 0) // the heads of all layers lie one after the other
	}
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
