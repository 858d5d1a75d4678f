package corpus

import (
	"errors"
	"io"
	"iter"
)

// MaxDocument is the largest document, line of JSONL, plain file and joined text, in bytes.
const MaxDocument = 1 << 30

// MaxStream is the largest plain text that is read in pieces, in bytes: compressed data that never ends is given up.
const MaxStream = 1 << 40

// MaxWindow is the largest window of a zstd frame, in bytes: what `zstd --ultra --long=27` asks for.
const MaxWindow = 128 << 20

// DefaultField is the JSONL field or Parquet column that is read where none is named.
const DefaultField = "text"

// DefaultSeparator stands between documents that are joined to one text.
const DefaultSeparator = "\n\n"

var (
	// ErrBinary is wrapped by the error for NUL bytes in what should be text. Options.AllowNUL lets them pass.
	ErrBinary = errors.New("binary data, not text")
	// ErrEmpty is wrapped by the error for a corpus without documents, or without a byte of text.
	ErrEmpty = errors.New("no text")
	// ErrTooLarge is wrapped by the error for a document or text above the limit.
	ErrTooLarge = errors.New("too large")
)

// Options says how a corpus is read. The zero value reads files by the end of their names and fields named "text".
type Options struct {
	// Kind overrides what the name says: "plain", "lines", "jsonl" or "parquet", each alone or with ".gz" or ".zst" behind it.
	// Alone it leaves the compression to the name (of standard input: to its first bytes). On a folder it selects: only files
	// of that kind are read ("lines" reads the plain ones).
	Kind string
	// Field is the JSONL field or the Parquet column, DefaultField if empty. Dots go into objects ("meta.text"); a field whose
	// own name is the whole of it, dots included, comes first.
	Field string
	// Separator joins documents in ReadAll: nil means DefaultSeparator.
	Separator *string
	// Each, where not nil, is what ReadAll does to each document before it joins them.
	Each func(text []byte) []byte
	// Stdin is what the path "-" reads, once.
	Stdin io.Reader
	// Keep holds the documents of standard input and pipes in memory, so that they can be read again.
	Keep bool
	// Parquet reads Parquet files: the function Texts of the package nibble/evalppl/corpus/parquet. It is an option because
	// that package brings ten modules along. Without it Parquet files are refused.
	Parquet ParquetReader
	// AllowEmpty lets an empty file or text pass: as a plain text it is no document, and ReadAll gives no bytes.
	AllowEmpty bool
	// AllowNUL accepts NUL bytes in plain text instead of ErrBinary.
	AllowNUL bool
	// Limit lowers MaxDocument where it is above 0.
	Limit int64
}

// ParquetReader yields the texts of one column of a Parquet file, one a row, in order. It ends after the first error. No text is
// larger than limit bytes. The texts belong to the caller. Errors name the row and the column, not the file.
type ParquetReader func(r io.ReaderAt, size int64, column string, limit int64) iter.Seq2[[]byte, error]

func (o Options) field() string {
	if o.Field == "" {
		return DefaultField
	}
	return o.Field
}

func (o Options) limit() int64 {
	if o.Limit > 0 && o.Limit < MaxDocument {
		return o.Limit
	}
	return MaxDocument
}

// streamLimit is the limit of a plain text that is read in pieces.
func (o Options) streamLimit() int64 {
	if o.Limit > 0 {
		return o.Limit
	}
	return MaxStream
}

func (o Options) separator() string {
	if o.Separator == nil {
		return DefaultSeparator
	}
	return *o.Separator
}
