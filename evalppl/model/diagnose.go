package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nibble/kernels/pool"
	"nibble/quant"
)

// step is a place in the forward pass after which its numbers can be looked at.
type step int

const (
	afterEmbedding step = iota
	afterAttnNorm
	afterQKV
	afterKeep
	afterAttention
	afterAttnOut
	afterMLPNorm
	afterUp
	afterActivation
	afterDown
	afterLayers
)

// watch looks at the numbers of a pass after each step, until some are not finite.
type watch struct {
	where string // what was found, "" so far
}

// errFound ends a watched pass.
var errFound = errors.New("found")

// watched says whether the pass ends here because something was found. It is called by all threads after a barrier; without a watch it
// is one comparison.
func (s *Session) watched(w *pool.Worker, at step, layer int) bool {
	if s.watch == nil {
		return false
	}
	if w.Index == 0 {
		s.watch.where = s.look(at, layer)
	}
	w.Barrier()
	return s.watch.where != ""
}

// FirstNonFinite runs a window again and returns the first place, in the order of the computation, that held NaN or Inf: the layer, the
// tensor where there is one, the first position of the window (from 0) and its id, how many NaN and how many Inf its values had
// there, at how many positions of the batch, and whether the tensor's own weights are the cause. It returns "" where there is none.
//
// A window is read in batches of 512 tokens: what a batch holds comes before the next batch.
func (m *Model) FirstNonFinite(ctx context.Context, window []uint32) (where string, err error) {
	s, err := m.window(len(window))
	if err != nil {
		return "", err
	}
	s.watch = &watch{}
	defer func() { s.watch = nil }()
	o := &s.out
	s.roomForLogits()
	err = s.goOn(ctx, window, 0, func() error {
		o.wanted = o.wanted[:0]
		for t := range s.n {
			o.wanted = append(o.wanted, int32(t))
		}
		for t := 0; t < s.n; t += o.n {
			o.from, o.n = t, min(logitTokens, s.n-t)
			if s.watch.where = s.lookAtNorm(-1, &m.finalNorm, o.from, o.n); s.watch.where != "" {
				return errFound
			}
			m.pool.Run(s.runLogits)
			if s.watch.where = s.lookAtLogits(); s.watch.where != "" {
				return errFound
			}
		}
		return ctx.Err()
	})
	if err != nil && !errors.Is(err, errFound) {
		return "", err
	}
	return s.watch.where, nil
}

// look describes what is not finite after a step of a layer, "" where all is.
func (s *Session) look(at step, layer int) string {
	m := s.m
	if at == afterEmbedding {
		return s.lookAtEmbedding()
	}
	if at == afterLayers {
		return s.lookAtResidual(len(m.layers)-1, m.layers[len(m.layers)-1].down)
	}
	l := &m.layers[layer]
	product := func(m *matrix, rows []float32) string {
		return s.describe(layer, m.place(), rows, m.ld(), m.rows, m.cause)
	}
	switch at {
	case afterAttnNorm:
		if layer > 0 {
			if where := s.lookAtResidual(layer-1, m.layers[layer-1].down); where != "" {
				return where
			}
		}
		return s.lookAtNorm(layer, &l.attnNorm, 0, s.n)
	case afterQKV:
		return product(l.qkv, s.qkv)
	case afterKeep:
		what := "rotary positions"
		if l.qkv.bias != nil {
			what = place(l.qkv.name + ".bias")
		}
		return s.describe(layer, what, s.qkv, l.qkv.ld(), l.qkv.rows, vectorCause(l.qkv.bias))
	case afterAttention:
		return s.describe(layer, "attention", s.in.rows, l.attnOut.inputLd(), l.attnOut.cols, nil)
	case afterAttnOut:
		return product(l.attnOut, s.delta)
	case afterMLPNorm:
		if where := s.lookAtResidual(layer, l.attnOut); where != "" {
			return where
		}
		return s.lookAtNorm(layer, &l.mlpNorm, 0, s.n)
	case afterUp:
		return product(l.up, s.wide)
	case afterActivation:
		if l.up.bias != nil { // it has been added where the rows lie
			if where := s.describe(layer, place(l.up.name+".bias"), s.wide, l.up.ld(), l.up.rows, vectorCause(l.up.bias)); where != "" {
				return where
			}
		}
		return s.recomputed(layer, "activation of "+l.up.place(), l.down.cols, 0, s.n, nil, func(dst []float32, t int) {
			row := s.wide[t*l.up.ld():][:l.up.rows]
			m.activate(dst, row[:len(dst)], row[len(row)-len(dst):])
		})
	}
	return product(l.down, s.delta)
}

func (s *Session) lookAtEmbedding() string {
	h := s.m.spec.Hidden
	row := make([]float32, h)
	for t, id := range s.tokens {
		if c := countNonFinite(s.row(t)); !c.any() {
			continue
		}
		what, cause := s.m.tokens.Name, ""
		s.m.tokensCodec.DecodeRow(row, s.m.tokensData, h, int(id))
		if c := countNonFinite(row); c.any() {
			cause = fmt.Sprintf("; row %d of the tensor itself holds %s", id, c)
		} else {
			what, cause = "embed.positions", vectorCause(s.m.positions[int(s.position[t])*h:][:h])()
		}
		return s.sentence(-1, place(what), t, s.row(t), 1, cause)
	}
	return ""
}

