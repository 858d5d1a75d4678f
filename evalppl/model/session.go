package model

import (
	"context"
	"fmt"

	"nibble/evalppl/reading"
	"nibble/format"
	"nibble/kernels"
	"nibble/kernels/pool"
)

// batchTokens is how many tokens go through a layer together: enough that the weights' way from memory is paid by many
// tokens, few enough that a batch's activations stay small.
const batchTokens = 512

// Session is one sequence being read by a model: the positions so far, their keys and values, and the buffers of a batch. It can read
// several sequences together too, each from its beginning ([Session.LossesOf], [Session.LogitsOf]).
type Session struct {
	m      *Model
	cache  *cache
	rotary *rotaryTable // nil without rotary positions
	limit  int          // positions of a sequence
	pos    int          // positions read so far

	batch
	ctx    context.Context
	stop   bool
	one    [1]reading.Window // the session's own, while it is read
	passed int               // tokens of the batches before, since Reset

	x     []float32 // [n][Hidden] residual stream
	delta []float32 // [n][ld] what the last matrix adds to it
	qkv   []float32 // [n][ld]
	wide  []float32 // [n][ld] output of mlp.up
	in    operand   // input of the next matrix

	out  headBatch
	work []*scratch // one for each thread

	watch *watch // nil, but while FirstNonFinite looks for a place
	trace *trace // nil, but in a Tracer

	// The pool's functions, made once so that a batch allocates nothing.
	runLayers, runLosses, runLogits func(*pool.Worker)
}

// scratch is one thread's own memory.
type scratch struct {
	rows   []float32 // [PanelTokens][widest input], rows on their way to a panel
	tile   []float32 // one decoded tile
	scores []float32 // [attentionTokens][scoreRow], for the positions of a sequence
	mixed  []float32 // [attentionTokens][padded HeadDim]
	logits []float32 // [headTokens][headTiles*16]
	group  operand   // the head's input of one group of tokens

	// Of batches of few tokens (few.go):
	x      []float32 // [PanelTokens][Hidden] the thread's copy of the residual stream; of the first one, the session's
	normed operand   // output of a norm
}

// NewSession makes a session for at most positions positions. It fails where the model has learned positions for fewer.
func (m *Model) NewSession(positions int) (*Session, error) {
	return m.newSession(positions, positions)
}

// newSession makes a session for sequences of at most positions positions; its cache has slots slots, for several of them: as many as
// one needs, or more.
func (m *Model) newSession(positions, slots int) (*Session, error) {
	if positions < 1 {
		return nil, fmt.Errorf("a session of %d positions: at least 1 is needed", positions)
	}
	if m.positions != nil && positions > m.spec.Context {
		return nil, fmt.Errorf("%d positions asked, the model has learned positions for %d", positions, m.spec.Context)
	}
	s := &Session{m: m, limit: positions}
	if m.spec.Position.Kind == format.RotaryPositions {
		var err error
		if s.rotary, err = newRotaryTable(*m.spec.Position.Rotary, positions); err != nil {
			return nil, err
		}
	}
	n := min(slots, batchTokens)
	s.batch = newBatch(n)
	widest, longest := 0, 0 // inputs of matrices, and their rows
	for _, cols := range []int{m.spec.Hidden, m.spec.FFN, m.spec.Attention.Heads * m.spec.Attention.HeadDim} {
		widest, longest = max(widest, cols), max(longest, kernels.RowFloats(cols))
	}
	first := &m.layers[0]
	s.x = make([]float32, n*m.spec.Hidden)
	s.delta = make([]float32, n*first.down.ld())
	s.qkv = make([]float32, n*first.qkv.ld())
	s.cache = newCache(m, slots, s.qkv, first.qkv.ld())
	s.wide = make([]float32, n*first.up.ld())
	s.in.rows = make([]float32, n*longest)
	s.in.packed = make([]byte, n*m.packedToken)
	for i := range m.pool.Size() {
		s.work = append(s.work, &scratch{
			rows:   make([]float32, kernels.PanelTokens*widest),
			tile:   make([]float32, m.maxBlocks*kernels.BlockCols*kernels.TileRows),
			scores: make([]float32, attentionTokens*scoreRow(kernels.Tiles(positions))),
			mixed:  make([]float32, attentionTokens*s.cache.valueTiles*kernels.TileRows),
			logits: make([]float32, headTokens*headTiles*kernels.TileRows),
			normed: operand{
				rows:   make([]float32, kernels.PanelTokens*kernels.RowFloats(m.spec.Hidden)),
				packed: make([]byte, kernels.PanelTokens*m.packedToken),
			},
		})
		s.work[i].x = s.x
		if i > 0 {
			s.work[i].x = make([]float32, kernels.PanelTokens*m.spec.Hidden)
		}
	}
	s.out.init(m, n)
	s.runLayers, s.runLosses, s.runLogits = s.layersOn, s.lossesOn, s.logitsOn
	return s, nil
}

// Reset forgets the sequence.
func (s *Session) Reset() { s.pos, s.passed = 0, 0 }

// Pos returns the number of positions read.
func (s *Session) Pos() int { return s.pos }

// Append reads tokens without computing any logits. After an error the session must be Reset.
func (s *Session) Append(ctx context.Context, tokens []uint32) error {
	return s.goOn(ctx, tokens, len(tokens), func() error { return nil })
}

// goOn sends the session's next tokens through the layers, a batch at a time, and calls done after each. Results are wanted of tokens
// from index from on.
func (s *Session) goOn(ctx context.Context, tokens []uint32, from int, done func() error) error {
	if err := s.m.checkTokens(tokens); err != nil {
		return err
	}
	if s.pos+len(tokens) > s.limit {
		return fmt.Errorf("%d tokens after %d: the session holds %d positions", len(tokens), s.pos, s.limit)
	}
	s.batch.reset() // an error may have left one
	for first := 0; first < len(tokens); {
		n := min(len(tokens)-first, s.room())
		s.batch.add(0, tokens[first:first+n], first, 0, s.pos, from)
		if err := s.through(ctx, done); err != nil {
			return err
		}
		s.pos += n
		first += n
	}
	return nil
}
