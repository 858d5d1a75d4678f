package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nibble/evalppl/reading"
	"nibble/kernels"
	"nibble/kernels/pool"
)

// Tracer runs a window through a model and then through variants of it ([Tracer.Requantized]). A variant that differs from the
// model only from some layer on starts there, at the residual stream that the model had: its logits have the same bits as those
// of a whole pass.
//
// It has a session of its own, which the variants share, and keeps the residual stream of one window, or of those read together:
// (Layers+1) x tokens x Hidden float32 values. It runs on the model's threads, so it takes turns with the model.
type Tracer struct {
	m       *Model
	s       *Session         // nil before the first window; made again for a longer one
	held    int              // tokens that the trace has room for
	windows []reading.Window // that the trace holds; nil: none
}

// trace is the residual stream at the entry of every layer, and after the last.
type trace struct {
	states    [][]float32 // [Layers+1][tokens][Hidden]
	recording bool
	first     int // layer at which a pass that does not record begins
}

// NewTracer makes a tracer of the model.
func (m *Model) NewTracer() *Tracer { return &Tracer{m: m} }

// session makes a session for windows.
func (t *Tracer) session(windows []reading.Window) error {
	tokens := 1
	for i := range windows {
		tokens += len(windows[i].Tokens)
	}
	longest, slots := slotsFor(windows, 0)
	if t.s != nil {
		if t.s.limit >= longest && t.s.cache.capacity >= slots && t.held >= tokens {
			return nil
		}
		longest, slots, tokens = max(longest, t.s.limit), max(slots, t.s.cache.capacity), max(tokens, t.held)
	}
	t.s = nil
	s, err := t.m.newSession(longest, slots)
	if err != nil {
		return err
	}
	s.makeRoom()
	s.trace = &trace{}
	for range len(t.m.layers) + 1 {
		s.trace.states = append(s.trace.states, make([]float32, tokens*t.m.spec.Hidden))
	}
	t.s, t.held = s, tokens
	return nil
}

// makeRoom lets the session's packed inputs hold what matrices of any type take: the model's own may need none.
func (s *Session) makeRoom() {
	need := func(m *matrix) int {
		return max(m.packedToken, m.blocks*kernels.PanelTokenBlockBytes, kernels.PackedBF16Bytes(1, m.cols))
	}
	tokens, widest := s.room(), 0
	for i := range s.m.layers {
		l := &s.m.layers[i]
		for _, w := range []*matrix{l.qkv, l.attnOut, l.up, l.down} {
			widest = max(widest, need(w))
		}
	}
	s.in.packed = make([]byte, tokens*widest)
	s.out.in.packed = make([]byte, tokens*need(s.m.head))
}

// Vocab returns the number of tokens: the length of a row of logits.
func (t *Tracer) Vocab() int { return t.m.Vocab() }

// Context returns the number of positions the model was made for.
func (t *Tracer) Context() int { return t.m.Context() }

// Losses runs the model over a window, as [Model.Losses] does, and keeps what variants start from.
func (t *Tracer) Losses(ctx context.Context, window []uint32, from int, dst []float64) error {
	return t.record(alone(window), func(s *Session) error { return s.Losses(ctx, window, from, dst) })
}

// Logits runs the model over a window, as [Model.Logits] does, and keeps what variants start from.
func (t *Tracer) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	return t.record(alone(window), func(s *Session) error { return s.Logits(ctx, window, from, fn) })
}

// LogitsOf runs the model over several windows, as [Model.LogitsOf] does, and keeps what variants start from. None is shared.
func (t *Tracer) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	windows = apart(windows)
	return t.record(windows, func(s *Session) error { return s.LogitsOf(ctx, windows, fn) })
}

// alone is a list of one window.
func alone(window []uint32) []reading.Window { return []reading.Window{{Tokens: window}} }

// apart copies windows as ones that share nothing.
func apart(windows []reading.Window) []reading.Window {
	windows = slices.Clone(windows)
	for i := range windows {
		windows[i].Shared = false
	}
	return windows
}

// FirstNonFinite is [Model.FirstNonFinite].
func (t *Tracer) FirstNonFinite(ctx context.Context, window []uint32) (string, error) {
	return t.m.FirstNonFinite(ctx, window)
}

func (t *Tracer) record(windows []reading.Window, pass func(*Session) error) error {
	t.windows = nil
	if err := t.session(windows); err != nil {
		return err
	}
	t.s.trace.recording, t.s.trace.first = true, 0
	if err := t.run(t.m, pass); err != nil {
		return err
	}
	t.windows = slices.Clone(windows)
	for i := range t.windows {
		t.windows[i].Tokens = slices.Clone(windows[i].Tokens)
	}
	return nil
}

// replay runs a variant over the windows that the trace holds.
func (t *Tracer) replay(v *Variant, windows []reading.Window, pass func(*Session) error) error {
	if v.base != t.m {
		return errors.New("the variant is not one of the tracer's model")
	}
	same := func(a, b reading.Window) bool { return slices.Equal(a.Tokens, b.Tokens) }
	if t.windows == nil || !slices.EqualFunc(windows, t.windows, same) {
		what := fmt.Sprintf("these %d windows", len(windows))
		if len(windows) == 1 {
			what = fmt.Sprintf("this window of %d tokens", len(windows[0].Tokens))
		}
		return fmt.Errorf("the tracer's model has not read %s: it goes before its variants", what)
	}
	t.s.trace.recording, t.s.trace.first = false, v.first
	return t.run(v.m, pass)
}

func (t *Tracer) run(m *Model, pass func(*Session) error) error {
	t.s.m = m // a variant has the model's shapes, so the buffers fit
	t.s.cache.fit(m.layers)
	t.s.Reset()
	err := pass(t.s)
	t.s.m = t.m
	return err
}

// begin makes the residual stream of the batch: the embeddings, or where a variant starts later, what the trace holds.
func (s *Session) begin(w *pool.Worker) {
	first := s.firstLayer()
	if first == 0 {
		w.Each(s.n, func(t int) { s.embed(s.row(t), t) })
		return
	}
	w.Each(s.n, func(t int) { copy(s.row(t), s.traced(first, t)) })
}

// firstLayer returns the layer at which the pass begins.
func (s *Session) firstLayer() int {
	if s.trace == nil {
		return 0
	}
	return s.trace.first
}

// record keeps the residual stream at the entry of a layer. It is called between two barriers during which nobody writes it.
func (s *Session) record(w *pool.Worker, layer int) {
	if s.trace == nil || !s.trace.recording {
		return
	}
	w.Each(s.n, func(t int) { copy(s.traced(layer, t), s.row(t)) })
}

// traced returns the place of token t of the batch in the trace.
func (s *Session) traced(layer, t int) []float32 {
	h := s.m.spec.Hidden
	return s.trace.states[layer][(s.passed+t)*h:][:h]
}
