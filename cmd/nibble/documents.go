package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
	"nibble/evalppl/tokenizer"
)

// documentFlags say how a text is cut into documents for the protocols that score each on its own.
type documentFlags struct {
	kind, field, detokenize string
}

const wikitextDetokenizer = "wikitext"

func (d *documentFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.kind, "text-kind", "", "`KIND` of the text for protocols document and lm-eval: plain (one document a file), lines, jsonl or parquet (default: by the file's name)")
	f.StringVar(&d.field, "field", "", "`NAME` of the JSONL field or Parquet column that holds the text (default: "+corpus.DefaultField+")")
	f.StringVar(&d.detokenize, "detokenize", "", "`NAME` wikitext undoes that data set's tokenization as lm-eval does; words and bytes are counted before it")
	completeValues(cmd, "text-kind", []string{"plain", "lines", "jsonl", "parquet"})
	completeValues(cmd, "detokenize", []string{wikitextDetokenizer})
}

// check checks the flags against the protocol.
func (d *documentFlags) check(cmd *cobra.Command, s *streamFlags, protocol string) error {
	if d.detokenize != "" && d.detokenize != wikitextDetokenizer {
		return usagef("--detokenize %q: known: %s", d.detokenize, wikitextDetokenizer)
	}
	for _, flag := range []string{"text-kind", "field", "detokenize"} {
		if !cmd.Flags().Changed(flag) {
			continue
		}
		if !byDocument(protocol) {
			return usagef("--%s belongs to --protocol %s and %s", flag, evalppl.Document, evalppl.LMEval)
		}
		if s.ids != "" {
			return usagef("--%s belongs to --text; token ids are one document", flag)
		}
	}
	return nil
}

// byDocument says whether a protocol scores documents.
func byDocument(protocol string) bool {
	return slices.Contains([]string{evalppl.Document, evalppl.LMEval}, protocol)
}

// read reads what the protocol scores: one stream, or documents.
func (d *documentFlags) read(cmd *cobra.Command, s *streamFlags, path string, files map[string][]byte, protocol string) (stream, error) {
	if !byDocument(protocol) {
		return s.read(cmd, path, files)
	}
	var out stream
	var t *tokenizer.Tokenizer
	var err error
	if s.ids != "" {
		if out, err = s.read(cmd, path, files); err != nil {
			return stream{}, err
		}
		out.docs = [][]uint32{out.tokens}
		if files != nil {
			if t, err = newTokenizer(path, files); err != nil {
				return stream{}, err
			}
		}
	} else {
		if t, err = newTokenizer(path, files); err != nil {
			return stream{}, err
		}
		if out, err = d.documents(cmd, s, t); err != nil {
			return stream{}, err
		}
	}
	if protocol == evalppl.LMEval {
		out.bos, err = precedingToken(s, t)
	}
	return out, err
}

// documents reads and tokenizes the documents of a text.
func (d *documentFlags) documents(cmd *cobra.Command, s *streamFlags, t *tokenizer.Tokenizer) (stream, error) {
	out := stream{path: inputName(s.text), fingerprint: t.Fingerprint()}
	out.text = filepath.Base(out.path)
	c, err := corpus.Open(s.text, corpus.Options{Kind: d.kind, Field: d.field, Stdin: cmd.InOrStdin(), Parquet: parquet.Texts})
	if err != nil {
		return stream{}, err
	}
	for doc, err := range c.Documents() {
		if err == nil {
			err = cmd.Context().Err()
		}
		if err != nil {
			return stream{}, err
		}
		out.words += evalppl.CountWords(doc.Text)
		out.bytes += int64(len(doc.Text))
		text := doc.Text
		if d.detokenize != "" {
			text = corpus.WikitextDetokenize(text)
		}
		ids, err := t.Encode(text, tokenizer.EncodeOptions{})
		if err != nil {
			return stream{}, fmt.Errorf("tokenize %s: %w", doc.ID, err)
		}
		out.docs = append(out.docs, ids)
		out.total += len(ids)
	}
	out.cutDocuments(s.limit)
	return out, nil
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
	for _, d := range s.docs {
		s.tokens = append(s.tokens, d...) // what was kept, for the message
	}
}

// precedingToken returns what lm-eval puts in front of a document: BOS, or EOS where there is no BOS.
func precedingToken(s *streamFlags, t *tokenizer.Tokenizer) (*uint32, error) {
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
