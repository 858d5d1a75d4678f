package tasks

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// fakeTokenizer has a token for each byte, for each space with a letter behind it, and a BOS that it puts in front.
type fakeTokenizer struct {
	bos, after bool // BOS in front; EOS behind
	noPrefix   bool
}

const (
	fakeBOS   = 1000
	fakeEOS   = 1001
	fakeVocab = 1002
)

func (f fakeTokenizer) Encode(text string, special bool) ([]uint32, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("not UTF-8")
	}
	ids := []uint32{}
	if special && f.bos {
		ids = append(ids, fakeBOS)
	}
	for len(text) > 0 {
		switch {
		case strings.HasPrefix(text, "<s>"):
			ids, text = append(ids, fakeBOS), text[3:]
		case text[0] == ' ' && len(text) > 1 && text[1] > ' ' && text[1] < 0x80:
			ids, text = append(ids, 256+uint32(text[1])), text[2:]
		default:
			ids, text = append(ids, uint32(text[0])), text[1:]
		}
	}
	if special && f.after {
		ids = append(ids, fakeEOS)
	}
	return ids, nil
}

func (f fakeTokenizer) Prefix() (uint32, string, bool) { return fakeBOS, "<s>", !f.noPrefix }

// fakeModel likes tokens by their id and the one before.
type fakeModel struct {
	context int
	seed    float64
	poison  uint32 // after this token logits are NaN
	where   string // what FirstNonFinite says
	calls   int
	stop    func(call int)
}

func (m *fakeModel) Vocab() int   { return fakeVocab }
func (m *fakeModel) Context() int { return m.context }

func (m *fakeModel) row(window []uint32, i int) []float32 {
	row := make([]float32, fakeVocab)
	for j := range row {
		row[j] = float32(3 * math.Sin(m.seed+float64(j)*0.7+float64(window[i])*1.3))
	}
	if window[i] == m.poison && m.poison > 0 {
		row[5] = float32(math.NaN())
	}
	return row
}

func (m *fakeModel) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	m.calls++
	if m.stop != nil {
		m.stop(m.calls)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(window) > m.context {
		return fmt.Errorf("%d positions, the model has %d", len(window), m.context)
	}
	for i := from; i < len(window); i++ {
		if err := fn(i, m.row(window, i)); err != nil {
			return err
		}
	}
	return nil
}

// diagnosing can say where.
type diagnosing struct{ *fakeModel }

func (m diagnosing) FirstNonFinite(context.Context, []uint32) (string, error) { return m.where, nil }

// exactLogProbability is the log-softmax in float64.
func exactLogProbability(logits []float32, target uint32) float64 {
	var sum float64
	for _, x := range logits {
		sum += math.Exp(float64(x))
	}
	return float64(logits[target]) - math.Log(sum)
}
