package model

import (
	"nibble/format"
	"nibble/kernels"
)

// roundedKeyValues is a cache of rounded keys and values, half as large as one of float32 and multiplied twice as fast where the CPU has
// products of 16-bit numbers:
//
//	keys    [kv head][position/16] int16 tiles                 scores = keys x query, exact sums of 13-bit integers (kernels.MulInt16)
//	values  [kv head][HeadDim/16][capacity/2][16][2]bfloat16    output = values x probabilities, summed in float32 (kernels.MulValues)
//
// A key or query of one head has one scale. Rounding them to bfloat16 instead costs 30 times as much divergence, because a
// score sums up 64 products or more and an exponential follows, while probabilities and values only average.
type roundedKeyValues struct {
	keys   []uint32
	values []byte
}

func newRoundedKeyValues(c *cacheShape) keyValues {
	return &roundedKeyValues{
		keys:   make([]uint32, c.kvHeads*c.keyWords()),
		values: make([]byte, c.kvHeads*c.valueTiles*kernels.ValueTileBytes(c.capacity)),
	}
}

func roundedBytes(a *format.Attention) int { return 4*kernels.Int16Row(a.HeadDim) + 2*a.HeadDim }

func (c *cacheShape) keyWords() int {
	return c.capacity / kernels.TileRows * kernels.Int16Tile(c.headDim)
}

// queryRow returns the words of a token's quantized queries and keys.
func (c *cacheShape) queryRow() int { return (c.heads + c.kvHeads) * kernels.Int16Row(c.headDim) }

func (k *roundedKeyValues) key(c *cacheShape, head int) []uint32 {
	n := c.keyWords()
	return k.keys[head*n : (head+1)*n]
}

func (k *roundedKeyValues) value(c *cacheShape, head int) []byte {
	n := c.valueTiles * kernels.ValueTileBytes(c.capacity)
	return k.values[head*n : (head+1)*n]
}

func (k *roundedKeyValues) store(c *cacheShape, t, slot, head, n int) {
	d, length := c.headDim, kernels.Int16Row(c.headDim)
	row := c.qkv[t*c.ldq:]
	rounded := c.rounded[t*c.queryRow():][:c.queryRow()]
	round := func(first, n int) { kernels.QuantizeInt16(rounded[first*length:], row[first*d:], d, n, d) }
	share := c.heads / c.kvHeads
	round(share*head, share*n)
	round(c.heads+head, n)
	keys, values := rounded[c.heads*length:], row[(c.heads+c.kvHeads)*d:]
	for ; n > 0; head, n = head+1, n-1 {
		tile := k.key(c, head)[slot/kernels.TileRows*kernels.Int16Tile(d):]
		kernels.StoreInt16(tile, slot%kernels.TileRows, keys[head*length:], d)
		kernels.StoreValue(k.value(c, head), kernels.ValueTileBytes(c.capacity), slot, values[head*d:(head+1)*d])
	}
}

func (k *roundedKeyValues) copy(c *cacheShape, head, pos, n, from, to int) {
	copyTiles(k.key(c, head), kernels.Int16Row(c.headDim), pos, n, from, to)
	kernels.CopyValues(k.value(c, head), c.valueTiles, kernels.ValueTileBytes(c.capacity), from+pos, to+pos, n)
}

func (k *roundedKeyValues) scores(c *cacheShape, dst []float32, ld, slot, tiles int, q queryRows) {
	d, length := c.headDim, kernels.Int16Row(c.headDim)
	lda := c.queryRow()
	if q.ofHeads {
		lda = length
	}
	keys := k.key(c, c.kvHead(q.head))[slot/kernels.TileRows*kernels.Int16Tile(d):]
	kernels.MulInt16(dst, ld, keys, tiles, d, c.rounded[q.token*c.queryRow()+q.head*length:], lda, q.n)
}

func (k *roundedKeyValues) probabilities(row []float32, lo, hi int, scale float32) {
	kernels.Probabilities(row, lo, hi, scale)
}

func (k *roundedKeyValues) output(c *cacheShape, dst []float32, ldd, head, slot, positions int, p []float32, ldp, n int) {
	values := k.value(c, c.kvHead(head))[slot/2*4*kernels.TileRows:] // slot is the first of a tile, an even number
	kernels.MulValues(dst, ldd, values, c.valueTiles, kernels.ValueTileBytes(c.capacity), positions, p, ldp, n)
}
