package parquet

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"nibble/evalppl/corpus"
)

// Texts yields the texts of the column (a name, or names joined with dots) in the order of the rows. It ends after the first error. Errors
// name the column, and the row counted from 1, not the file. A null, a text that is not UTF-8 and a text above limit bytes are errors,
// as is a column that is missing (the error lists those there are) or holds no strings. Memory is bounded by one page.
func Texts(r io.ReaderAt, size int64, column string, limit int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		t := &table{r: r, size: size, name: column, limit: limit}
		stopped, err := t.each(func(text []byte) bool { return yield(text, nil) })
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// table reads one column of one file.
type table struct {
	r     io.ReaderAt
	size  int64
	name  string
	limit int64

	file   *parquet.File
	column *parquet.Column
	row    int64 // rows that came out
}

// each calls yield with each text until it returns false (stopped) or an error comes.
func (t *table) each(yield func([]byte) bool) (stopped bool, err error) {
	if err := t.open(); err != nil {
		return false, err
	}
	for g := range t.file.Metadata().RowGroups {
		group := &t.file.Metadata().RowGroups[g]
		if group.NumRows == 0 {
			continue
		}
		if err := t.checkChunk(group); err != nil {
			return false, fmt.Errorf("row group %d, column %q: %w", g, t.name, err)
		}
		chunk := t.file.RowGroups()[g].ColumnChunks()[t.column.Index()]
		stopped, err := t.eachOfChunk(chunk, group.NumRows, yield)
		if stopped || err != nil {
			return stopped, err
		}
	}
	return false, nil
}

// open checks the footer, opens the file and finds the column.
func (t *table) open() error {
	if err := checkFooter(t.r, t.size); err != nil {
		return err
	}
	err := guarded(func() (err error) {
		// Indexes and filters are not needed, and are read without checks.
		t.file, err = parquet.OpenFile(t.r, t.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.OptimisticRead(false))
		return err
	})
	if err != nil {
		return fmt.Errorf("the Parquet footer cannot be used: %w", err)
	}
	leaves := leafColumns(t.file.Root(), nil)
	i := slices.IndexFunc(leaves, func(c *parquet.Column) bool { return strings.Join(c.Path(), ".") == t.name })
	if i < 0 {
		return fmt.Errorf("no column %q; the columns are %s: name one of them", t.name, listColumns(leaves))
	}
	t.column = leaves[i]
	if slices.ContainsFunc(leaves[i+1:], func(c *parquet.Column) bool { return strings.Join(c.Path(), ".") == t.name }) {
		return fmt.Errorf("column %q stands twice in the file: which one is meant cannot be told", t.name)
	}
	switch {
	case t.column.MaxRepetitionLevel() > 0:
		return fmt.Errorf("column %q is inside a list, so a row has any number of texts; want one: the columns are %s", t.name, listColumns(leaves))
	case !holdsStrings(t.column):
		return fmt.Errorf("column %q has type %s, want strings; the columns are %s", t.name, t.column.Type(), listColumns(leaves))
	}
	return nil
}

// leafColumns lists the columns with values below c.
func leafColumns(c *parquet.Column, to []*parquet.Column) []*parquet.Column {
	if c.Leaf() {
		return append(to, c)
	}
	for _, child := range c.Columns() {
		to = leafColumns(child, to)
	}
	return to
}

// holdsStrings accepts byte arrays that are marked as text or not marked at all, as old writers left them.
func holdsStrings(c *parquet.Column) bool {
	if c.Type().Kind() != parquet.ByteArray {
		return false
	}
	lt := c.Type().LogicalType()
	if lt == nil || lt.Value == nil {
		return true
	}
	switch lt.Value.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return true
	}
	return false
}

func listColumns(leaves []*parquet.Column) string {
	var b strings.Builder
	for i, c := range leaves {
		if i == 20 {
			fmt.Fprintf(&b, " and %d more", len(leaves)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		name := strings.Join(c.Path(), ".")
		if len(name) > 60 {
			name = strings.ToValidUTF8(name[:60], "") + "..."
		}
		fmt.Fprintf(&b, "%q (%s)", name, c.Type())
	}
	return b.String()
}

// eachOfChunk reads rows texts of a column chunk whose pages were checked.
func (t *table) eachOfChunk(chunk parquet.ColumnChunk, rows int64, yield func([]byte) bool) (stopped bool, err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, guarded(pages.Close)) }()
	left := rows
	for left > 0 {
		var page parquet.Page
		err := guarded(func() (err error) { page, err = pages.ReadPage(); return err })
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return false, fmt.Errorf("column %q, behind row %d: %w: the file is damaged: copy or download it again", t.name, t.row, err)
		}
		stopped, n, err := t.eachOfPage(page, left, yield)
		parquet.Release(page)
		if stopped || err != nil {
			return stopped, err
		}
		left -= n
	}
	return false, nil
}

// eachOfPage reads at most left texts of a page and returns how many there were.
func (t *table) eachOfPage(page parquet.Page, left int64, yield func([]byte) bool) (stopped bool, n int64, err error) {
	var values [64]parquet.Value
	texts := make([][]byte, 0, len(values))
	var reader parquet.ValueReader
	if err := guarded(func() error { reader = page.Values(); return nil }); err != nil {
		return false, 0, t.damaged(err)
	}
	for {
		end := false
		// The library's code runs guarded; yield, which is the caller's, does not.
		err := guarded(func() error {
			count, err := reader.ReadValues(values[:])
			if end = err == io.EOF; err != nil && !end {
				return t.damaged(err)
			}
			if count == 0 && !end {
				return t.damaged(io.ErrNoProgress)
			}
			texts = texts[:0]
			for _, v := range values[:count] {
				text, err := t.text(v, t.row+int64(len(texts))+1)
				if err != nil {
					return err
				}
				texts = append(texts, text)
			}
			return nil
		})
		if n += int64(len(texts)); err == nil && n > left {
			err = t.damaged(errors.New("its pages hold more values than the row group has rows"))
		}
		if err != nil {
			return false, n, err
		}
		for _, text := range texts {
			t.row++
			if !yield(text) {
				return true, n, nil
			}
		}
		texts = texts[:0]
		if end {
			return false, n, nil
		}
	}
}

// text copies a value out of the page.
func (t *table) text(v parquet.Value, row int64) ([]byte, error) {
	if v.IsNull() {
		return nil, fmt.Errorf("row %d: column %q is null, want a string: fill it or leave the row out", row, t.name)
	}
	b := v.ByteArray()
	if int64(len(b)) > t.limit {
		return nil, fmt.Errorf("row %d: column %q has a text of %d bytes, a document has at most %d: %w", row, t.name, len(b), t.limit, corpus.ErrTooLarge)
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("row %d: column %q is not UTF-8: is it the column with the text?", row, t.name)
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

func (t *table) damaged(err error) error {
	return fmt.Errorf("column %q, behind row %d: %w: the file is damaged: copy or download it again", t.name, t.row, err)
}

// guarded turns a panic of the library into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder stopped: %v", p)
		}
	}()
	return f()
}
