package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// attentionTokens is how many queries of one head are multiplied with the cache together: what fills the registers of the
// float32 kernel.
const attentionTokens = 12

// keepAll keeps the batch's keys and values. Pieces are the positions of one key tile: two threads that wrote to the same tile
// would take its cache lines from each other at every store.
func (s *Session) keepAll(w *pool.Worker, _ *scratch, layer int) {
	firstTile := s.pos / kernels.TileRows
	w.Each((s.pos+s.n-1)/kernels.TileRows+1-firstTile, func(i int) {
		from := max(s.pos, (firstTile+i)*kernels.TileRows)
		to := min(s.pos+s.n, (firstTile+i+1)*kernels.TileRows)
		for pos := from; pos < to; pos++ {
			s.keep(layer, pos)
		}
	})
}

// keep finishes the query, key and value rows of the token at a position - bias and rotation - and stores key and value in the
// cache.
func (s *Session) keep(layer, pos int) {
	m, a, l := s.m, &s.m.spec.Attention, &s.m.layers[layer]
	row := s.qkv[(pos-s.pos)*l.qkv.ld():][:l.qkv.rows]
	if l.qkv.bias != nil {
		kernels.Add(row, l.qkv.bias)
	}
	d := a.HeadDim
	if s.rotary != nil {
		cos, sin := s.rotary.at(pos)
		kernels.RotateHeads(row[:(a.Heads+a.KVHeads)*d], a.Heads+a.KVHeads, d, cos, sin)
	}
	keys, values := row[a.Heads*d:], row[(a.Heads+a.KVHeads)*d:]
	for h := range m.spec.Attention.KVHeads {
		s.cache.store(layer, h, pos, keys[h*d:(h+1)*d], values[h*d:(h+1)*d])
	}
}

// attend computes attention for every head and token and makes the result the input of the layer's output matrix.
func (s *Session) attend(w *pool.Worker, sc *scratch, layer int) {
	next := s.m.layers[layer].attnOut
	s.setInput(w, next.cols)
	panels := kernels.Panels(s.n)
	const group = attentionTokens / kernels.PanelTokens // panels whose tokens are multiplied together
	groups := (panels + group - 1) / group
	heads := s.m.spec.Attention.Heads
	if groups < piecesPerThread*s.m.pool.Size() {
		// Few tokens: the heads are shared out, and the rows packed when all of them are done.
		all := groups * heads
		pieces := s.pieces(all, 4*heads*s.m.spec.Attention.HeadDim*s.n*(s.pos+s.n))
		w.Each(pieces, func(piece int) {
			for i := all * piece / pieces; i < all*(piece+1)/pieces; i++ {
				first, n := s.tokensOf(i/heads*group, min((i/heads+1)*group, panels))
				s.attendHead(sc, layer, i%heads, first, n)
			}
		})
		if next.pack != nil {
			w.Each(panels, func(p int) { s.packAttention(next, p) })
		}
		return
	}
	w.Each(groups, func(i int) {
		// Later tokens see more positions: they go first, so that the last piece is a short one.
		p0 := (groups - 1 - i) * group
		p1 := min(p0+group, panels)
		first, n := s.tokensOf(p0, p1)
		for h := range heads {
			s.attendHead(sc, layer, h, first, n)
		}
		if next.pack != nil {
			for p := p0; p < p1; p++ {
				s.packAttention(next, p)
			}
		}
	})
}

// tokensOf returns the first token and the number of tokens of panels [p0, p1) of the batch.
func (s *Session) tokensOf(p0, p1 int) (first, n int) {
	first, _ = kernels.Panel(s.n, p0)
	last, width := kernels.Panel(s.n, p1-1)
	return first, last + width - first
}

func (s *Session) packAttention(next *matrix, p int) {
	first, n := kernels.Panel(s.n, p)
	next.pack(next, s.in.packedFrom(next, first), s.in.rows[first*next.cols:], n)
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
