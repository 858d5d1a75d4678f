package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
)

// Document is one text of a corpus.
type Document struct {
	// ID says where the text stands: "file" for a plain file, "file:7" for line 7 or row 7, both counted from 1. The file is "-"
	// for standard input.
	ID string
	// Text belongs to the caller. It may be empty (a JSONL field or Parquet cell that holds "").
	Text []byte
}

// Corpus is a set of texts that can be read in order. It holds no open file between readings. It is not safe for concurrent use.
type Corpus struct {
	path        string
	options     Options
	sources     []source
	once        bool // standard input or a pipe: cannot be read again
	started     bool
	kept        []Document // Options.Keep: what could not be read again
	fingerprint string
}

// Open finds the texts at path: a file, a folder, or "-" for Options.Stdin. It looks at names and sizes and reads no text. It fails
// for a path that does not exist, an unknown kind, a name that promises something else than text, an empty file, a folder without a
// text, and a Parquet file without Options.Parquet.
func Open(path string, o Options) (*Corpus, error) {
	c := &Corpus{path: path, options: o}
	want, err := parseKind(o.Kind)
	if err != nil {
		return nil, fmt.Errorf("opening text %s: %w", display(path), err)
	}
	if c.sources, err = c.find(want); err != nil {
		return nil, fmt.Errorf("opening text %s: %w", display(path), err)
	}
	for _, s := range c.sources {
		c.once = c.once || s.size < 0
		if s.kind == kindParquet && o.Parquet == nil {
			return nil, fmt.Errorf("opening text %s: Parquet files are not read here: set Options.Parquet, or give the text as JSONL", display(s.path))
		}
	}
	return c, nil
}

// find lists the files behind the path.
func (c *Corpus) find(want layout) ([]source, error) {
	if c.path == "-" {
		if c.options.Stdin == nil {
			return nil, errors.New("there is no standard input to read: set Options.Stdin, or name a file")
		}
		l := layout{kind: kindPlain}
		return []source{{path: c.path, layout: l.override(want), size: -1, sniff: want.compression == "", guessed: want.kind == ""}}, nil
	}
	info, err := os.Stat(c.path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.IsDir() {
		return findInFolder(c.path, want)
	}
	l, ok := layoutOf(c.path)
	s := source{path: c.path, layout: l.override(want), size: -1, guessed: want.kind == "" && (!ok || filepath.Ext(c.path) == "")}
	if s.kind == "" {
		return nil, fmt.Errorf("files of this name are not read: known are %s; convert it, or give the kind (--text-kind plain, lines, jsonl or parquet)", knownExtensions)
	}
	if info.Mode().IsRegular() {
		if s.size = info.Size(); s.size == 0 && !c.options.AllowEmpty {
			return nil, fmt.Errorf("%w: the file is empty (0 bytes): was it written to its end?", ErrEmpty)
		}
	}
	return []source{s}, nil
}

// Files lists the files that are read, in order; "-" is standard input.
func (c *Corpus) Files() []string {
	names := make([]string, len(c.sources))
	for i, s := range c.sources {
		names[i] = s.path
	}
	return names
}

// Kinds lists the kinds of the files: "plain", "lines", "jsonl", "parquet", sorted, each once.
func (c *Corpus) Kinds() []string {
	var kinds []string
	for _, s := range c.sources {
		kinds = append(kinds, s.kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// HasFields says whether one of the files has fields, so that Options.Field means something.
func (c *Corpus) HasFields() bool {
	return slices.ContainsFunc(c.sources, func(s source) bool { return s.kind == kindJSONL || s.kind == kindParquet })
}

// Field is the JSONL field or Parquet column that is read, "" where no file has one.
func (c *Corpus) Field() string {
	if !c.HasFields() {
		return ""
	}
	return c.options.field()
}

// Documents yields the documents in order. After an error nothing follows; documents before it were whole. A corpus can be read as
// often as is wanted, standard input and pipes once unless Options.Keep is set. A corpus without documents is an error that wraps ErrEmpty.
func (c *Corpus) Documents() iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		if c.kept != nil {
			for _, doc := range c.kept {
				doc.Text = bytes.Clone(doc.Text)
				if !yield(doc, nil) {
					return
				}
			}
			return
		}
		if err := c.start(); err != nil {
			yield(Document{}, err)
			return
		}
		digest, docs := newDigest(), 0
		var kept []Document
		for _, s := range c.sources {
			for doc, err := range s.documents(c.options) {
				if err != nil {
					yield(Document{}, fmt.Errorf("reading text %s: %w", display(s.path), err))
					return
				}
				docs++
				digest.add(doc.Text)
				if c.once && c.options.Keep {
					kept = append(kept, Document{doc.ID, bytes.Clone(doc.Text)})
				}
				if !yield(doc, nil) {
					return
				}
			}
		}
		if err := c.found(docs); err != nil {
			yield(Document{}, err)
			return
		}
		c.fingerprint, c.kept = digest.sum(), kept
	}
}

// start begins a reading.
func (c *Corpus) start() error {
	if c.once && c.started {
		return fmt.Errorf("reading text %s: it was read before and can be read only once: write it to a file", display(c.path))
	}
	c.started, c.fingerprint = true, ""
	return nil
}

// found refuses a corpus without documents.
func (c *Corpus) found(docs int) error {
	if docs == 0 && !c.options.AllowEmpty {
		return fmt.Errorf("reading text %s: %w: not one document in %d file(s)", display(c.path), ErrEmpty, len(c.sources))
	}
	return nil
}

// Fingerprint returns the SHA-256, in hex, of all documents in order: of each its length in bytes as a little-endian uint64, then its
// bytes. File names, compression and kind are not in it: the same documents have the same fingerprint wherever they lie. ok is false
// until Documents (or ReadAll) has reached the end without an error.
func (c *Corpus) Fingerprint() (sum string, ok bool) {
	return c.fingerprint, c.fingerprint != ""
}

type digest struct{ h hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(text []byte) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
	d.h.Write(n[:])
	d.h.Write(text)
}

func (d digest) sum() string { return hex.EncodeToString(d.h.Sum(nil)) }

// display is how a path is named in an error.
func display(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// withoutPath takes the path out of an error of the file system: the message around it has it.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
