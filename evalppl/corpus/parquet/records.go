package parquet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"nibble/evalppl/corpus"
)

// Records yields the rows of a Parquet file as JSON objects: what corpus.RecordOptions.Parquet wants. Each has one member for each of
// the columns, under the column's name: a string, an integer, an array of these, or null. A column inside a group is named with dots
// ("choices.text"); the names that Parquet's own list structure puts around an element ("list", "element") are left out.
// It ends after the first error. Errors name the column, and the row counted from 1, not the file. A text that is not UTF-8 and a row above
// limit bytes are errors, as is a column that is missing or holds something else. Memory is bounded by one page of each column.
func Records(r io.ReaderAt, size int64, columns []string, limit int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		stopped, err := eachRecord(r, size, columns, limit, func(b []byte) bool { return yield(b, nil) })
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// recordColumn is one of the wanted columns.
type recordColumn struct {
	table
	text bool
	list bool
	slot int // definition level from which on there is an element, where list is set
	key  []byte
	entries
}

func eachRecord(r io.ReaderAt, size int64, names []string, limit int64, yield func([]byte) bool) (stopped bool, err error) {
	if len(names) == 0 {
		return false, errors.New("no column is asked for: name one")
	}
	var file table
	file.r, file.size, file.limit = r, size, limit
	if err := file.openFile(); err != nil {
		return false, err
	}
	var columns []*recordColumn
	err = guarded(func() error {
		leaves := recordLeaves(file.file.Root())
		for _, name := range names {
			c, err := findRecordColumn(leaves, name)
			if err != nil {
				return err
			}
			column := c.column
			c.table = file
			c.table.name, c.table.column = name, column
			columns = append(columns, c)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	row := int64(0)
	for g := range file.file.Metadata().RowGroups {
		group := &file.file.Metadata().RowGroups[g]
		if group.NumRows == 0 {
			continue
		}
		for _, c := range columns {
			p, err := c.openChunk(group)
			if err != nil {
				return false, fmt.Errorf("row group %d, column %q: %w", g, c.name, err)
			}
			p.nested = true
			c.entries = entries{pages: p, most: c.column.MaxDefinitionLevel()}
		}
		for range group.NumRows {
			row++
			b := []byte{'{'}
			for i, c := range columns {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(append(b, c.key...), ':')
				if b, err = c.appendRow(b, limit); err != nil {
					return false, fmt.Errorf("row group %d, column %q, row %d: %w", g, c.name, row, err)
				}
			}
			if !yield(append(b, '}')) {
				return true, nil
			}
		}
		for _, c := range columns {
			if err := c.end(); err != nil {
				return false, fmt.Errorf("row group %d, column %q, behind row %d: %w", g, c.name, row, err)
			}
		}
	}
	return false, nil
}

// appendRow appends the JSON value of the column's next row.
func (c *recordColumn) appendRow(b []byte, limit int64) ([]byte, error) {
	x, err := c.next()
	if err != nil {
		return nil, err
	}
	if x.rep != 0 {
		return nil, errors.New("its levels begin within a list: the file is damaged")
	}
	if !c.list {
		b, err = c.appendValue(b, x, limit)
		c.pass(x)
		return b, err
	}
	if x.def < c.slot-1 {
		c.pass(x)
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for first := true; ; first = false {
		if x.def >= c.slot {
			if !first {
				b = append(b, ',')
			}
			if b, err = c.appendValue(b, x, limit); err != nil {
				return nil, err
			}
		} else if !first {
			return nil, errors.New("its levels continue an empty list: the file is damaged")
		}
		c.pass(x)
		x, err = c.peek()
		if err == io.EOF || err == nil && x.rep == 0 {
			return append(b, ']'), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// next is peek where an entry must follow.
func (c *recordColumn) next() (entry, error) {
	x, err := c.peek()
	if err == io.EOF {
		err = errors.New("its pages end before the row group does: the file is damaged")
	}
	return x, err
}

// appendValue appends one string or integer, or null.
func (c *recordColumn) appendValue(b []byte, x entry, limit int64) ([]byte, error) {
	if int64(len(b))+int64(len(x.value)) > limit {
		return nil, fmt.Errorf("the row has more than %d bytes: %w", limit, corpus.ErrTooLarge)
	}
	if x.def < c.most {
		return append(b, "null"...), nil
	}
	if !c.text {
		return append(b, x.value...), nil
	}
	if !utf8.Valid(x.value) {
		return nil, errors.New("the text is not UTF-8: is it the right column?")
	}
	quoted, err := json.Marshal(string(x.value))
	return append(b, quoted...), err
}

// leafColumn is a column with values as records see it.
type leafColumn struct {
	column *parquet.Column
	name   string
	slot   int // definition level of an element of the only list around it, 0 without one
	lists  int
}

// recordLeaves lists the columns with values.
func recordLeaves(root *parquet.Column) []leafColumn {
	var leaves []leafColumn
	var walk func(c *parquet.Column, x leafColumn, level int, wrapped bool)
	walk = func(c *parquet.Column, x leafColumn, level int, wrapped bool) {
		if c.Optional() || c.Repeated() {
			level++
		}
		if c.Repeated() {
			x.slot, x.lists = level, x.lists+1
		}
		if !wrapped {
			if x.name != "" {
				x.name += "."
			}
			x.name += c.Name()
		}
		children := c.Columns()
		if c.Leaf() {
			x.column = c
			leaves = append(leaves, x)
			return
		}
		// LIST: a group around one repeated group around one element, or around the repeated element itself.
		for _, child := range children {
			inList := len(children) == 1 && (child.Repeated() || wrapped && c.Repeated() && child.Leaf())
			walk(child, x, level, inList)
		}
	}
	for _, c := range root.Columns() {
		walk(c, leafColumn{}, 0, false)
	}
	return leaves
}

func findRecordColumn(leaves []leafColumn, name string) (*recordColumn, error) {
	var found []leafColumn
	var all []*parquet.Column
	for _, l := range leaves {
		all = append(all, l.column)
		if l.name == name {
			found = append(found, l)
		}
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("no column %q; the columns are %s", name, listColumns(all))
	case len(found) > 1:
		return nil, fmt.Errorf("column %q stands twice in the file: which one is meant cannot be told", name)
	}
	l := found[0]
	kind := l.column.Type().Kind()
	text := holdsStrings(l.column)
	switch {
	case l.lists > 1:
		return nil, fmt.Errorf("column %q holds lists of lists, want strings, integers, or lists of them", name)
	case !text && !holdsIntegers(l.column):
		return nil, fmt.Errorf("column %q has type %s (%s), want strings, integers, or lists of them", name, l.column.Type(), kind)
	}
	key, err := json.Marshal(name)
	c := &recordColumn{text: text, list: l.lists > 0, slot: l.slot, key: bytes.Clone(key)}
	c.column = l.column
	return c, err
}

// holdsIntegers accepts signed integers, marked or not, and class labels, which are stored as such.
func holdsIntegers(c *parquet.Column) bool {
	if kind := c.Type().Kind(); !slices.Contains([]parquet.Kind{parquet.Int32, parquet.Int64}, kind) {
		return false
	}
	lt := c.Type().LogicalType()
	if lt == nil || lt.Value == nil {
		return true
	}
	i, ok := lt.Value.(*format.IntType)
	return ok && i.IsSigned
}
