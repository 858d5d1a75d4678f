package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/corpus"
	"nibble/evalppl/tokenizer"
)

// stream is what a model is scored on.
type stream struct {
	evalppl.TextInfo
	path        string // of the file, for messages
	tokens      []uint32
	total       int // tokens of the whole text, before --tokens
	fingerprint string
	bos         *uint32 // what the tokenizer puts in front of a text

	docs         [][]uint32 // what is scored each on its own; nil: tokens is the only one
	words, bytes int64      // of the raw text of docs
}

// documents returns what is scored.
func (s *stream) documents() [][]uint32 {
	if s.docs == nil {
		return [][]uint32{s.tokens}
	}
	return s.docs
}

// streamFlags say where a stream comes from.
type streamFlags struct {
	textFlags
	ids   string
	limit int
	bos   string

	idList []uint32 // once read: standard input can be read only once, and a study has several models
}

func (s *streamFlags) add(cmd *cobra.Command, limit int) {
	f := cmd.Flags()
	s.textFlags.add(cmd)
	f.StringVar(&s.ids, "token-ids", "", "`FILE` of token ids to score instead of a text: little-endian uint32 (- for standard input)")
	f.IntVar(&s.limit, "tokens", limit, "score only the first `N` tokens (0: all)")
	f.StringVar(&s.bos, "bos", "auto", "`ID` that replaces the first token of a llama.cpp chunk or precedes an lm-eval document, none, or auto: BOS where the tokenizer adds it")
}

// check looks at the flags and whether the files are there, before any work.
func (s *streamFlags) check(cmd *cobra.Command, protocol string) error {
	if s.limit < 0 {
		return usagef("--tokens %d: want 0 (all) or more", s.limit)
	}
	if _, err := s.chunkBOS(nil); err != nil {
		return err
	}
	return errors.Join(s.textFlags.check(cmd, protocol), checkReadable(s.ids))
}

// exactlyOne demands a text or token ids.
func (s *streamFlags) exactlyOne(cmd *cobra.Command) error {
	if (s.text == "") == (s.ids == "") {
		return usagef("%s: give one of --text FILE and --token-ids FILE.u32", cmd.Name())
	}
	return nil
}

// read reads what the protocol scores: one stream, or documents. The text is tokenized with the tokenizer in files, which are those of the
// model at path; token ids are one document.
func (s *streamFlags) read(cmd *cobra.Command, path string, files map[string][]byte, protocol string) (out stream, err error) {
	var t *tokenizer.Tokenizer
	if files != nil || s.ids == "" {
		if t, err = newTokenizer(path, files); err != nil {
			return stream{}, err
		}
	}
	switch {
	case s.ids != "":
		out, err = s.readIDs(cmd, protocol)
	case byDocument(protocol):
		out, err = s.readDocuments(cmd, t)
	default:
		out, err = s.readStream(cmd, t)
	}
	if err != nil {
		return stream{}, err
	}
	if t != nil {
		out.fingerprint = t.Fingerprint()
	}
	if protocol == evalppl.LMEval {
		out.bos, err = s.precedingToken(t)
	} else {
		out.bos, err = s.chunkBOS(t)
		out.words, out.bytes = 0, 0 // perplexity over words and bytes belongs to lm-eval
	}
	return out, err
}

func (s *streamFlags) readIDs(cmd *cobra.Command, protocol string) (out stream, err error) {
	if s.idList == nil {
		if s.idList, err = readIDs(cmd, s.ids); err != nil {
			return stream{}, err
		}
	}
	out.path, out.Text, out.TextKind, out.tokens = inputName(s.ids), textName(s.ids), evalppl.TokenIDs, s.idList
	out.cut(s.limit)
	if byDocument(protocol) {
		out.docs = [][]uint32{out.tokens}
	}
	return out, nil
}

