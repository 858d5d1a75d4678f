package parquet

import (
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
		stopped, err := t.eachOfGroup(group, yield)
		if err != nil {
			err = fmt.Errorf("row group %d, column %q: %w", g, t.name, err)
		}
		if stopped || err != nil {
			return stopped, err
		}
	}
	return false, nil
}

// open opens the file and finds the column.
func (t *table) open() error {
	if err := t.openFile(); err != nil {
		return err
	}
	return guarded(t.find) // a damaged schema has types that the library panics on when asked
}

// openFile checks the footer and opens the file.
func (t *table) openFile() error {
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
	return nil
}

// find looks the column up.
func (t *table) find() error {
	leaves := leafColumns(t.file.Root(), nil)
	i := slices.IndexFunc(leaves, func(c *parquet.Column) bool { return strings.Join(c.Path(), ".") == t.name })
	if i < 0 {
		return fmt.Errorf("no column %q; the columns are %s: name one of them (--field)", t.name, listColumns(leaves))
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

// eachOfGroup reads the texts of a row group.
func (t *table) eachOfGroup(group *format.RowGroup, yield func([]byte) bool) (stopped bool, err error) {
	p, err := t.openChunk(group)
	if err != nil {
		return false, err
	}
	end := t.row + group.NumRows
	for {
		v, err := p.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, fmt.Errorf("behind row %d: %w", t.row, err)
		}
		if int64(v.len()) > end-t.row {
			return false, fmt.Errorf("behind row %d: the pages hold more values than the row group has rows: the file is damaged", t.row)
		}
		for i := range v.len() {
			t.row++
			text, err := t.text(v.at(i))
			if err != nil {
				return false, err
			}
			if !yield(text) {
				return true, nil
			}
		}
		if v.null {
			return false, fmt.Errorf("row %d is null, want a string: fill it or leave the row out", t.row+1)
		}
	}
	if t.row != end {
		return false, fmt.Errorf("the pages end behind row %d, want %d: the file is damaged", t.row, end)
	}
	return false, nil
}

// text copies the text of row t.row out of its page.
func (t *table) text(b []byte) ([]byte, error) {
	if int64(len(b)) > t.limit {
		return nil, fmt.Errorf("row %d has a text of %d bytes, a document has at most %d: %w", t.row, len(b), t.limit, corpus.ErrTooLarge)
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("row %d is not UTF-8: is it the column with the text?", t.row)
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

// guarded turns a panic of the library into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the decoder stopped: %v: the file is damaged: copy or download it again", p)
		}
	}()
	return f()
}
