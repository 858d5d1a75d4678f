package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// What the last layer makes of a token is read by nothing but the head. Of tokens whose results nobody wants, such as those of a prompt but
// the last one, or of the context of an answer, it only keeps keys and values.

// partly says whether the last layer goes on with some of the tokens only, where there are many (see few). A watch and a trace look at all of them.
func (s *Session) partly() bool { return s.wanted < s.n && s.watch == nil && s.trace == nil }

// lastLayerOn runs the last layer for the tokens whose results are wanted; the batch has only these then, moved together. It returns false
// where there are none. The results are those of a layer for all tokens, bit for bit: queries are grouped as there, and nothing that
// follows depends on which tokens are computed together.
func (s *Session) lastLayerOn(w *pool.Worker, sc *scratch) bool {
	layer := len(s.m.layers) - 1
	next := s.m.layers[layer].attnOut
	for _, step := range layerSteps[:stepsToKeys] {
		step.run(s, w, sc, layer)
	}
	if s.wanted == 0 {
		return false
	}
	s.setInput(w, next)
	s.attendByHeads(w, sc, layer, true)
	if w.Index == 0 {
		s.gather(next)
		s.setInput(w, next)
	}
	w.Barrier()
	if next.pack != nil {
		w.Each(kernels.Panels(s.n), func(p int) { s.packAttention(next, p) })
	}
	for _, step := range layerSteps[stepsOfRows:] {
		step.run(s, w, sc, layer)
	}
	return true
}

// gather moves the rows of the tokens whose results are wanted together: of the residual stream, and of the input of matrix next.
func (s *Session) gather(next *matrix) {
	to := 0
	take := func(rows []float32, ld int, g *segment) {
		copy(rows[to*ld:], rows[(g.first+g.n-g.wanted)*ld:(g.first+g.n)*ld])
	}
	for i := range s.segments {
		g := &s.segments[i]
		take(s.x, s.m.spec.Hidden, g)
		take(s.in.rows, next.inputLd(), g)
		to += g.wanted
	}
	s.n = to
}
