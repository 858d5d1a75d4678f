package tasks

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"

	"nibble/evalppl/corpus"
)

// Item is one question.
type Item struct {
	ID      string // "file:7" for line or row 7, counted from 1
	Context string
	Choices []string // of a completion: the completion alone
	Gold    int      // number of the right choice, from 0
}

// Set is the items of a task, in the order of their file.
type Set struct {
	Task  Task
	Items []Item
	Limit int // that was asked for, 0: none
}

// ReadOptions say how items are read.
type ReadOptions struct {
	Limit   int // only the first items; 0: all
	Stdin   io.Reader
	Parquet corpus.ParquetRecordReader
}

// maxItemBytes bounds the texts of all items, which are held in memory.
const maxItemBytes = 1 << 30

// Read makes items of a JSONL or Parquet file ("-" for standard input). Errors name the file, the line or row, the field, what was found
// and what is wanted.
func (t Task) Read(ctx context.Context, path string, o ReadOptions) (Set, error) {
	c, err := t.compile()
	if err != nil {
		return Set{}, err
	}
	set := Set{Task: t, Limit: o.Limit}
	total := 0
	for r, err := range corpus.Records(path, corpus.RecordOptions{Fields: c.fields(), Stdin: o.Stdin, Parquet: o.Parquet}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Set{}, err
		}
		item, err := c.item(r)
		if err != nil {
			return Set{}, err
		}
		total += len(item.Context)
		for _, s := range item.Choices {
			total += len(s)
		}
		if total > maxItemBytes {
			return Set{}, fmt.Errorf("%s: the items have more than %d bytes of text: use --limit", item.ID, maxItemBytes)
		}
		set.Items = append(set.Items, item)
		if len(set.Items) == o.Limit {
			break
		}
	}
	return set, nil
}

// item makes an item of a record.
func (c *compiled) item(r corpus.Record) (Item, error) {
	item := Item{ID: r.ID}
	var err error
	if item.Context, err = c.context.expand(r); err != nil {
		return Item{}, err
	}
	if c.Completion != "" {
		text, err := c.completion.expand(r)
		if err != nil {
			return Item{}, err
		}
		item.Choices = []string{text}
	}
	for _, t := range c.choices {
		texts, err := t.list(r)
		if err != nil {
			return Item{}, err
		}
		item.Choices = append(item.Choices, texts...)
	}
	if c.clean != nil {
		item.Context = c.clean(item.Context)
		for i, s := range item.Choices {
			item.Choices[i] = c.clean(s)
		}
	}
	if c.Completion != "" {
		return item, nil
	}
	if n := len(item.Choices); n < 2 {
		return Item{}, fmt.Errorf("%s: field %q: found %d choice, want at least 2", r.ID, c.choices[0].fields(), n)
	}
	item.Gold, err = c.gold(r, len(item.Choices))
	return item, err
}

// withoutAnswers is what a wrong answer often means.
const withoutAnswers = "the test splits of many data sets come without answers: take the validation split"

// gold returns the number of the right one of n choices.
func (c *compiled) gold(r corpus.Record, n int) (int, error) {
	s, err := r.Scalar(c.Gold)
	if err != nil {
		return 0, err
	}
	if c.Labels == "" {
		i, err := strconv.Atoi(s)
		if err != nil || i < 0 || i >= n {
			return 0, fmt.Errorf("%s: field %q: found %.60q, want the number of the right choice, 0 to %d; %s", r.ID, c.Gold, s, n-1, withoutAnswers)
		}
		return i, nil
	}
	labels, err := r.Texts(c.Labels)
	if err != nil {
		return 0, err
	}
	if len(labels) != n {
		return 0, fmt.Errorf("%s: field %q: found %d labels, want one for each of the %d choices", r.ID, c.Labels, len(labels), n)
	}
	i := slices.Index(labels, s)
	if i < 0 {
		return 0, fmt.Errorf("%s: field %q: found %.60q, want one of the labels %.120q; %s", r.ID, c.Gold, s, labels, withoutAnswers)
	}
	return i, nil
}

// SHA256 returns the hash of the items' texts and answers, whatever file they come from: results can be compared where it is the same. Each
// text is hashed with its length as a little-endian uint64 before it, each item with the numbers of its choices and of the right one.
func (s Set) SHA256() string {
	h := sha256.New()
	for _, item := range s.Items {
		hashText(h, item.Context)
		hashNumber(h, len(item.Choices))
		for _, c := range item.Choices {
			hashText(h, s.Task.Delimiter)
			hashText(h, c)
		}
		hashNumber(h, item.Gold)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashNumber(h hash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func hashText(h hash.Hash, s string) {
	hashNumber(h, len(s))
	io.WriteString(h, s)
}
