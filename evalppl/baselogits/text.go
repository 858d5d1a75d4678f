package baselogits

import (
	"encoding/binary"
	"fmt"
	"io"
)

// savedText is the tokens of a file of saved logits, where they lie. It implements [evalppl.Text].
type savedText struct {
	file    io.ReaderAt
	at      int64 // of the first token in the file
	lengths []uint64
}

// check makes sure that the documents make up the tokens, and that the vocabulary has all of them.
func (t *savedText) check(tokens uint64, vocab int) error {
	left := tokens
	for i, n := range t.lengths {
		if n > left {
			return fmt.Errorf("document %d has %d tokens, %d are left", i, n, left)
		}
		left -= n
	}
	if left > 0 {
		return fmt.Errorf("%d tokens belong to no document", left)
	}
	var part [4096]uint32
	for at := uint64(0); at < tokens; {
		ids := part[:min(uint64(len(part)), tokens-at)]
		if err := t.ReadAt(ids, int64(at)); err != nil {
			return err
		}
		for i, id := range ids {
			if int64(id) >= int64(vocab) {
				return fmt.Errorf("token %d has id %d, the vocabulary has %d tokens", at+uint64(i), id, vocab)
			}
		}
		at += uint64(len(ids))
	}
	return nil
}

func (t *savedText) Documents() int   { return len(t.lengths) }
func (t *savedText) Length(i int) int { return int(t.lengths[i]) }

func (t *savedText) ReadAt(dst []uint32, at int64) error {
	b := make([]byte, 4*len(dst))
	if n, err := t.file.ReadAt(b, t.at+4*at); n < len(b) {
		return fmt.Errorf("read the saved tokens at byte %d: %w", t.at+4*at, err)
	}
	for i := range dst {
		dst[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return nil
}
