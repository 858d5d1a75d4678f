package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"nibble/evalppl"
)

// tokenSink keeps the first tokens of a text, document by document, and counts all.
type tokenSink struct {
	store *evalppl.TokenStore
	limit int // tokens to keep (0: all)
	total int // tokens of the whole text

	kept int
	doc  int  // tokens kept of the document under way
	over bool // it has more
	done bool // the limit was reached within a document
}

func newTokenSink(limit int) *tokenSink {
	return &tokenSink{store: evalppl.NewTokenStore(), limit: limit}
}

// add adds tokens to the document under way. They may be used again after the call.
func (s *tokenSink) add(ids []uint32) error {
	s.total += len(ids)
	if s.done {
		return nil
	}
	if room := s.limit - s.kept; s.limit > 0 && len(ids) > room {
		ids, s.over = ids[:room], true
	}
	s.kept += len(ids)
	s.doc += len(ids)
	return s.store.Append(ids...)
}

// endDocument ends a document. What lies behind the limit is no document. Where the limit falls between two, documents without tokens are left
// out too: they would be scored by nothing and counted all the same.
func (s *tokenSink) endDocument() {
	switch {
	case s.done:
		return
	case s.over && s.doc == 0:
		s.store.DropEmpty()
	default:
		s.store.EndDocument()
	}
	s.done = s.over
	s.doc = 0
}

// cut says whether the text has more tokens than were kept.
func (s *tokenSink) cut() bool { return s.kept < s.total }

// stream puts what was kept into a stream.
func (s *tokenSink) stream(out *stream) {
	out.text, out.kept, out.total = s.store, s.kept, s.total
	out.closer = s.store
}

// readTokenIDs reads a file of token ids, little-endian uint32, piece by piece as one document.
func readTokenIDs(cmd *cobra.Command, path string, limit int) (*tokenSink, error) {
	ctx := cmd.Context()
	sink, err := await(ctx, func() (*tokenSink, error) {
		sink := newTokenSink(limit)
		in := cmd.InOrStdin()
		if path != "-" {
			f, err := os.Open(path)
			if err != nil {
				return nil, inputError(inputName(path), err)
			}
			defer f.Close()
			in = f
		}
		r := bufio.NewReaderSize(in, 1<<16)
		var b [1 << 14]byte
		var ids [len(b) / 4]uint32
		for {
			n, err := io.ReadFull(r, b[:])
			if n%4 != 0 {
				return nil, fmt.Errorf("read %s: %d bytes, want a multiple of 4: token ids are little-endian uint32", inputName(path), 4*sink.total+n)
			}
			for i := range n / 4 {
				ids[i] = binary.LittleEndian.Uint32(b[4*i:])
			}
			if ctxErr := ctx.Err(); ctxErr != nil {
				return nil, ctxErr
			}
			if addErr := sink.add(ids[:n/4]); addErr != nil {
				return nil, fmt.Errorf("read %s: %w", inputName(path), addErr)
			}
			switch {
			case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
				sink.endDocument()
				return sink, nil
			case err != nil:
				return nil, inputError(inputName(path), err)
			}
		}
	})
	return sink, err
}
