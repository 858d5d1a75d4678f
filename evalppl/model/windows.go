package model

import (
	"context"
	"fmt"

	"nibble/evalppl/reading"
	"nibble/kernels"
)

// manySlots is what the cache of the model's own session has room for where it reads several windows: as much as a window of the
// usual 1024 tokens needs. A sequence begins a tile, so this is a whole batch of sequences of eight tokens, or half a batch of four.
const manySlots = 2 * batchTokens

// LossesOf reads several windows, as [Session.Losses] reads one: so many at a time as fill a batch. The losses are those of each
// alone, bit for bit. The session forgets what it held. After an error some of the losses are missing.
func (s *Session) LossesOf(ctx context.Context, windows []reading.Window) error {
	if err := s.checkLosses(windows); err != nil {
		return err
	}
	if err := s.checkWindows(windows, 1); err != nil {
		return err
	}
	return s.readAll(ctx, windows, 1, func() error { return s.batchLosses(windows) })
}

// LogitsOf reads several windows, as [Session.Logits] reads one, and calls fn with the number of the window, in order. The logits
// are those of each alone, bit for bit. The session forgets what it held.
func (s *Session) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	if err := s.checkWindows(windows, 0); err != nil {
		return err
	}
	s.roomForLogits()
	return s.readAll(ctx, windows, 0, func() error { return s.batchLogits(ctx, windows, fn) })
}

// checkLosses checks that the losses fit the tokens.
func (s *Session) checkLosses(windows []reading.Window) error {
	for i := range windows {
		q := &windows[i]
		if n := len(q.Tokens); q.From < 0 || n == 0 || len(q.Losses) != n-1-q.From {
			return fmt.Errorf("losses of %d tokens from %d on into %d values, want %d", n, q.From, len(q.Losses), n-1-q.From)
		}
		if err := s.m.checkTokens(q.Tokens); err != nil {
			return err
		}
	}
	return nil
}

// checkWindows checks ids and lengths, without the last unread tokens.
func (s *Session) checkWindows(windows []reading.Window, unread int) error {
	for i := range windows {
		if err := s.m.checkTokens(windows[i].Tokens); err != nil {
			return err
		}
		if n := len(windows[i].Tokens) - unread; n > s.limit {
			return fmt.Errorf("window %d of %d has %d tokens: the session holds %d positions", i, len(windows), n, s.limit)
		}
	}
	return nil
}

// slotsFor returns the positions of the longest of some sequences, and how many slots let their batches be full.
func slotsFor(windows []reading.Window, unread int) (longest, slots int) {
	longest = 1
	for i := range windows {
		n := max(0, len(windows[i].Tokens)-unread)
		longest = max(longest, n)
		slots += kernels.Tiles(n) * kernels.TileRows
	}
	return longest, max(longest, min(slots, manySlots))
}

// windows returns the model's own session, reset, with room for a window of longest tokens, and for slots tokens of several.
func (m *Model) windows(longest, slots int) (*Session, error) {
	if s := m.session; s == nil || s.limit < longest || s.cache.capacity < slots {
		if s != nil {
			if longest > s.limit {
				// Windows longer and longer make few sessions.
				longest = max(longest, min(2*s.limit, m.Context()))
			}
			longest = max(longest, s.limit)
			slots = max(slots, s.cache.capacity, longest)
		}
		m.session = nil // its memory may be taken for the new one
		s, err := m.newSession(longest, slots)
		if err != nil {
			return nil, err
		}
		m.session = s
	}
	m.session.Reset()
	return m.session, nil
}

// window returns the model's own session, reset, for a window of n tokens.
func (m *Model) window(n int) (*Session, error) { return m.windows(max(n, 1), max(n, 1)) }

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

// LossesOf reads several windows: see [Session.LossesOf].
func (m *Model) LossesOf(ctx context.Context, windows []reading.Window) error {
	s, err := m.windows(slotsFor(windows, 1))
	if err != nil {
		return err
	}
	return s.LossesOf(ctx, windows)
}

// LogitsOf reads several windows: see [Session.LogitsOf].
func (m *Model) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	s, err := m.windows(slotsFor(windows, 0))
	if err != nil {
		return err
	}
	return s.LogitsOf(ctx, windows, fn)
}
