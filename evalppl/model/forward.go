package model

import (
	"nibble/kernels"
	"nibble/kernels/pool"
)

// The first steps of a layer, up to stepsToKeys, end with the keys and values of all tokens; those from stepsOfRows on are of each row alone.
const (
	stepsToKeys = 3
	stepsOfRows = 4
)

// layerStep is a step of a layer, with the place that a watch looks at after it.
type layerStep struct {
	run   func(s *Session, w *pool.Worker, sc *scratch, layer int)
	after step
}

// layerSteps are the steps of a layer in their order; those of a batch of few tokens are in few.go.
var layerSteps = []layerStep{
	{(*Session).normalizeAttention, afterAttnNorm},
	{func(s *Session, w *pool.Worker, sc *scratch, i int) {
		s.product(w, sc, s.m.layers[i].qkv, &s.in, s.qkv)
	}, afterQKV},
	{(*Session).keepAll, afterKeep},
	{(*Session).attend, afterAttention},
	{(*Session).attentionOut, afterAttnOut},
	{(*Session).normalizeMLP, afterMLPNorm},
	{func(s *Session, w *pool.Worker, sc *scratch, i int) {
		s.product(w, sc, s.m.layers[i].up, &s.in, s.wide)
	}, afterUp},
	{(*Session).activateRows, afterActivation},
	{(*Session).down, afterDown},
}

func (s *Session) attentionOut(w *pool.Worker, sc *scratch, layer int) {
	s.product(w, sc, s.m.layers[layer].attnOut, &s.in, s.delta)
}

func (s *Session) down(w *pool.Worker, sc *scratch, layer int) {
	s.product(w, sc, s.m.layers[layer].down, &s.in, s.delta)
}

// layersOn runs the batch through all layers on one of the pool's threads; s.x then holds the residual stream that the final
// norm reads. Every step shares its tokens or rows among the threads, and no result depends on how.
func (s *Session) layersOn(w *pool.Worker) {
	m, sc, layers := s.m, s.work[w.Index], len(s.m.layers)
	if s.few() {
		s.fewOn(w, sc)
		return
	}
	if s.partly() {
		layers--
	}
	s.begin(w)
	if s.watched(w, afterEmbedding, 0) {
		return
	}
	for i := s.firstLayer(); i < layers; i++ {
		if w.Index == 0 && s.ctx.Err() != nil {
			s.stop = true // read by all after the next barrier, written again only after the one that follows
		}
		for k := range layerSteps {
			layerSteps[k].run(s, w, sc, i)
			if k == 0 && s.stop || s.watched(w, layerSteps[k].after, i) {
				return
			}
		}
	}
	if layers < len(m.layers) && !s.lastLayerOn(w, sc) {
		return
	}
	w.Each(s.n, func(t int) { s.addDelta(t, s.lastMatrix(len(m.layers))) })
	s.record(w, len(m.layers))
	s.watched(w, afterLayers, 0)
}

// lastMatrix returns the matrix whose output is not yet added to the residual stream at the entry of a layer; nil in the first.
func (s *Session) lastMatrix(layer int) *matrix {
	if layer == s.firstLayer() {
		return nil
	}
	return s.m.layers[layer-1].down
}

// normalizeAttention makes the input of the layer's first matrix.
func (s *Session) normalizeAttention(w *pool.Worker, sc *scratch, layer int) {
	l := &s.m.layers[layer]
	s.normalize(w, sc, &l.attnNorm, s.lastMatrix(layer), l.qkv)
	s.record(w, layer)
}

// normalizeMLP makes the input of the MLP.
func (s *Session) normalizeMLP(w *pool.Worker, sc *scratch, layer int) {
	l := &s.m.layers[layer]
	s.normalize(w, sc, &l.mlpNorm, l.attnOut, l.up)
}

// row returns token t's residual stream.
func (s *Session) row(t int) []float32 {
	h := s.m.spec.Hidden
	return s.x[t*h : (t+1)*h]
}

// embed makes the residual stream x of token t.
func (s *Session) embed(x []float32, t int) {
	m := s.m
	m.tokensCodec.DecodeRow(x, m.tokensData, m.spec.Hidden, int(s.tokens[t]))
	if m.positions != nil {
		kernels.Add(x, m.positions[int(s.position[t])*m.spec.Hidden:][:len(x)])
	}
}

// addDelta adds what matrix last (nil: none) computed for token t, and its bias, to the residual stream.
func (s *Session) addDelta(t int, last *matrix) {
	if last == nil {
		return
	}
	x := s.row(t)
	kernels.Add(x, s.delta[t*last.ld():][:len(x)])
	if last.bias != nil {
		kernels.Add(x, last.bias)
	}
}

// normalize adds the output of matrix last to the residual stream and makes the normalized rows the input of matrix next.
func (s *Session) normalize(w *pool.Worker, sc *scratch, n *norm, last, next *matrix) {
	s.fill(w, sc, next, func(t int, dst []float32) { s.normalizeRow(s.row(t), t, n, last, dst) })
}

// normalizeRow adds what matrix last computed for token t to its residual stream x, and writes the normalized row to dst.
func (s *Session) normalizeRow(x []float32, t int, n *norm, last *matrix, dst []float32) {
	if last == nil {
		n.run(dst, x)
		return
	}
	if last.bias != nil {
		kernels.Add(x, last.bias)
	}
	n.runAdd(dst, x, s.delta[t*last.ld():][:len(x)])
}

// activateRows makes the MLP's hidden rows the input of the layer's last matrix.
func (s *Session) activateRows(w *pool.Worker, sc *scratch, layer int) {
	l, ffn := &s.m.layers[layer], s.m.spec.FFN
	s.fill(w, sc, l.down, func(t int, dst []float32) {
		row := s.wide[t*l.up.ld():][:l.up.rows]
		if l.up.bias != nil {
			kernels.Add(row, l.up.bias)
		}
		s.m.activate(dst[:ffn], row[:ffn], row[len(row)-ffn:])
	})
}

// fill computes the input of matrix next, a row for each token, as float32 rows or packed, whichever the matrix takes.
func (s *Session) fill(w *pool.Worker, sc *scratch, next *matrix, row func(t int, dst []float32)) {
	s.setInput(w, next)
	w.Each(kernels.Panels(s.n), func(p int) {
		first, n := kernels.Panel(s.n, p)
		s.in.fill(next, sc, first, n, row)
	})
}

// fill computes n rows from row first on, those of a panel, as float32 rows or packed, whichever matrix next takes.
func (in *operand) fill(next *matrix, sc *scratch, first, n int, row func(t int, dst []float32)) {
	cols, ld := next.cols, next.inputLd()
	if next.pack == nil {
		for t := first; t < first+n; t++ {
			row(t, in.rows[t*ld:][:cols])
		}
		return
	}
	for i := range n {
		row(first+i, sc.rows[i*cols:(i+1)*cols])
	}
	next.pack(next, in.packedFrom(next, first), sc.rows, n, 0, cols)
}

// setInput says how far apart the rows of matrix next's input are. It is called right after a barrier, and read after the next.
func (s *Session) setInput(w *pool.Worker, next *matrix) {
	if w.Index == 0 {
		s.in.shape(next, s.n)
	}
}

// shape says what the operand holds: n tokens as matrix next takes them.
func (in *operand) shape(next *matrix, n int) { in.ld, in.tokens = next.inputLd(), n }

// packedFrom returns the operand's packed tokens, as matrix m takes them, from token first on, which begins a panel.
func (in *operand) packedFrom(m *matrix, first int) []byte { return in.packed[first*m.packedToken:] }
