package corpus

import (
	"fmt"
	"io"
	"iter"
)

// Piece is a part of a document's text.
type Piece struct {
	ID   string // of the document, as in Document
	Text []byte // only valid until the next piece
	Last bool   // the document ends with it; the next piece begins another one
}

// Pieces is Documents for texts that may be larger than memory: a plain text, of up to MaxStream bytes, comes in pieces, every other document
// as one. Fingerprint has nothing after it. With Options.Keep, what can be read only once is held in memory and plain texts have the limit
// of a document.
func (c *Corpus) Pieces() iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		if c.once && c.options.Keep {
			for doc, err := range c.Documents() {
				if !yield(Piece{ID: doc.ID, Text: doc.Text, Last: true}, err) {
					return
				}
			}
			return
		}
		if err := c.start(); err != nil {
			yield(Piece{}, err)
			return
		}
		docs := 0
		for _, s := range c.sources {
			for p, err := range s.pieces(c.options) {
				if err != nil {
					yield(Piece{}, fmt.Errorf("reading text %s: %w", display(s.path), err))
					return
				}
				if p.Last {
					docs++
				}
				if !yield(p, nil) {
					return
				}
			}
		}
		if err := c.found(docs); err != nil {
			yield(Piece{}, err)
		}
	}
}

// CopyTo writes to w, piece by piece, the text that ReadAll returns, without that function's limit on the whole. docs counts the documents. With
// Options.Each each document is held while it is changed. Errors are those of ReadAll and of w.
func (c *Corpus) CopyTo(w io.Writer) (docs int, err error) {
	if c.options.Each != nil {
		return c.copyEach(w)
	}
	empty, begins := true, true
	for p, err := range c.Pieces() {
		if err != nil {
			return 0, err
		}
		if begins && docs > 0 {
			if _, err := io.WriteString(w, c.options.separator()); err != nil {
				return 0, err
			}
		}
		if _, err := w.Write(p.Text); err != nil {
			return 0, err
		}
		empty = empty && len(p.Text) == 0
		if begins = p.Last; p.Last {
			docs++
		}
	}
	return docs, c.notEmpty(empty, docs)
}

func (c *Corpus) copyEach(w io.Writer) (docs int, err error) {
	empty := true
	for doc, err := range c.Documents() {
		if err != nil {
			return 0, err
		}
		text := c.options.Each(doc.Text)
		if docs++; docs > 1 {
			if _, err := io.WriteString(w, c.options.separator()); err != nil {
				return 0, err
			}
		}
		if _, err := w.Write(text); err != nil {
			return 0, err
		}
		empty = empty && len(text) == 0
	}
	return docs, c.notEmpty(empty, docs)
}

// notEmpty refuses documents without a byte in any of them.
func (c *Corpus) notEmpty(empty bool, docs int) error {
	if !empty || c.options.AllowEmpty {
		return nil
	}
	c.fingerprint = ""
	return fmt.Errorf("reading text %s: %w: its %d document(s) are all empty", display(c.path), ErrEmpty, docs)
}
