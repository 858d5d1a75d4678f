package model

import (
	"context"
	"fmt"
	"math"

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
	from, n int       // rows of the batch that are wanted
	targets []uint32  // n ids
	in      operand   // normalized rows of the wanted tokens
	chunks  int       // pieces of the vocabulary
	max     []float32 // [n][chunks] largest logit
	sum     []float64 // [n][chunks] sum of exp(logit - max)
	target  []float32 // [n] logit of the target
	logits  []float32 // [logitTokens][padded vocabulary], made when first asked for
}

func (o *headBatch) init(m *Model, n int) {
	h := m.spec.Hidden
	o.chunks = (m.head.tiles + headTiles - 1) / headTiles
	o.in.rows = make([]float32, n*h)
	o.in.ld = h
	o.in.packed = make([]byte, n*m.head.packedToken)
	o.max = make([]float32, n*o.chunks)
	o.sum = make([]float64, n*o.chunks)
	o.target = make([]float32, n)
}

// normalizeHead fills the head's operand with rows o.from.. of the batch, in groups of headTokens that have panels of their own.
func (s *Session) normalizeHead(w *pool.Worker, sc *scratch) {
	m, o := s.m, &s.out
	h := m.spec.Hidden
	w.Each(o.groups(), func(g int) {
		start, tokens := o.group(g)
		for p := range kernels.Panels(tokens) {
			first, n := kernels.Panel(tokens, p)
			first += start
			dst := o.in.rows[first*h:]
			if m.head.pack != nil {
				dst = sc.rows
			}
			for i := range n {
				m.finalNorm.run(dst[i*h:(i+1)*h], s.row(o.from+first+i))
			}
			if m.head.pack != nil {
				m.head.pack(m.head, o.in.packedFrom(m.head, first), dst, n)
			}
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
	in := operand{tokens: n, ld: o.in.ld}
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
			if target := int(o.targets[first+t]) - row0; target >= 0 && target < rows {
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
	if from < 0 || len(tokens) == 0 || len(dst) != len(tokens)-1-from {
		return fmt.Errorf("losses of %d tokens from %d on into %d values, want %d", len(tokens), from, len(dst), len(tokens)-1-from)
	}
	if err := s.m.checkTokens(tokens); err != nil {
		return err
	}
	return s.batches(ctx, tokens[:len(tokens)-1], func(first int) error {
		o := &s.out
		o.from = max(0, from-first)
		o.n = s.n - o.from
		if o.n <= 0 {
			return nil
		}
		at := first + o.from
		o.targets = tokens[at+1 : at+1+o.n]
		s.m.pool.Run(s.runLosses)
		for t := range o.n {
			dst[at-from+t] = o.loss(t)
		}
		return nil
	})
}

// Logits reads tokens and calls fn with the logits after each token from index from on: [Vocab] values that are only valid
// during the call.
func (s *Session) Logits(ctx context.Context, tokens []uint32, from int, fn func(i int, logits []float32) error) error {
	o := &s.out
	if o.logits == nil {
		o.logits = make([]float32, logitTokens*s.m.head.ld())
	}
	return s.batches(ctx, tokens, func(first int) error {
		for t := max(0, from-first); t < s.n; t += o.n {
			if err := ctx.Err(); err != nil {
				return err
			}
			o.from, o.n = t, min(logitTokens, s.n-t)
			s.m.pool.Run(s.runLogits)
			for i := range o.n {
				if err := fn(first+t+i, o.logits[i*s.m.head.ld():][:s.m.head.rows]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// window returns the model's own session, reset, for a window of n tokens.
func (m *Model) window(n int) (*Session, error) {
	if m.session == nil || m.session.limit < n {
		s, err := m.NewSession(max(n, 1))
		if err != nil {
			return nil, err
		}
		m.session = s
	}
	m.session.Reset()
	return m.session, nil
}

// Losses reads a window of tokens, at most one more than the model has positions, from its beginning: see [Session.Losses].
func (m *Model) Losses(ctx context.Context, window []uint32, from int, dst []float64) error {
	s, err := m.window(len(window) - 1)
	if err != nil {
		return err
	}
	return s.Losses(ctx, window, from, dst)
}

// Logits reads a window of tokens from its beginning: see [Session.Logits].
func (m *Model) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	s, err := m.window(len(window))
	if err != nil {
		return err
	}
	return s.Logits(ctx, window, from, fn)
}
