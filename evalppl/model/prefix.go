package model

import (
	"context"
	"slices"

	"nibble/evalppl/reading"
)

// PrefixReader reads windows that begin alike, such as the choices of one question, without computing the common beginning again:
// the keys and values of the window read last are kept. Logits are those of [Model.Logits], bit for bit where attention sees all
// positions, because no result depends on how tokens are batched; with windowed attention they differ by rounding, as between other
// batches. Like every session it must not run at the same time as others of its model.
type PrefixReader struct {
	m        *Model
	s        *Session
	read     []uint32 // what s holds
	computed int64
}

// NewPrefixReader makes a reader. Its memory grows to the longest window it is given.
func (m *Model) NewPrefixReader() *PrefixReader { return &PrefixReader{m: m} }

// Vocab returns the number of tokens: the length of a row of logits.
func (p *PrefixReader) Vocab() int { return p.m.Vocab() }

// Context returns the number of positions the model was made for.
func (p *PrefixReader) Context() int { return p.m.Context() }

// Computed returns how many tokens went through the model: those of all windows without the beginnings that were kept.
func (p *PrefixReader) Computed() int64 { return p.computed }

// Reset forgets the window read last, so that what follows does not depend on it in any bit or count.
func (p *PrefixReader) Reset() {
	p.read = p.read[:0]
	if p.s != nil {
		p.s.Reset()
	}
}

// Logits reads a window and calls fn as [Model.Logits] does.
func (p *PrefixReader) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	if err := p.fit(len(window), len(window)); err != nil {
		return err
	}
	keep := 0
	// The token at from has to be computed again: of kept tokens there are no logits.
	for keep < min(from, len(p.read), len(window)) && p.read[keep] == window[keep] {
		keep++
	}
	p.s.rewind(keep)
	err := p.s.Logits(ctx, window[keep:], from-keep, func(i int, logits []float32) error { return fn(keep+i, logits) })
	if err != nil {
		p.Reset()
		return err
	}
	p.read = append(p.read[:keep], window[keep:]...)
	p.computed += int64(len(window) - keep)
	return nil
}

// LogitsOf reads several windows and calls fn as [Model.LogitsOf] does. Logits and counts are those of [PrefixReader.Logits] of each
// window in turn, with a Reset before each that is not shared; afterwards no window is kept.
func (p *PrefixReader) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	p.Reset()
	longest, slots := slotsFor(windows, 0)
	if err := p.fit(longest, slots); err != nil {
		return err
	}
	before := p.s.computed
	if err := p.s.LogitsOf(ctx, windows, fn); err != nil {
		return err
	}
	p.computed += p.s.computed - before
	return nil
}

// fit makes room for windows of n positions, and slots positions of several.
func (p *PrefixReader) fit(n, slots int) error {
	if p.s != nil && p.s.limit >= n && p.s.cache.capacity >= slots {
		return nil
	}
	if p.s != nil {
		n, slots = max(n, p.s.limit), max(slots, p.s.cache.capacity)
	}
	positions := 256
	for positions < n {
		positions *= 2
	}
	if n <= p.m.Context() {
		positions = min(positions, p.m.Context())
	}
	p.s, p.read = nil, p.read[:0]
	s, err := p.m.newSession(positions, max(positions, slots))
	if err != nil {
		return err
	}
	p.s, p.read = s, slices.Grow(p.read[:0], positions)
	return nil
}

// FirstNonFinite says where numbers stop being finite: see [Model.FirstNonFinite].
func (p *PrefixReader) FirstNonFinite(ctx context.Context, window []uint32) (string, error) {
	return p.m.FirstNonFinite(ctx, window)
}

// rewind forgets all but the first n positions. What the cache holds behind them is never read before it is written again.
func (s *Session) rewind(n int) { s.pos = n }
