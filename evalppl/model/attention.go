package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// attentionTokens is how many queries of one head are multiplied with the cache together: what fills the registers of the
// float32 kernel.
const attentionTokens = 12

// keep finishes token t's query, key and value rows - bias and rotation - and stores key and value in the cache.
func (s *Session) keep(layer, t int) {
	m, a, l := s.m, &s.m.spec.Attention, &s.m.layers[layer]
	row := s.qkv[t*l.qkv.ld():][:l.qkv.rows]
	if l.qkv.bias != nil {
		kernels.Add(row, l.qkv.bias)
	}
	pos := s.pos + t
	d := a.HeadDim
	if s.rotary != nil {
		cos, sin := s.rotary.at(pos)
		for h := range a.Heads + a.KVHeads {
			kernels.Rotate(row[h*d:h*d+m.spec.Position.Rotary.Dim], cos, sin)
		}
	}
	keys, values := row[a.Heads*d:], row[(a.Heads+a.KVHeads)*d:]
	for h := range a.KVHeads {
		s.cache.store(layer, h, pos, keys[h*d:(h+1)*d], values[h*d:(h+1)*d])
	}
}

// attend computes attention for every head and token and makes the result the input of the layer's output matrix.
func (s *Session) attend(w *pool.Worker, sc *scratch, layer int) {
	m := s.m
	heads := m.spec.Attention.Heads
	next := m.layers[layer].attnOut
	s.setInput(w, next.cols)
	groups := (s.n + attentionTokens - 1) / attentionTokens
	w.Each(groups*heads, func(i int) {
		// Later tokens see more positions: they go first, so that the last piece is a short one.
		first := (groups - 1 - i/heads) * attentionTokens
		s.attendHead(sc, layer, i%heads, first, min(attentionTokens, s.n-first))
	})
	if next.quantized {
		w.Each(kernels.Panels(s.n), func(p int) {
			first, n := kernels.Panel(s.n, p)
			kernels.QuantizePanel(s.in.panel(next, first), s.in.rows[first*next.cols:], next.cols, n, next.cols, next.zero)
		})
	}
}

// attendHead writes the attention output of n tokens from first on, for one head, to the operand's float32 rows.
func (s *Session) attendHead(sc *scratch, layer, head, first, n int) {
	a := &s.m.spec.Attention
	l := &s.m.layers[layer]
	d := a.HeadDim
	kv := head / (a.Heads / a.KVHeads)

	// Positions [from, end) hold all that any of the tokens sees; from is the start of a tile.
	end := s.pos + first + n
	from := 0
	if l.window > 0 {
		from = max(0, s.pos+first+1-l.window) / kernels.TileRows * kernels.TileRows
	}
	tiles := kernels.Tiles(end - from)
	ld := tiles * kernels.TileRows
	scores := sc.scores[:n*ld]
	keys := s.cache.key(layer, kv)[from*d:]
	kernels.MulF32(scores, ld, keys, tiles, d*kernels.TileRows, d, s.qkv[first*l.qkv.ld()+head*d:], l.qkv.ld(), n)
	for t := range n {
		row := scores[t*ld : (t+1)*ld]
		hi := s.pos + first + t + 1 - from
		lo := 0
		if l.window > 0 {
			lo = max(0, hi-l.window)
		}
		clear(row[:lo])
		kernels.Softmax(row[lo:hi], float32(a.Scale))
		clear(row[hi:])
	}

	values := s.cache.value(layer, kv)[from*kernels.TileRows:]
	stride := s.cache.capacity * kernels.TileRows
	width := s.cache.valueTiles * kernels.TileRows
	out := s.in.rows[first*a.Heads*d+head*d:]
	if width == d {
		kernels.MulF32(out, a.Heads*d, values, s.cache.valueTiles, stride, end-from, scores, ld, n)
		return
	}
	// A head that does not fill its tiles would write over its neighbour.
	kernels.MulF32(sc.mixed, width, values, s.cache.valueTiles, stride, end-from, scores, ld, n)
	for t := range n {
		copy(out[t*a.Heads*d:][:d], sc.mixed[t*width:])
	}
}
