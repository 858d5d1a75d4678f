package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nibble/evalppl"
	"nibble/evalppl/corpus"
	"nibble/evalppl/corpus/parquet"
	"nibble/evalppl/tokenizer"
)

// textFlags say what a text is and how it is read: every command that takes a text has them.
type textFlags struct {
	text                          string
	kind, field, join, detokenize string

	several  bool // the text is read once for each of several tokenizers
	anything bool // an empty text is not an error, nor are NUL bytes in it
	corpus   *corpus.Corpus
	joint    string // --join with its escapes undone
}

const (
	wikitextDetokenizer = "wikitext"
	defaultJoin         = `\n\n`
)

func (t *textFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.text, "text", "", "text `FILE` or folder (- for standard input): plain, JSON Lines or Parquet, each also with .gz or .zst")
	f.StringVar(&t.kind, "text-kind", "", "`KIND` of the text: plain (one document a file), lines, jsonl or parquet, also with .gz or .zst behind it (default: by the file's name)")
	f.StringVar(&t.field, "field", "", "`NAME` of the JSONL field or Parquet column that holds the text (default: "+corpus.DefaultField+")")
	f.StringVar(&t.join, "join", defaultJoin, "`TEXT` put between documents that are read as one stream; \\n, \\t and \\r are a new line, a tab and a return")
	f.StringVar(&t.detokenize, "detokenize", "", "`NAME` wikitext undoes that data set's tokenization as lm-eval does; words and bytes are counted before it")
	completeValues(cmd, "text-kind", []string{"plain", "lines", "jsonl", "parquet"})
	completeValues(cmd, "detokenize", []string{wikitextDetokenizer})
}

// check checks the flags, and finds the text's files, before any work. protocol is "" where the text is read as one stream.
func (t *textFlags) check(cmd *cobra.Command, protocol string) (err error) {
	given := func(flag string) bool { return cmd.Flags().Changed(flag) }
	for _, flag := range []string{"text-kind", "field", "join", "detokenize"} {
		if t.text == "" && given(flag) {
			return usagef("--%s belongs to --text", flag)
		}
	}
	if t.detokenize != "" && t.detokenize != wikitextDetokenizer {
		return usagef("--detokenize %q: known: %s", t.detokenize, wikitextDetokenizer)
	}
	if given("join") && byDocument(protocol) {
		return usagef("--join belongs to protocols that score one stream: protocol %s scores each document on its own", protocol)
	}
	if t.joint, err = unescape(t.join); err != nil {
		return usagef("--join %q: %w", t.join, err)
	}
	if t.text == "" {
		return nil
	}
	kind, _, _ := strings.Cut(t.kind, ".")
	o := corpus.Options{
		Kind: t.kind, Field: t.field, Separator: &t.joint, Stdin: cmd.InOrStdin(), Parquet: parquet.Texts,
		Keep: t.several, AllowNUL: kind == "plain" || t.anything, AllowEmpty: t.anything,
	}
	if t.detokenize != "" {
		o.Each = corpus.WikitextDetokenize
	}
	if t.corpus, err = corpus.Open(t.text, o); err != nil {
		return err
	}
	if t.field != "" && !t.corpus.HasFields() {
		return usagef("--field %s: %s is read as %s, which has no fields; give --text-kind jsonl or parquet if it is that", t.field, inputName(t.text), strings.Join(t.corpus.Kinds(), " and "))
	}
	return nil
}

// unescape undoes the escapes of --join.
func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		known := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\'}
		if i == len(s) || known[s[i]] == 0 {
			return "", errors.New(`a backslash stands before n (new line), t (tab), r (return) or another backslash`)
		}
		b.WriteByte(known[s[i]])
	}
	return b.String(), nil
}

