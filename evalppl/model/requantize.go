package model

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"

	"nibble/evalppl/reading"
	"nibble/kernels"
	"nibble/kernels/pool"
	"nibble/quant"
)

// Requantized is a tracer's model with some matrices encoded as other types. They are encoded for each pass again, which
// takes far less time than a pass over a batch, so that many of them take no memory.
type Requantized struct {
	t     *Tracer
	types map[string]string
	first int
}

// Requantized returns the model with the named matrices encoded as the given types, as a conversion of the tracer's container
// would encode them. It reads a window right after the tracer has: [Tracer.Logits] or [Tracer.Losses]. Errors name the tensor
// that is not a matrix of the model, or the type that is not known.
func (t *Tracer) Requantized(types map[string]string) (*Requantized, error) {
	r := &Requantized{t: t, types: maps.Clone(types), first: len(t.m.layers)}
	for name, typ := range types {
		p, err := t.m.matrixNamed(name)
		if err == nil && !slices.Contains(quant.MatrixNames(), typ) {
			_, err = quant.Lookup(typ)
			if err == nil {
				err = fmt.Errorf("type %s is not one of a matrix", typ)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("requantize tensor %q: %w", name, err)
		}
		r.first = min(r.first, p.layer)
	}
	return r, nil
}

// Vocab returns the number of tokens: the length of a row of logits.
func (r *Requantized) Vocab() int { return r.t.Vocab() }

// Context returns the number of positions the model was made for.
func (r *Requantized) Context() int { return r.t.Context() }

// Losses is [Model.Losses] of the changed model over the tracer's window. A weight that the type cannot hold is an error.
func (r *Requantized) Losses(ctx context.Context, window []uint32, from int, dst []float64) error {
	v, err := r.variant()
	if err != nil {
		return err
	}
	return r.t.replay(v, alone(window), func(s *Session) error { return s.Losses(ctx, window, from, dst) })
}

// Logits is [Model.Logits] of the changed model over the tracer's window. A weight that the type cannot hold is an error.
func (r *Requantized) Logits(ctx context.Context, window []uint32, from int, fn func(i int, logits []float32) error) error {
	v, err := r.variant()
	if err != nil {
		return err
	}
	return r.t.replay(v, alone(window), func(s *Session) error { return s.Logits(ctx, window, from, fn) })
}

// LogitsOf is [Tracer.LogitsOf] of the changed model over the tracer's windows. A weight that the type cannot hold is an error.
func (r *Requantized) LogitsOf(ctx context.Context, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	v, err := r.variant()
	if err != nil {
		return err
	}
	windows = apart(windows)
	return r.t.replay(v, windows, func(s *Session) error { return s.LogitsOf(ctx, windows, fn) })
}

// FirstNonFinite is [Model.FirstNonFinite] of the changed model, in a whole pass.
func (r *Requantized) FirstNonFinite(ctx context.Context, window []uint32) (string, error) {
	v, err := r.variant()
	if err != nil {
		return "", err
	}
	if v.m.session, err = v.m.NewSession(max(1, len(window))); err != nil {
		return "", err
	}
	v.m.session.makeRoom()
	return v.m.FirstNonFinite(ctx, window)
}

func (r *Requantized) variant() (*Variant, error) {
	replaced := map[string]Encoded{}
	for name, typ := range r.types {
		e, err := r.t.m.encode(name, typ)
		if err != nil {
			return nil, err
		}
		replaced[name] = e
	}
	return r.t.m.Variant(replaced)
}

// encodeRows is how many rows of a matrix a thread decodes and encodes at a time.
const encodeRows = 8 * kernels.TileRows

// encode decodes a matrix and encodes it as another type, on the model's threads.
func (m *Model) encode(name, typ string) (Encoded, error) {
	p, err := m.matrixNamed(name)
	if err != nil {
		return Encoded{}, fmt.Errorf("encode tensor %q: %w", name, err)
	}
	rows, cols, data, from := m.tokens.Rows, m.tokens.Cols, m.tokensData, m.tokensCodec
	if !p.embedding {
		w := *p.at
		rows, cols, data = w.rows, w.cols, w.data
		if from, err = quant.Lookup(w.codec); err != nil {
			return Encoded{}, fmt.Errorf("encode tensor %q: %w", name, err)
		}
	}
	to, err := quant.Lookup(typ)
	if err != nil {
		return Encoded{}, fmt.Errorf("encode tensor %q: %w", name, err)
	}
	out := make([]byte, to.Bytes(rows, cols))
	var bad atomic.Uint64 // bits of a value that does not fit
	m.pool.Run(func(w *pool.Worker) {
		values := make([]float32, min(rows, encodeRows)*cols)
		w.Each((rows+encodeRows-1)/encodeRows, func(i int) {
			first := i * encodeRows
			n := min(encodeRows, rows-first)
			from.Decode(values, data[from.Bytes(first, cols):], n, cols)
			for _, x := range values[:n*cols] {
				if !(math.Abs(float64(x)) <= to.MaxAbs()) {
					bad.Store(uint64(math.Float32bits(x)) | 1<<32)
					return
				}
			}
			to.Encode(out[to.Bytes(first, cols):], values, n, cols)
		})
	})
	if b := bad.Load(); b != 0 {
		return Encoded{}, fmt.Errorf("encode tensor %q as %s: it holds %g, %s holds finite values up to %g: leave this type out", name, typ, math.Float32frombits(uint32(b)), typ, to.MaxAbs())
	}
	return Encoded{Codec: typ, Data: out}, nil
}

// Share returns which part of a whole pass's products is computed for the changed model, from 0 to 1.
func (r *Requantized) Share() float64 {
	var whole, part float64
	for i := range r.t.m.layers {
		l := &r.t.m.layers[i]
		for _, w := range []*matrix{l.qkv, l.attnOut, l.up, l.down} {
			n := float64(w.rows) * float64(w.cols)
			whole += n
			if i >= r.first {
				part += n
			}
		}
	}
	head := float64(r.t.m.head.rows) * float64(r.t.m.head.cols)
	return (part + head) / (whole + head)
}
