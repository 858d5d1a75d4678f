package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// attentionTokens is how many queries of one head are multiplied with the cache together: what fills the registers of the
// float32 kernel.
const attentionTokens = 12

// panelsOfQueries is the number of a segment's panels whose tokens are multiplied together.
const panelsOfQueries = attentionTokens / kernels.PanelTokens

// keepAll keeps the batch's keys and values. Pieces are the positions of one key tile: two threads that wrote to the same tile
// would take its cache lines from each other at every store.
func (s *Session) keepAll(w *pool.Worker, _ *scratch, layer int) {
	w.Each(len(s.tiles), func(i int) {
		for t := range s.tiles[i].n {
			s.keep(layer, s.tiles[i].first+t)
		}
	})
	if len(s.copies) > 0 {
		heads := s.cache.kvHeads
		w.Each(len(s.copies)*heads, func(i int) {
			c := &s.copies[i/heads]
			s.cache.copy(layer, i%heads, c.pos, c.n, c.from, c.to)
		})
	}
}

// keep finishes token t's query, key and value rows - bias and rotation - and stores key and value in the cache.
func (s *Session) keep(layer, t int) {
	m, a, l := s.m, &s.m.spec.Attention, &s.m.layers[layer]
	row := s.qkv[t*l.qkv.ld():][:l.qkv.rows]
	if l.qkv.bias != nil {
		kernels.Add(row, l.qkv.bias)
	}
	d := a.HeadDim
	if s.rotary != nil {
		cos, sin := s.rotary.at(int(s.position[t]))
		kernels.RotateHeads(row[:(a.Heads+a.KVHeads)*d], a.Heads+a.KVHeads, d, cos, sin)
	}
	keys, values := row[a.Heads*d:], row[(a.Heads+a.KVHeads)*d:]
	for h := range m.spec.Attention.KVHeads {
		s.cache.store(layer, h, int(s.slot[t]), keys[h*d:(h+1)*d], values[h*d:(h+1)*d])
	}
}

// attend computes attention for every head and token and makes the result the input of the layer's output matrix.
func (s *Session) attend(w *pool.Worker, sc *scratch, layer int) {
	next := s.m.layers[layer].attnOut
	s.setInput(w, next.cols)
	panels := kernels.Panels(s.n)
	groups := len(s.queries)
	heads := s.m.spec.Attention.Heads
	if len(s.segments) > 1 || groups < piecesPerThread*s.m.pool.Size() {
		// Few tokens, or panels that are not those of the queries: the heads are shared out, and the rows packed when all of them
		// are done.
		all := groups * heads
		pieces := s.pieces(all, 4*heads*s.m.spec.Attention.HeadDim*s.pairs)
		w.Each(pieces, func(piece int) {
			for i := all * piece / pieces; i < all*(piece+1)/pieces; i++ {
				s.attendHead(sc, layer, i%heads, &s.queries[i/heads])
			}
		})
		if next.pack != nil {
			w.Each(panels, func(p int) { s.packAttention(next, p) })
		}
		return
	}
	w.Each(groups, func(i int) {
		// Later tokens see more positions: they go first, so that the last piece is a short one.
		i = groups - 1 - i
		for h := range heads {
			s.attendHead(sc, layer, h, &s.queries[i])
		}
		if next.pack != nil {
			for p := panelsOfQueries * i; p < min(panelsOfQueries*(i+1), panels); p++ {
				s.packAttention(next, p)
			}
		}
	})
}

func (s *Session) packAttention(next *matrix, p int) {
	first, n := kernels.Panel(s.n, p)
	next.pack(next, s.in.packedFrom(next, first), s.in.rows[first*next.cols:], n)
}

// attendHead writes the attention output of some queries of one head to the operand's float32 rows.
func (s *Session) attendHead(sc *scratch, layer, head int, q *queries) {
	a := &s.m.spec.Attention
	l := &s.m.layers[layer]
	d := a.HeadDim
	first, n := q.first, q.n
	kv := head / (a.Heads / a.KVHeads)

	// Positions [from, end) hold all that any of the tokens sees; from is the start of a tile.
	end := q.pos + n
	from := 0
	if l.window > 0 {
		from = max(0, q.pos+1-l.window) / kernels.TileRows * kernels.TileRows
	}
	tiles := kernels.Tiles(end - from)
	ld := tiles * kernels.TileRows
	scores := sc.scores[:n*ld]
	keys := s.cache.key(layer, kv)[(q.base+from)*d:]
	kernels.MulF32(scores, ld, keys, tiles, d*kernels.TileRows, d, s.qkv[first*l.qkv.ld()+head*d:], l.qkv.ld(), n)
	for t := range n {
		row := scores[t*ld : (t+1)*ld]
		hi := q.pos + t + 1 - from
		lo := 0
		if l.window > 0 {
			lo = max(0, hi-l.window)
		}
		clear(row[:lo])
		kernels.Softmax(row[lo:hi], float32(a.Scale))
		clear(row[hi:])
	}

	values := s.cache.value(layer, kv)[(q.base+from)*kernels.TileRows:]
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
