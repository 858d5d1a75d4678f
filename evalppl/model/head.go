package model

import (
	"context"
	"math"

	"nibble/evalppl/reading"
	"nibble/kernels"
	"nibble/kernels/pool"
)

const (
	// headTiles x 16 vocabulary rows by headTokens tokens are computed and reduced while they are in the second-level cache:
	// the logits of a whole batch (512 x 49,152 x 4 bytes = 100 MB) are never held.
	headTiles  = 32
	headTokens = 48
	// logitTokens is how many whole rows of logits are computed at a time where the caller wants them.
	logitTokens = 16
)

// headBatch is the state of computing losses or logits from the final residual stream.
type headBatch struct {
	wanted  []int32   // rows of the residual stream whose results are wanted
	targets []uint32  // of each, the id that comes next
	from, n int       // those that are computed now: wanted[from:from+n]
	in      operand   // normalized rows of the wanted tokens
	chunks  int       // pieces of the vocabulary
	max     []float32 // [n][chunks] largest logit
	sum     []float64 // [n][chunks] sum of exp(logit - max)
	target  []float32 // [n] logit of the target
	logits  []float32 // [logitTokens][padded vocabulary], made when first asked for
}

func (o *headBatch) init(m *Model, n int) {
	o.chunks = (m.head.tiles + headTiles - 1) / headTiles
	o.wanted, o.targets = make([]int32, 0, n), make([]uint32, 0, n)
	o.in.rows = make([]float32, n*kernels.RowFloats(m.spec.Hidden))
	o.in.packed = make([]byte, n*m.head.packedToken)
	o.max = make([]float32, n*o.chunks)
	o.sum = make([]float64, n*o.chunks)
	o.target = make([]float32, n)
}

// normalizeHead fills the head's operand with the rows of the wanted tokens, in groups of headTokens that have panels of their own.
func (s *Session) normalizeHead(w *pool.Worker, sc *scratch) {
	m, o := s.m, &s.out
	w.Each(o.groups(), func(g int) {
		start, tokens := o.group(g)
		for p := range kernels.Panels(tokens) {
			first, n := kernels.Panel(tokens, p)
			first += start
			o.in.fill(m.head, sc, first, n, func(t int, dst []float32) { m.finalNorm.run(dst, s.row(int(o.wanted[o.from+t]))) })
		}
	})
}

// groups returns the number of groups of headTokens among the wanted tokens; group returns the first token and the size of one.
func (o *headBatch) groups() int { return (o.n + headTokens - 1) / headTokens }

func (o *headBatch) group(g int) (first, n int) {
	return g * headTokens, min(headTokens, o.n-g*headTokens)
}

// groupOperand returns the input rows of one group.
func (o *headBatch) groupOperand(m *matrix, g int) operand {
	first, n := o.group(g)
	in := operand{tokens: n, ld: m.inputLd()}
	if m.pack != nil {
		in.packed = o.in.packedFrom(m, first)
	} else {
		in.rows = o.in.rows[first*in.ld:]
	}
	return in
}

// lossesOn computes, on one thread of the pool, the parts of the log-softmax of every wanted token.
func (s *Session) lossesOn(w *pool.Worker) {
	m, o, sc := s.m, &s.out, s.work[w.Index]
	s.normalizeHead(w, sc)
	const ld = headTiles * kernels.TileRows
	groups := o.groups()
	w.Each(o.chunks*groups, func(i int) {
		chunk, group := i/groups, i%groups
		t0, t1 := chunk*headTiles, min(m.head.tiles, (chunk+1)*headTiles)
		in := &sc.group
		*in = o.groupOperand(m.head, group)
		m.head.multiply(m.head, sc.logits, ld, t0, t1, in, sc)
		row0 := t0 * kernels.TileRows
		rows := min(m.head.rows, t1*kernels.TileRows) - row0
		first, _ := o.group(group)
		for t := range in.tokens {
			l := sc.logits[t*ld : t*ld+rows]
			addBias(l, m.head.bias, row0)
			at := (first+t)*o.chunks + chunk
			o.max[at] = kernels.Max(l)
			o.sum[at] = kernels.SumExp(l, o.max[at])
			if target := int(o.targets[o.from+first+t]) - row0; target >= 0 && target < rows {
				o.target[first+t] = l[target]
			}
		}
	})
}

// addBias adds the part of bias (nil: none) that begins at row.
func addBias(x, bias []float32, row int) {
	if bias != nil {
		kernels.Add(x, bias[row:row+len(x)])
	}
}

