package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// A batch of few tokens, one panel of them, as in generation, spends its time on the weights' way from memory, and whatever threads do
// between the matrices, they wait for. So steps whose work is small are not shared out, which takes a barrier and the way of the
// result to the other cores, but done by each thread for itself: the norms, over a residual stream of its own. What follows a product
// and needs only rows of it is done where these were computed: the activation, and all of attention for heads that share keys.
// Four barriers of nine are left out so, and one where attention's output is packed. The results are those of layerSteps, bit for bit.
// It pays only with few pieces: those of upFew are two streams each.

// few says whether the batch goes through the layers that way. A watch looks between the steps, and a trace at the residual stream.
func (s *Session) few() bool {
	return kernels.Panels(s.n) == 1 && s.watch == nil && s.trace == nil
}

// fewOn is layersOn for few tokens.
func (s *Session) fewOn(w *pool.Worker, sc *scratch) {
	m := s.m
	for t := range s.n {
		s.embed(sc.row(t, m.spec.Hidden), t)
	}
	var last *matrix
	for i := range m.layers {
		l := &m.layers[i]
		if w.Index == 0 && s.ctx.Err() != nil {
			s.stop = true // read by all after the next barrier, written again only after four more
		}
		s.normalizeAlone(sc, &l.attnNorm, last, l.qkv)
		s.product(w, sc, l.qkv, &sc.normed, s.qkv)
		if s.stop {
			return
		}
		s.attendFew(w, sc, i)
		if s.wanted == 0 && i == len(m.layers)-1 {
			return // keys and values are all that is left of the tokens, see lastlayer.go
		}
		s.attentionOut(w, sc, i)
		s.normalizeAlone(sc, &l.mlpNorm, l.attnOut, l.up)
		s.upFew(w, sc, i)
		s.down(w, sc, i)
		last = l.down
	}
	if w.Index == 0 {
		for t := range s.n {
			s.addDelta(t, last)
		}
	}
}

// row returns the thread's copy of token t's residual stream.
func (sc *scratch) row(t, hidden int) []float32 { return sc.x[t*hidden : (t+1)*hidden] }

// normalizeAlone is normalize by each thread for itself.
func (s *Session) normalizeAlone(sc *scratch, n *norm, last, next *matrix) {
	sc.normed.shape(next, s.n)
	sc.normed.fill(next, sc, 0, s.n, func(t int, dst []float32) {
		s.normalizeRow(sc.row(t, s.m.spec.Hidden), t, n, last, dst)
	})
}

// attendFew keeps keys and values and computes attention; a piece is a key/value head with its queries, of which no other needs anything.
func (s *Session) attendFew(w *pool.Worker, sc *scratch, layer int) {
	a, next := &s.m.spec.Attention, s.m.layers[layer].attnOut
	s.setInput(w, next)
	share, together := a.Heads/a.KVHeads, s.headsTogether()
	width := share * a.HeadDim
	packs := next.pack != nil && (width%kernels.BlockCols == 0 || a.KVHeads == 1)
	pieces := s.pieces(a.KVHeads, 4*a.Heads*a.HeadDim*s.pairs)
	w.Each(pieces, func(piece int) {
		for kv := a.KVHeads * piece / pieces; kv < a.KVHeads*(piece+1)/pieces; kv++ {
			for t := range s.n {
				s.keep(layer, t, kv, 1)
			}
			s.takeOver(layer, kv)
			for i := range s.queries {
				for h := kv * share; h < (kv+1)*share; h += together {
					s.attendHeads(sc, layer, h, together, &s.queries[i])
				}
			}
			if packs {
				next.pack(next, s.in.packed, s.in.rows, s.n, kv*width, (kv+1)*width)
			}
		}
	})
	if next.pack != nil && !packs {
		w.Each(1, func(int) { s.packAttention(next, 0) })
	}
}

// upFew multiplies by the MLP's first matrix and makes its activation the input of the last one. A piece is some columns of the hidden row:
// their gate rows and up rows.
func (s *Session) upFew(w *pool.Worker, sc *scratch, layer int) {
	l, ffn := &s.m.layers[layer], s.m.spec.FFN
	up, next, n := l.up, l.down, s.n
	gated := up.rows > ffn
	if gated && ffn%kernels.TileRows != 0 { // up's rows begin within a tile
		s.product(w, sc, up, &sc.normed, s.wide)
		s.activateRows(w, sc, layer)
		return
	}
	s.setInput(w, next)
	const tiles = kernels.BlockCols / kernels.TileRows
	blocks := kernels.Blocks(ffn)
	pieces := min(blocks, s.productPieces(up))
	w.Each(pieces, func(i int) {
		from, to := blocks*i/pieces, blocks*(i+1)/pieces
		first, end := from*kernels.BlockCols, min(ffn, to*kernels.BlockCols)
		for tile := 0; tile < up.tiles; tile += kernels.Tiles(ffn) { // of the gate, and of up
			t0, t1 := tile+from*tiles, tile+min(to*tiles, kernels.Tiles(ffn))
			up.multiply(up, s.wide[t0*kernels.TileRows:], up.ld(), t0, t1, &sc.normed, sc)
		}
		rows, ld := s.in.rows, next.inputLd()
		if next.pack != nil {
			rows, ld = sc.rows, next.cols
		}
		for t := range n {
			row := s.wide[t*up.ld():][:up.rows]
			gate, values := row[first:end], row[up.rows-ffn:][first:end]
			if up.bias != nil {
				kernels.Add(gate, up.bias[first:end])
				if gated {
					kernels.Add(values, up.bias[ffn:][first:end])
				}
			}
			s.m.activate(rows[t*ld:][first:end], gate, values)
		}
		if next.pack != nil {
			next.pack(next, s.in.packed, rows, n, first, end)
		}
	})
}
