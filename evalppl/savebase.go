package evalppl

import "math"

// BaseSink receives what the base model of a comparison says, to keep it: package baselogits. Its errors end the comparison.
type BaseSink interface {
	// Begin is called once, before any row.
	Begin(BaseInfo) error
	// Rows receives the rows of logits after which targets follow, [len(targets)][Vocab] without NaN and +Inf, and the targets' losses:
	// in the order of the windows, some at a time. They are only valid during the call.
	Rows(logits []float32, targets []uint32, losses []float64) error
}

// BaseInfo says which rows come.
type BaseInfo struct {
	Vocab, Context    int
	Protocol          string
	Ctx, Stride       int
	BOS               string // as in a [Comparison]
	Text              Text
	TokenStreamSHA256 string
	Windows           int
	Rows              int64
}

// RoundedBase is a base model whose logits are rounded but whose losses are not: one that a [BaseSink] has kept.
type RoundedBase interface {
	DistributionModel
	// WindowLosses returns the losses of the rows that Logits has given of the current window.
	WindowLosses() []float64
	// LogProbabilityError bounds the error of any log-probability in the rows given so far, in nats.
	LogProbabilityError() float64
	// KLBound bounds what that error does to a mean divergence.
	KLBound(meanKL float64) float64
}

// begin announces the rows to the sink.
func (c *comparer) begin() error {
	if c.o.SaveBase == nil {
		return nil
	}
	r := newResult(c.o, c.p)
	info := BaseInfo{
		Vocab: c.models[0].Vocab(), Context: c.models[0].Context(), Protocol: r.Protocol, Ctx: r.Ctx, Stride: r.Stride, BOS: r.BOS,
		Text: c.p.text, TokenStreamSHA256: r.TokenStreamSHA256, Windows: c.p.total,
	}
	for n := range c.p.total {
		info.Rows += int64(c.p.window(n).scored())
	}
	return c.o.SaveBase.Begin(info)
}

// save gives the rows in the base's buffer to the sink. Where one is not finite the window will end the run.
func (c *comparer) save(targets []uint32, first, vocab int) error {
	losses := c.losses[0][first : first+len(targets)]
	if c.o.SaveBase == nil || firstNonFinite(losses) >= 0 {
		return nil
	}
	return c.o.SaveBase.Rows(c.buffer[0][:len(targets)*vocab], targets, losses)
}

// exactLoss takes down the loss of the row that a rounded base has just given.
func (c *comparer) exactLoss() {
	if b, ok := c.models[0].(RoundedBase); ok {
		l := b.WindowLosses()
		c.exact = append(c.exact, l[len(l)-1])
	}
}

// exactLosses puts the losses that a rounded base has kept in the place of those of its rounded rows.
func (c *comparer) exactLosses(scored int) {
	if _, ok := c.models[0].(RoundedBase); !ok {
		return
	}
	copy(c.losses[0][:scored], c.exact)
	for k := range c.pairs {
		for i := range c.pairs[k][:scored] {
			p := &c.pairs[k][i]
			p.deltaP = math.Exp(-p.loss) - math.Exp(-c.losses[0][i])
		}
	}
}
