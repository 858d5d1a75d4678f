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
			s.keep(layer, s.tiles[i].first+t, 0, s.cache.kvHeads)
		}
	})
	if len(s.copies) > 0 {
		// A head's copies are one piece: two to the same window may meet within a pair of values, which is one word.
		w.Each(s.cache.kvHeads, func(head int) { s.takeOver(layer, head) })
	}
}

// takeOver copies a head's keys and values of beginnings that sequences share.
func (s *Session) takeOver(layer, head int) {
	for i := range s.copies {
		c := &s.copies[i]
		s.cache.layers[layer].copy(&s.cache.cacheShape, head, c.pos, c.n, c.from, c.to)
	}
}

// keep finishes token t's query, key and value rows of n key/value heads from head on - bias and rotation - and stores keys and values in
// the cache.
func (s *Session) keep(layer, t, head, n int) {
	a, l := &s.m.spec.Attention, &s.m.layers[layer]
	row := s.qkv[t*l.qkv.ld():][:l.qkv.rows]
	share := a.Heads / a.KVHeads
	for k, part := range [...]span{{share * head, share * n}, {a.Heads + head, n}, {a.Heads + a.KVHeads + head, n}} {
		from, to := part.first*a.HeadDim, (part.first+part.n)*a.HeadDim
		if l.qkv.bias != nil {
			kernels.Add(row[from:to], l.qkv.bias[from:to])
		}
		if s.rotary != nil && k < 2 { // not the values
			cos, sin := s.rotary.at(int(s.position[t]))
			kernels.RotateHeads(row[from:to], part.n, a.HeadDim, cos, sin)
		}
	}
	s.cache.layers[layer].store(&s.cache.cacheShape, t, int(s.slot[t]), head, n)
}

// attend computes attention for every head and token and makes the result the input of the layer's output matrix.
func (s *Session) attend(w *pool.Worker, sc *scratch, layer int) {
	next := s.m.layers[layer].attnOut
	s.setInput(w, next)
	panels := kernels.Panels(s.n)
	groups := len(s.queries)
	if len(s.segments) > 1 || groups < piecesPerThread*s.m.pool.Size() {
		// Few tokens, or panels that are not those of the queries: the heads are shared out, and the rows packed when all of them
		// are done.
		s.attendByHeads(w, sc, layer, false)
		if next.pack != nil {
			w.Each(panels, func(p int) { s.packAttention(next, p) })
		}
		return
	}
	w.Each(groups, func(i int) {
		// Later tokens see more positions: they go first, so that the last piece is a short one.
		i = groups - 1 - i
		for h := range s.m.spec.Attention.Heads {
			s.attendHeads(sc, layer, h, 1, &s.queries[i])
		}
		if next.pack != nil {
			for p := panelsOfQueries * i; p < min(panelsOfQueries*(i+1), panels); p++ {
				s.packAttention(next, p)
			}
		}
	})
}

// attendByHeads computes attention for every head and query, or only for groups of queries of which results are wanted.
func (s *Session) attendByHeads(w *pool.Worker, sc *scratch, layer int, wanted bool) {
	a := &s.m.spec.Attention
	together := s.headsTogether()
	units := a.Heads / together
	all := len(s.queries) * units
	pieces := s.pieces(all, 4*a.Heads*a.HeadDim*s.pairs)
	w.Each(pieces, func(piece int) {
		for i := all * piece / pieces; i < all*(piece+1)/pieces; i++ {
			if q := &s.queries[i/units]; q.wanted || !wanted {
				s.attendHeads(sc, layer, i%units*together, together, q)
			}
		}
	})
}

// headsTogether returns how many heads are multiplied with the keys and values that they share at once: where a group of queries is one token,
// that of generation, they take the place of more tokens.
func (s *Session) headsTogether() int {
	if len(s.queries) < len(s.tokens) {
		return 1
	}
	share := s.cache.heads / s.cache.kvHeads
	n := min(share, attentionTokens)
	for share%n != 0 {
		n--
	}
	return n
}

func (s *Session) packAttention(next *matrix, p int) {
	first, n := kernels.Panel(s.n, p)
	next.pack(next, s.in.packedFrom(next, first), s.in.rows[first*next.cols:], n, 0, next.cols)
}

// scoreRow is the distance of rows of scores for some tiles of positions: an odd number of tiles, so that no two rows begin at
// the same place of a page and drive each other out of the first-level cache.
func scoreRow(tiles int) int { return (tiles | 1) * kernels.TileRows }

// attendHeads writes the attention output of a group of queries to the operand's float32 rows: of one head, or of heads heads that share
// their keys, where the group is one token.
func (s *Session) attendHeads(sc *scratch, layer, head, heads int, q *queries) {
	a := &s.m.spec.Attention
	l := &s.m.layers[layer]
	c, cache := s.cache.layers[layer], &s.cache.cacheShape
	d := a.HeadDim
	rows, ldd := queryRows{token: q.first, head: head, n: q.n}, l.attnOut.inputLd()
	if heads > 1 {
		rows.n, rows.ofHeads, ldd = heads, true, d
	}

	// Positions [from, end) hold all that any of the tokens sees; from is the start of a tile.
	end := q.pos + q.n
	from := 0
	if l.window > 0 {
		from = max(0, q.pos+1-l.window) / kernels.TileRows * kernels.TileRows
	}
	tiles := kernels.Tiles(end - from)
	ld := scoreRow(tiles)
	scores := sc.scores[:rows.n*ld]
	c.scores(cache, scores, ld, q.base+from, tiles, rows)
	for i := range rows.n {
		hi := end - from
		if !rows.ofHeads {
			hi -= q.n - 1 - i
		}
		lo := 0
		if l.window > 0 {
			lo = max(0, hi-l.window)
		}
		c.probabilities(scores[i*ld:][:tiles*kernels.TileRows], lo, hi, float32(a.Scale))
	}

	out := s.in.rows[q.first*l.attnOut.inputLd()+head*d:]
	width := cache.valueTiles * kernels.TileRows
	if width == d {
		c.output(cache, out, ldd, head, q.base+from, end-from, scores, ld, rows.n)
		return
	}
	// A head that does not fill its tiles would write over its neighbour.
	c.output(cache, sc.mixed, width, head, q.base+from, end-from, scores, ld, rows.n)
	for i := range rows.n {
		copy(out[i*ldd:][:d], sc.mixed[i*width:])
	}
}