// readStream tokenizes the text as one.
func (s *streamFlags) readStream(cmd *cobra.Command, t *tokenizer.Tokenizer) (out stream, err error) {
	out.path = inputName(s.text)
	text, info, err := s.textFlags.readStream(cmd.Context())
	if err != nil {
		return stream{}, err
	}
	out.TextInfo = info
	if out.tokens, err = t.Encode(text, tokenizer.EncodeOptions{}); err != nil {
		return stream{}, fmt.Errorf("tokenize %s: %w", out.path, err)
	}
	out.cut(s.limit)
	return out, nil
}

// readDocuments tokenizes each document.
func (s *streamFlags) readDocuments(cmd *cobra.Command, t *tokenizer.Tokenizer) (stream, error) {
	// Only what this returns is used where an interrupt left the reader behind, so it writes to variables of its own.
	var all []uint32
	var ends []int
	var words, bytes int64
	info, err := s.textFlags.readDocuments(cmd.Context(), func(doc corpus.Document) error {
		words += int64(corpus.Words(doc.Text))
		bytes += int64(len(doc.Text))
		text := doc.Text
		if s.detokenize != "" {
			text = corpus.WikitextDetokenize(text)
		}
		ids, err := t.Encode(text, tokenizer.EncodeOptions{})
		if err != nil {
			return fmt.Errorf("tokenize %s: %w", doc.ID, err)
		}
		all = append(all, ids...)
		ends = append(ends, len(all))
		return nil
	})
	if err != nil {
		return stream{}, err
	}
	docs, start := make([][]uint32, len(ends)), 0
	for i, end := range ends {
		docs[i], start = all[start:end:end], end
	}
	out := stream{path: inputName(s.text), TextInfo: info, docs: docs, total: len(all), words: words, bytes: bytes}
	out.cutDocuments(s.limit)
	return out, nil
}

// cut keeps the first limit tokens (0: all).
func (s *stream) cut(limit int) {
	s.total = len(s.tokens)
	if limit > 0 && limit < len(s.tokens) {
		s.tokens = s.tokens[:limit]
	}
}

// cutDocuments keeps the first limit tokens (0: all). Words and bytes of a part are not known.
func (s *stream) cutDocuments(limit int) {
	if limit > 0 && limit < s.total {
		left := limit
		for i, d := range s.docs {
			if left < len(d) {
				s.docs[i] = d[:left]
				s.docs = s.docs[:i+1]
				break
			}
			left -= len(d)
		}
		if left == 0 {
			s.docs = slices.DeleteFunc(s.docs, func(d []uint32) bool { return len(d) == 0 })
		}
		s.words, s.bytes = 0, 0
	}
}

// kept is how many tokens were kept.
func (s *stream) kept() int {
	n := 0
	for _, d := range s.documents() {
		n += len(d)
	}
	return n
}

// chunkBOS returns the id that replaces the first token of each llama.cpp chunk.
func (s *streamFlags) chunkBOS(t *tokenizer.Tokenizer) (*uint32, error) {
	switch s.bos {
	case "none":
		return nil, nil
	case "auto", "":
		if t != nil && t.AddsBOS() {
			if id, ok := t.BOS(); ok {
				return &id, nil
			}
		}
		return nil, nil
	}
	n, err := strconv.ParseUint(s.bos, 10, 32)
	if err != nil {
		return nil, usagef("--bos %q: want auto, none or a token id", s.bos)
	}
	id := uint32(n)
	return &id, nil
}

// precedingToken returns what lm-eval puts in front of a document: BOS, or EOS where there is no BOS.
func (s *streamFlags) precedingToken(t *tokenizer.Tokenizer) (*uint32, error) {
	switch s.bos {
	case "none":
		return nil, usagef("--bos none: protocol %s needs a token in front of each document", evalppl.LMEval)
	case "auto", "":
		if t == nil {
			return nil, nil
		}
		id, ok := t.BOS()
		if !ok {
			id, ok = t.EOS()
		}
		if !ok {
			return nil, nil
		}
		return &id, nil
	}
	return s.chunkBOS(t)
}
