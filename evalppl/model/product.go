package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// Into how many pieces each thread's share of a matrix is cut: a thread that was held up then does not hold up the others for long.
// A piece that takes less time than two threads need to agree on who does it, and its input to come to the other core, is better done by
// one: the smallest models generate on one thread.
const (
	piecesPerThread     = 4
	piecesPerThreadMany = 16
	manyTokens          = 32
	pieceOps            = 1 << 16 // multiplications and additions: a tenth of a microsecond of int8 products

	// streamBytes is what a piece has at least where few tokens read weights from memory: each piece is a stream, and the first lines
	// of one come late.
	streamBytes = 1 << 20
)

// pieces returns into how many pieces, at most most, work of so many operations is cut.
func (s *Session) pieces(most, ops int) int { return max(1, min(most, ops/pieceOps)) }

// productPieces returns into how many pieces the product with matrix m is cut.
func (s *Session) productPieces(m *matrix) int {
	threads := s.m.pool.Size()
	each := piecesPerThread
	switch {
	case s.n >= manyTokens:
		each = piecesPerThreadMany
	case s.few():
		each = max(1, min(each, len(m.data)/threads/streamBytes))
	}
	return s.pieces(threads*each, 2*m.rows*m.cols*s.n)
}

// product multiplies matrix m by an operand into dst[t*m.ld()+row]. Pieces are pairs of tiles, which the kernels take
// together, and as equal as can be.
func (s *Session) product(w *pool.Worker, sc *scratch, m *matrix, in *operand, dst []float32) {
	pairs := (m.tiles + 1) / 2
	pieces := min(pairs, s.productPieces(m))
	w.Each(pieces, func(i int) {
		t0, t1 := 2*(pairs*i/pieces), min(m.tiles, 2*(pairs*(i+1)/pieces))
		m.multiply(m, dst[t0*kernels.TileRows:], m.ld(), t0, t1, in, sc)
	})
}
