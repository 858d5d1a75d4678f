package baselogits

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"nibble/evalppl"
)

// Writer writes a base model's rows as a comparison comes upon them. It holds a few rows at a time.
type Writer struct {
	w          io.Writer
	conditions evalppl.Conditions

	header   Header
	rows     int64 // written
	buffer   []byte
	encoders []encoder
}

// NewWriter writes to w, which is not closed, what the model described by conditions says.
func NewWriter(w io.Writer, conditions evalppl.Conditions) *Writer {
	return &Writer{w: w, conditions: conditions, encoders: make([]encoder, runtime.GOMAXPROCS(0))}
}

// Begin implements [evalppl.BaseSink].
func (w *Writer) Begin(info evalppl.BaseInfo) error {
	if w.header.Rows > 0 {
		return errors.New("save base logits: the writer has begun already")
	}
	w.header = Header{
		Vocab: info.Vocab, Context: info.Context, Protocol: info.Protocol, Ctx: info.Ctx, Stride: info.Stride, BOS: info.BOS, Windows: info.Windows,
		Documents: info.Text.Documents(), Tokens: evalppl.CountTokens(info.Text), TokenStreamSHA256: info.TokenStreamSHA256, Base: w.conditions, Rows: info.Rows,
	}
	if err := w.header.check(); err != nil {
		return fmt.Errorf("save base logits: %w", err)
	}
	return w.header.write(w.w, info.Text)
}

// Rows implements [evalppl.BaseSink].
func (w *Writer) Rows(logits []float32, targets []uint32, losses []float64) error {
	vocab, size := w.header.Vocab, RowBytes(w.header.Vocab)
	if need := size * len(targets); cap(w.buffer) < need {
		w.buffer = make([]byte, need)
	}
	buf := w.buffer[:size*len(targets)]
	var wg sync.WaitGroup
	for k := range min(len(w.encoders), len(targets)) {
		wg.Go(func() {
			for i := k; i < len(targets); i += len(w.encoders) {
				w.encoders[k].encode(buf[i*size:(i+1)*size], uint64(w.rows)+uint64(i), logits[i*vocab:(i+1)*vocab], targets[i], losses[i])
			}
		})
	}
	wg.Wait()
	w.rows += int64(len(targets))
	_, err := w.w.Write(buf)
	return err
}

// Finish makes sure that everything the header promises has been written.
func (w *Writer) Finish() error {
	if w.rows != w.header.Rows || w.rows == 0 {
		return fmt.Errorf("save base logits: %d of %d rows were written", w.rows, w.header.Rows)
	}
	return nil
}