// encode reads the text as one and gives it to an encoder.
func (t *textFlags) encode(ctx context.Context, e *tokenizer.Encoder) (evalppl.TextInfo, error) {
	docs, err := await(ctx, func() (int, error) {
		docs, err := t.corpus.CopyTo(encoding{ctx, e, inputName(t.text)})
		if err != nil {
			return 0, err
		}
		return docs, encoding{ctx, e, inputName(t.text)}.end()
	})
	if err != nil {
		return evalppl.TextInfo{}, err
	}
	info := t.info(docs)
	if docs > 1 {
		info.TextJoin = &t.joint
	}
	return info, nil
}

// encoding is an encoder that says in errors what it encodes, and ends with ctx's error.
type encoding struct {
	ctx context.Context
	e   *tokenizer.Encoder
	of  string
}

func (w encoding) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.e.Write(p)
	return n, w.named(err)
}

func (w encoding) end() error { return w.named(w.e.End()) }

func (w encoding) named(err error) error {
	if err != nil {
		return fmt.Errorf("tokenize %s: %w", w.of, err)
	}
	return nil
}

// documentCounts is what is known of documents once they have been read.
type documentCounts struct {
	info         evalppl.TextInfo
	words, bytes int64 // of the documents as they were written
}

// encodeDocuments gives each document to an encoder and calls end behind it.
func (t *textFlags) encodeDocuments(ctx context.Context, e *tokenizer.Encoder, end func()) (documentCounts, error) {
	return await(ctx, func() (c documentCounts, err error) {
		docs := 0
		var words corpus.WordCounter
		add := func(p corpus.Piece, text []byte) error {
			w := encoding{ctx, e, p.ID}
			words.Write(p.Text)
			c.bytes += int64(len(p.Text))
			if _, err := w.Write(text); err != nil || !p.Last {
				return err
			}
			if err := w.end(); err != nil {
				return err
			}
			end()
			c.words += words.Words()
			words = corpus.WordCounter{}
			docs++
			return nil
		}
		if t.detokenize == "" {
			for p, err := range t.corpus.Pieces() {
				if err == nil {
					err = add(p, p.Text)
				}
				if err != nil {
					return documentCounts{}, err
				}
			}
		} else {
			for doc, err := range t.corpus.Documents() {
				if err == nil {
					err = add(corpus.Piece{ID: doc.ID, Text: doc.Text, Last: true}, corpus.WikitextDetokenize(doc.Text))
				}
				if err != nil {
					return documentCounts{}, err
				}
			}
		}
		c.info = t.info(docs)
		return c, nil
	})
}

// info describes the text for a result.
func (t *textFlags) info(docs int) evalppl.TextInfo {
	return evalppl.TextInfo{Text: textName(t.text), TextKind: strings.Join(t.corpus.Kinds(), "+"), TextField: t.corpus.Field(), TextDocuments: docs, Detokenizer: t.detokenize}
}

// textName is how a result names a text: the last part of its path.
func textName(path string) string {
	if path == "-" {
		return inputName(path)
	}
	if abs, err := filepath.Abs(path); err == nil { // "." has a name too
		path = abs
	}
	return filepath.Base(path)
}

// await returns what fn returns, or ctx's error at once: fn may wait for ever to read a terminal or a pipe.
func await[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.value, o.err = fn()
		done <- o
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// byDocument says whether a protocol scores documents.
func byDocument(protocol string) bool {
	return protocol == evalppl.Document || protocol == evalppl.LMEval
}

// describeText says in one line what was read, "" for a plain text of one file.
func describeText(i evalppl.TextInfo) string {
	if i.TextKind == "" || i.TextKind == "plain" && i.TextDocuments <= 1 && i.Detokenizer == "" {
		return ""
	}
	s := i.TextKind
	if i.TextField != "" {
		s += ", field " + i.TextField
	}
	if i.Detokenizer != "" {
		s += ", detokenized as " + i.Detokenizer
	}
	if i.TextJoin != nil {
		s += fmt.Sprintf(", %s joined by %q", count(i.TextDocuments, "document"), *i.TextJoin)
	}
	return s
}
