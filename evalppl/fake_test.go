package evalppl

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// tableModel is a model whose logits after token t are row t of a table, plus a part that depends on how much context the
// position has, so that windows matter. Losses and Logits are written independently of the package's own arithmetic.
type tableModel struct {
	table   [][]float32
	context int

	poison func(window []uint32) bool // windows whose logits are NaN
	passes int
	read   int
	cancel func(pass int)
}

// beginsWith reports that a window is the beginning of tokens: its place in a random text.
func beginsWith(tokens, window []uint32) bool {
	return len(window) <= len(tokens) && slices.Equal(tokens[:len(window)], window)
}

func newTable(seed uint64, vocab, context int, spread float64) *tableModel {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &tableModel{context: context}
	for range vocab {
		row := make([]float32, vocab)
		for i := range row {
			row[i] = float32(r.NormFloat64() * spread)
		}
		m.table = append(m.table, row)
	}
	return m
}

// noisy is a copy of m with noise added to its table.
func (m *tableModel) noisy(seed uint64, noise float64) *tableModel {
	r := rand.New(rand.NewPCG(seed, 2))
	c := &tableModel{context: m.context}
	for _, row := range m.table {
		n := make([]float32, len(row))
		for i, x := range row {
			n[i] = x + float32(r.NormFloat64()*noise)
		}
		c.table = append(c.table, n)
	}
	return c
}

func (m *tableModel) Vocab() int   { return len(m.table) }
func (m *tableModel) Context() int { return m.context }

// row returns the logits at position i of a window.
func (m *tableModel) row(window []uint32, i int) []float32 {
	row := make([]float32, m.Vocab())
	sharpness := 1 - 1/float32(i+2) // more context, more certain
	for j, x := range m.table[window[i]] {
		row[j] = x * sharpness
	}
	if m.poison != nil && m.poison(window) && i >= 2 {
		row[3] = float32(math.NaN())
	}
	return row
}

func (m *tableModel) start(ctx context.Context, window []uint32) error {
	if len(window) > m.context {
		return fmt.Errorf("%d positions, the model has %d", len(window), m.context)
	}
	m.passes++
	m.read += len(window)
	if m.cancel != nil {
		m.cancel(m.passes)
	}
	return ctx.Err()
}

func (m *tableModel) Losses(ctx context.Context, window []uint32, from int, dst []float64) error {
	if err := m.start(ctx, window[:len(window)-1]); err != nil {
		return err
	}
	for i := from; i < len(window)-1; i++ {
		dst[i-from] = exactLoss(m.row(window, i), window[i+1])
	}
	return nil
}

func (m *tableModel) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	if err := m.start(ctx, window); err != nil {
		return err
	}
	for i := from; i < len(window); i++ {
		if err := fn(i, m.row(window, i)); err != nil {
			return err
		}
	}
	return nil
}

// exactLogProbabilities is the log-softmax in float64.
func exactLogProbabilities(logits []float32) []float64 {
	top := math.Inf(-1)
	for _, x := range logits {
		top = max(top, float64(x))
	}
	var sum float64
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	p := make([]float64, len(logits))
	for i, x := range logits {
		p[i] = float64(x) - top - math.Log(sum)
		if math.IsNaN(float64(x)) {
			p[i] = math.NaN()
		}
	}
	return p
}

func exactLoss(logits []float32, target uint32) float64 {
	return -exactLogProbabilities(logits)[target]
}

// exactKL is the definition.
func exactKL(a, b []float32) float64 {
	p, q := exactLogProbabilities(a), exactLogProbabilities(b)
	var kl float64
	for i := range p {
		if p[i] > math.Inf(-1) {
			kl += math.Exp(p[i]) * (p[i] - q[i])
		}
	}
	return kl
}

// randomTokens draws from the table model, so that the text is neither all surprise nor all certainty.
func randomTokens(m *tableModel, seed uint64, n int) []uint32 {
	r := rand.New(rand.NewPCG(seed, 3))
	tokens := make([]uint32, n)
	for i := 1; i < n; i++ {
		p := exactLogProbabilities(m.table[tokens[i-1]])
		u := r.Float64()
		for j, l := range p {
			u -= math.Exp(l)
			if u <= 0 || j == len(p)-1 {
				tokens[i] = uint32(j)
				break
			}
		}
	}
	return tokens
}
