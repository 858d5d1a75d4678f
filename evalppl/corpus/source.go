package corpus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"strconv"

	"nibble/evalppl/internal/tempfile"
)

// source is one file, or standard input.
type source struct {
	path string
	layout
	size  int64 // of a regular file; -1 for standard input and pipes, which can be read once
	sniff bool  // no name to go by: the first bytes tell the compression
	// guessed: nothing says that it is plain text, so what starts as something else is refused.
	guessed bool
}

var (
	magicGzip = []byte{0x1f, 0x8b}
	magicZstd = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// sniffCompression looks for a magic number. Neither is valid UTF-8, so no text starts with one.
func sniffCompression(head []byte) string {
	switch {
	case bytes.HasPrefix(head, magicGzip):
		return compressionGzip
	case bytes.HasPrefix(head, magicZstd):
		return compressionZstd
	}
	return ""
}

// documents opens the source, yields its documents and closes it. Errors do not name the path.
func (s source) documents(o Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		s.each(o, yield, func(r io.Reader, size int64) {
			text, err := readPlain(r, size, o.AllowNUL, o.limit())
			if err != nil {
				yield(Document{}, err)
			} else if len(text) > 0 {
				yield(Document{ID: s.path, Text: text}, nil)
			}
		})
	}
}

// pieces is documents, but a plain text comes in pieces.
func (s source) pieces(o Options) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		whole := func(doc Document, err error) bool {
			return yield(Piece{ID: doc.ID, Text: doc.Text, Last: true}, err)
		}
		s.each(o, whole, func(r io.Reader, _ int64) {
			err := plainPieces(r, o.AllowNUL, o.streamLimit(), func(text []byte, last bool) bool {
				return yield(Piece{ID: s.path, Text: text, Last: last}, nil)
			})
			if err != nil {
				yield(Piece{}, err)
			}
		})
	}
}

// each opens the source and closes it; between, it yields its documents, or hands a plain text, with its size where that is known, to plain.
func (s source) each(o Options, yield func(Document, error) bool, plain func(r io.Reader, size int64)) {
	in := o.Stdin
	var file *os.File
	if s.path != "-" {
		var err error
		if file, err = os.Open(s.path); err != nil {
			yield(Document{}, withoutPath(err))
			return
		}
		defer file.Close()
		in = file
	}
	if s.kind == kindParquet && s.compression == "" && s.size >= 0 {
		s.number(o.Parquet(file, s.size, o.field(), o.limit()), yield)
		return
	}
	r, compression, err := s.reader(in)
	if err != nil {
		yield(Document{}, err)
		return
	}
	defer r.Close()
	switch s.kind {
	case kindParquet:
		s.spooled(r, o, yield)
	case kindJSONL:
		s.number(jsonlTexts(r, o.field(), o.limit()), yield)
	case kindLines:
		s.number(lineTexts(r, o.AllowNUL, o.limit()), yield)
	default:
		size := s.size
		if compression != "" {
			size = -1
		}
		var text io.Reader = r
		if s.guessed {
			if text, err = refuseOther(r); err != nil {
				yield(Document{}, err)
				return
			}
		}
		plain(text, size)
	}
}

// reader gives the bytes of in after decompression.
func (s source) reader(in io.Reader) (r io.ReadCloser, compression string, err error) {
	buffered := bufio.NewReaderSize(in, 1<<16)
	head, err := buffered.Peek(len(magicZstd))
	if err != nil && err != io.EOF { // io.EOF: shorter than that
		return nil, "", err
	}
	err = nil
	compression = s.compression
	if found := sniffCompression(head); found != "" && compression == "" {
		if !s.sniff {
			return nil, "", fmt.Errorf("the file starts as %s data, its name says nothing of it: add .gz or .zst to the name, or to the kind (--text-kind %s.gz or %s.zst)", found, s.kind, s.kind)
		}
		compression = found
	}
	switch compression {
	case compressionGzip:
		r, err = newGzipReader(buffered)
	case compressionZstd:
		r, err = newZstdReader(buffered)
	default:
		r = io.NopCloser(buffered)
	}
	return r, compression, err
}

// objectStart is how JSON Lines begin, and files with one big JSON array of objects.
var objectStart = regexp.MustCompile(`^\x{FEFF}?\s*\[?\s*\{\s*"([^"\\]|\\.)*"\s*:`)

// refuseOther returns r, or an error where it starts as something else than plain text.
func refuseOther(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<12)
	head, err := b.Peek(b.Size())
	if err != nil && err != io.EOF { // io.EOF: shorter than that
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return nil, errors.New("it starts as Parquet, and nothing says what it is: give the kind (--text-kind parquet or plain)")
	case objectStart.Match(head):
		return nil, errors.New("it starts as JSON, and nothing says what it is: give the kind (--text-kind jsonl for one object a line, or plain for the text as it is)")
	}
	return b, nil
}

// spooled reads a Parquet file that cannot be read at random places, through a temporary file.
func (s source) spooled(r io.Reader, o Options, yield func(Document, error) bool) {
	tmp, err := tempfile.Create("Parquet that is compressed or comes through a pipe")
	if err != nil {
		yield(Document{}, err)
		return
	}
	defer tmp.Close()
	w := &spooling{w: tmp}
	size, err := io.Copy(w, io.LimitReader(r, o.limit()+1))
	switch {
	case w.err != nil:
		yield(Document{}, fmt.Errorf("spool Parquet, after %d bytes: %w", size, tempfile.Explain(w.err)))
	case err != nil:
		yield(Document{}, err)
	case size > o.limit():
		yield(Document{}, fmt.Errorf("%w: a Parquet file that is compressed or comes through a pipe has at most %d bytes: give it as a file that is not compressed", ErrTooLarge, o.limit()))
	case size == 0:
		// No document: the corpus says that it is empty.
	default:
		s.number(o.Parquet(tmp, size, o.field(), o.limit()), yield)
	}
}

// spooling remembers the error of writing, to tell it from those of reading.
type spooling struct {
	w   io.Writer
	err error
}

func (s *spooling) Write(p []byte) (n int, err error) {
	n, s.err = s.w.Write(p)
	return n, s.err
}

// number gives texts their numbers. A nil text is a line without a document, which is only counted; of Parquet, where each row has a text,
// it is an empty one.
func (s source) number(texts iter.Seq2[[]byte, error], yield func(Document, error) bool) {
	n := 0
	for text, err := range texts {
		if err != nil {
			yield(Document{}, err)
			return
		}
		n++
		if (text != nil || s.kind == kindParquet) && !yield(Document{ID: s.path + ":" + strconv.Itoa(n), Text: text}, nil) {
			return
		}
	}
}