// lookAtResidual looks at the residual stream after the output of matrix last of a layer, and its bias, were added.
func (s *Session) lookAtResidual(layer int, last *matrix) string {
	h := s.m.spec.Hidden
	if c := countNonFinite(last.bias); c.any() {
		return s.describe(layer, place(last.name+".bias"), s.x, h, h, vectorCause(last.bias))
	}
	return s.describe(layer, "residual stream after "+last.place(), s.x, h, h, nil)
}

// lookAtNorm looks at what a norm makes of n tokens from first on. Its output may exist in quantized form only, so it is computed again.
func (s *Session) lookAtNorm(layer int, norm *norm, first, n int) string {
	cause := func() string {
		if why := vectorCause(norm.gain)(); why != "" {
			return why
		}
		return vectorCause(norm.bias)()
	}
	what := norm.name
	if c := countNonFinite(norm.gain); !c.any() && norm.bias != nil {
		if c := countNonFinite(norm.bias); c.any() {
			what += ".bias"
		}
	}
	return s.recomputed(layer, place(what), s.m.spec.Hidden, first, n, cause, func(dst []float32, t int) { norm.run(dst, s.row(t)) })
}

func (s *Session) lookAtLogits() string {
	m, o := s.m, &s.out
	for t := range o.n {
		if row := o.logits[t*m.head.ld():][:m.head.rows]; countNonFinite(row).any() {
			return s.sentence(-1, "head, "+m.head.place(), o.from+t, row, 1, m.head.cause())
		}
	}
	return ""
}

// describe describes the first of the batch's rows that is not finite.
func (s *Session) describe(layer int, what string, rows []float32, ld, n int, cause func() string) string {
	first, positions := -1, 0
	for t := range s.n {
		if countNonFinite(rows[t*ld:][:n]).any() {
			if positions++; first < 0 {
				first = t
			}
		}
	}
	if first < 0 {
		return ""
	}
	return s.sentence(layer, what, first, rows[first*ld:][:n], positions, causeOf(cause))
}

// recomputed describes the first of n rows from first on that compute does not make finite.
func (s *Session) recomputed(layer int, what string, width, first, n int, cause func() string, compute func(dst []float32, t int)) string {
	dst := make([]float32, width)
	bad, positions := -1, 0
	for t := first; t < first+n; t++ {
		compute(dst, t)
		if countNonFinite(dst).any() {
			if positions++; bad < 0 {
				bad = t
			}
		}
	}
	if bad < 0 {
		return ""
	}
	compute(dst, bad)
	return s.sentence(layer, what, bad, dst, positions, causeOf(cause))
}

func causeOf(cause func() string) string {
	if cause == nil {
		return ""
	}
	return cause()
}

// sentence puts a finding into words: token t of the batch has the row; layer -1 is outside the layers.
func (s *Session) sentence(layer int, what string, t int, row []float32, positions int, cause string) string {
	if layer >= 0 {
		what = fmt.Sprintf("layer %d, %s", layer, what)
	}
	more := ""
	if positions > 1 {
		more = fmt.Sprintf(", and %d more positions", positions-1)
	}
	return fmt.Sprintf("%s, position %d (token id %d): %s of %d values%s%s", what, s.position[t], s.tokens[t], countNonFinite(row), len(row), more, cause)
}

func place(tensor string) string { return fmt.Sprintf("tensor %q", tensor) }

func (m *matrix) place() string { return place(m.name) }

// cause says whether the matrix's own weights are not finite.
func (m *matrix) cause() string {
	c, err := quant.Lookup(m.codec)
	if err != nil {
		return "" // Load has found it
	}
	var all nonFinite
	first := ""
	row := make([]float32, m.cols)
	for r := range m.rows {
		c.DecodeRow(row, m.data, m.cols, r)
		n := countNonFinite(row)
		if n.any() && first == "" {
			first = fmt.Sprintf(", the first at row %d, column %d", r, firstNonFinite(row))
		}
		all.nan, all.inf = all.nan+n.nan, all.inf+n.inf
	}
	if !all.any() {
		return "; its weights are finite, the products are not"
	}
	return fmt.Sprintf("; the tensor itself holds %s%s", all, first)
}

// vectorCause says whether a vector itself is not finite.
func vectorCause(v []float32) func() string {
	return func() string {
		c := countNonFinite(v)
		if !c.any() {
			return ""
		}
		return fmt.Sprintf("; the tensor itself holds %s, the first at element %d", c, firstNonFinite(v))
	}
}

// nonFinite counts numbers that are not finite.
type nonFinite struct{ nan, inf int }

func (c nonFinite) any() bool { return c.nan > 0 || c.inf > 0 }

func (c nonFinite) String() string { return fmt.Sprintf("%d NaN and %d Inf", c.nan, c.inf) }

func countNonFinite(x []float32) (c nonFinite) {
	for _, v := range x {
		switch {
		case v != v:
			c.nan++
		case v > math.MaxFloat32 || v < -math.MaxFloat32:
			c.inf++
		}
	}
	return c
}

func firstNonFinite(x []float32) int {
	for i, v := range x {
		if v-v != 0 { // NaN for NaN and for infinities
			return i
		}
	}
	return -1
}
