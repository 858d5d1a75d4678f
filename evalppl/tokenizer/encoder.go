package tokenizer

import (
	"fmt"
	"unicode/utf8"
)

// encoderChunk is how much of a text an Encoder gathers before it encodes it. Smaller texts are encoded as a whole.
const encoderChunk = 1 << 20

// maxCutCache bounds the pairs of characters whose cuts are remembered.
const maxCutCache = 1 << 14

// Encoder encodes texts that come in pieces of any size, with exactly the ids that [Tokenizer.Encode] gives for the whole: a text is cut only
// where it is proved that both parts have the tokens of the whole. That is before a space or line end behind a character that is none, where
// the tokenizer allows it. What holds it up: a normalizer that replaces by an expression or strips, a character map of SentencePiece, a
// pre-tokenizer whose expression looks around (but for (?!\S)) or takes both characters in one match, and a BPE without pre-tokenizer that
// joins them. Then the text is held until a place is found, at worst to its end: the limit is that of Encode.
//
// The zero value is not usable; see [Tokenizer.NewEncoder]. An Encoder is not safe for concurrent use.
type Encoder struct {
	t    *Tokenizer
	opts EncodeOptions
	emit func(ids []uint32) error

	chunk    int
	buf      []byte
	searched int  // buf has no place to cut before this
	target   int  // size of buf that is worth looking for a place
	begun    bool // some of the text has been encoded
	cuts     map[[2]rune]bool
	err      error
}

// NewEncoder returns an Encoder that hands ids on to emit as they come; they are only valid during the call. An error of emit ends the
// encoding.
func (t *Tokenizer) NewEncoder(opts EncodeOptions, emit func(ids []uint32) error) *Encoder {
	return t.newEncoder(opts, encoderChunk, emit)
}

func (t *Tokenizer) newEncoder(opts EncodeOptions, chunk int, emit func(ids []uint32) error) *Encoder {
	return &Encoder{t: t, opts: opts, emit: emit, chunk: chunk, target: chunk, cuts: map[[2]rune]bool{}}
}

// Write adds a piece of the text. Errors are those of [Tokenizer.Encode] and emit.
func (e *Encoder) Write(p []byte) (n int, err error) {
	for e.err == nil && n < len(p) {
		take := min(len(p)-n, max(e.target-len(e.buf), 1))
		e.buf = append(e.buf, p[n:n+take]...)
		n += take
		if len(e.buf) >= e.target {
			e.err = e.flush()
		}
	}
	return n, e.err
}

// End ends the text and encodes what is left of it. The next Write begins another text.
func (e *Encoder) End() error {
	if e.err == nil {
		e.err = e.encode(len(e.buf), true)
	}
	err := e.err
	if cap(e.buf) > 4*e.chunk {
		e.buf = nil
	}
	e.buf, e.searched, e.target, e.begun, e.err = e.buf[:0], 0, e.chunk, false, nil
	return err
}

// flush encodes the buffer up to the last place where it may be cut. Where there is none it waits for twice as much, so that the time for
// looking grows with the text and not with its square.
func (e *Encoder) flush() error {
	at := e.lastCut()
	if at == 0 {
		if len(e.buf) > maxTextBytes {
			return fmt.Errorf("tokenizer: the text has more than %d bytes without a place where its tokens are certain not to change when it is cut, and no more are encoded at once; break it into lines or documents", maxTextBytes)
		}
		e.searched = len(e.buf) - 1
		e.target = 2 * len(e.buf)
		return nil
	}
	if err := e.encode(at, false); err != nil {
		return err
	}
	e.buf = e.buf[:copy(e.buf, e.buf[at:])]
	e.searched, e.target = 0, max(e.chunk, len(e.buf)+e.chunk/2)
	return nil
}

// lastCut returns the last place where the buffer may be cut, 0 for none.
func (e *Encoder) lastCut() int {
	for i := len(e.buf) - 1; i > e.searched; i-- {
		if c := e.buf[i]; c != ' ' && c != '\n' {
			continue
		}
		before, n := utf8.DecodeLastRune(e.buf[:i])
		if before == utf8.RuneError && n < 2 {
			continue
		}
		pair := [2]rune{before, rune(e.buf[i])}
		ok, known := e.cuts[pair]
		if !known {
			if len(e.cuts) >= maxCutCache {
				clear(e.cuts)
			}
			ok = e.t.canCut(pair[0], pair[1])
			e.cuts[pair] = ok
		}
		if ok {
			return i
		}
	}
	return 0
}

// encode hands on the ids of the first n bytes of the buffer.
func (e *Encoder) encode(n int, last bool) error {
	t := e.t
	s := t.sessions.Get().(*session)
	s.ids = make([]uint32, 0, n/3+8)
	if !e.begun && !e.opts.NoSpecial {
		s.ids = append(s.ids, t.template.before...)
	}
	err := t.encodePart(s, e.buf[:n], e.begun)
	if last && !e.opts.NoSpecial {
		s.ids = append(s.ids, t.template.after...)
	}
	e.begun = true
	ids := s.ids
	s.release()
	t.sessions.Put(s)
	if err != nil || len(ids) == 0 {
		return err
	}
	return e.emit(ids)
}