// loss returns -ln p of token t's target. The parts are joined in the order of the vocabulary, so the result does not depend
// on the number of threads.
func (o *headBatch) loss(t int) float64 {
	tops, sums := o.max[t*o.chunks:(t+1)*o.chunks], o.sum[t*o.chunks:(t+1)*o.chunks]
	top := kernels.Max(tops)
	var sum float64
	for i, x := range sums {
		sum += x * math.Exp(float64(tops[i])-float64(top))
	}
	return math.Log(sum) + float64(top) - float64(o.target[t])
}

// logitsOn computes the whole logit rows of one group of at most headTokens tokens: o.from, o.n select it.
func (s *Session) logitsOn(w *pool.Worker) {
	m, o, sc := s.m, &s.out, s.work[w.Index]
	s.normalizeHead(w, sc)
	in := &sc.group
	*in = o.groupOperand(m.head, 0)
	ld := m.head.ld()
	w.Each(o.chunks, func(chunk int) {
		t0, t1 := chunk*headTiles, min(m.head.tiles, (chunk+1)*headTiles)
		row0 := t0 * kernels.TileRows
		m.head.multiply(m.head, o.logits[row0:], ld, t0, t1, in, sc)
		for t := range o.n {
			addBias(o.logits[t*ld+row0:t*ld+min(m.head.rows, t1*kernels.TileRows)], m.head.bias, row0)
		}
	})
}

// Losses reads all tokens but the last, which is only predicted, and writes to dst[i] the loss, -ln p in nats, of token i+1 given
// all before it, for i from from to len(tokens)-2; dst has len(tokens)-1-from values.
func (s *Session) Losses(ctx context.Context, tokens []uint32, from int, dst []float64) error {
	s.one[0] = reading.Window{Tokens: tokens, From: from, Losses: dst}
	if err := s.checkLosses(s.one[:]); err != nil {
		return err
	}
	return s.goOn(ctx, tokens[:len(tokens)-1], from, func() error { return s.batchLosses(s.one[:]) })
}

// Logits reads tokens and calls fn with the logits after each token from index from on: [Vocab] values that are only valid
// during the call.
func (s *Session) Logits(ctx context.Context, tokens []uint32, from int, fn func(i int, logits []float32) error) error {
	s.roomForLogits()
	s.one[0] = reading.Window{Tokens: tokens, From: from}
	return s.goOn(ctx, tokens, from, func() error {
		return s.batchLogits(ctx, s.one[:], func(_, i int, logits []float32) error { return fn(i, logits) })
	})
}

// want lists the rows of the residual stream whose results are wanted.
func (s *Session) want(windows []reading.Window, targets bool) {
	o := &s.out
	o.wanted, o.targets = o.wanted[:0], o.targets[:0]
	for k := range s.segments {
		g := &s.segments[k]
		q := &windows[g.seq]
		for i := max(q.From, g.index); i < g.index+g.n; i++ {
			row := g.first + i - g.index
			if s.n < len(s.tokens) { // the last layer has moved them together
				row = len(o.wanted)
			}
			o.wanted = append(o.wanted, int32(row))
			if targets {
				o.targets = append(o.targets, q.Tokens[i+1])
			}
		}
	}
}

// batchLosses computes the losses that are wanted of the batch.
func (s *Session) batchLosses(windows []reading.Window) error {
	o := &s.out
	s.want(windows, true)
	o.from, o.n = 0, len(o.wanted)
	if o.n == 0 {
		return nil
	}
	s.m.pool.Run(s.runLosses)
	t := 0
	for k := range s.segments {
		g := &s.segments[k]
		q := &windows[g.seq]
		for i := max(q.From, g.index); i < g.index+g.n; i++ {
			q.Losses[i-q.From] = o.loss(t)
			t++
		}
	}
	return nil
}

// batchLogits computes the logits that are wanted of the batch, a few rows at a time.
func (s *Session) batchLogits(ctx context.Context, windows []reading.Window, fn func(seq, i int, logits []float32) error) error {
	o := &s.out
	s.want(windows, false)
	o.from, o.n = 0, 0
	ld, rows := s.m.head.ld(), s.m.head.rows
	t := 0
	for k := range s.segments {
		g := &s.segments[k]
		for i := max(windows[g.seq].From, g.index); i < g.index+g.n; i++ {
			if t == o.from+o.n {
				if err := ctx.Err(); err != nil {
					return err
				}
				o.from, o.n = t, min(logitTokens, len(o.wanted)-t)
				s.m.pool.Run(s.runLogits)
			}
			if err := fn(g.seq, i, o.logits[(t-o.from)*ld:][:rows]); err != nil {
				return err
			}
			t++
		}
	}
	return nil
}

// roomForLogits makes the memory of rows of logits.
func (s *Session) roomForLogits() {
	if s.out.logits == nil {
		s.out.logits = make([]float32, logitTokens*s.m.head.ld())
	}
}
