package main

import (
	"errors"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/tokenizer"
)

// stream is what a model is scored on.
type stream struct {
	evalppl.TextInfo
	path        string // of the file, for messages
	text        evalppl.Text
	closer      io.Closer // of the text, nil where it is closed by others
	kept, total int       // tokens scored, and those of the whole text, before --tokens
	fingerprint string
	bos         *uint32 // what the tokenizer puts in front of a text

	words, bytes int64 // of the raw text of documents
}

// close gives the text back, which is not read any more.
func (s *stream) close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// streamFlags say where a stream comes from.
type streamFlags struct {
	textFlags
	ids   string
	limit int
	bos   string

	idList *tokenSink // once read: standard input can be read only once, and a study has several models
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
		out, err = s.readIDs(cmd)
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

func (s *streamFlags) readIDs(cmd *cobra.Command) (out stream, err error) {
	if s.idList == nil {
		if s.idList, err = readTokenIDs(cmd, s.ids, s.limit); err != nil {
			return stream{}, err
		}
	}
	out.path, out.Text, out.TextKind = inputName(s.ids), textName(s.ids), evalppl.TokenIDs
	s.idList.stream(&out)
	return out, nil
}

// encoderTo returns an encoder that puts a text's tokens into a sink.
func encoderTo(sink *tokenSink, t *tokenizer.Tokenizer) *tokenizer.Encoder {
	return t.NewEncoder(tokenizer.EncodeOptions{}, sink.add)
}

// readStream tokenizes the text as one.
func (s *streamFlags) readStream(cmd *cobra.Command, t *tokenizer.Tokenizer) (stream, error) {
	out := stream{path: inputName(s.text)}
	sink := newTokenSink(s.limit)
	info, err := s.textFlags.encode(cmd.Context(), encoderTo(sink, t))
	if err != nil {
		return stream{}, err
	}
	out.TextInfo = info
	sink.endDocument()
	sink.stream(&out)
	return out, nil
}

// readDocuments tokenizes each document.
func (s *streamFlags) readDocuments(cmd *cobra.Command, t *tokenizer.Tokenizer) (stream, error) {
	out := stream{path: inputName(s.text)}
	sink := newTokenSink(s.limit)
	counts, err := s.textFlags.encodeDocuments(cmd.Context(), encoderTo(sink, t), sink.endDocument)
	if err != nil {
		return stream{}, err
	}
	out.TextInfo = counts.info
	sink.stream(&out)
	if !sink.cut() { // words and bytes of a part are not known
		out.words, out.bytes = counts.words, counts.bytes
	}
	return out, nil
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
