package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"

	"nibble/evalppl/corpus"
)

// maxPageValues bounds the values of one page, and of a dictionary: the library needs about 40 bytes for each, whatever its own size.
const maxPageValues = 1 << 26

// maxPage bounds a page after decompression: the largest document and what stands around it.
const maxPage = corpus.MaxDocument + 1<<16

// pageHeader is what of a page header matters here. A number that is not in the file is -1.
type pageHeader struct {
	kind                     format.PageType
	uncompressed, compressed int64
	values, nulls, encoding  int64
	levelEncoding            int64 // of definition levels, version 1
	definition, repetition   int64 // bytes of levels, version 2
	stored                   bool  // is_compressed is false, version 2
}

// checkChunk goes over all pages of the table's column in a row group.
func (t *table) checkChunk(group *format.RowGroup) error {
	if t.column.Index() >= len(group.Columns) {
		return fmt.Errorf("the row group has %d columns only", len(group.Columns))
	}
	chunk := &group.Columns[t.column.Index()]
	m := &chunk.MetaData
	if chunk.FilePath != "" {
		return fmt.Errorf("its data is in another file (%.100q), which is not read: join the files first", chunk.FilePath)
	}
	if m.NumValues != group.NumRows || group.NumRows < 0 {
		return fmt.Errorf("it has %d values for %d rows: the file is damaged", m.NumValues, group.NumRows)
	}
	start := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		start = m.DictionaryPageOffset
	}
	if start < 4 || m.TotalCompressedSize < 0 || start > t.size || m.TotalCompressedSize > t.size-start {
		return fmt.Errorf("its data is at %d, %d bytes long, in a file of %d bytes: the file is damaged", start, m.TotalCompressedSize, t.size)
	}
	return t.checkPages(io.NewSectionReader(t.r, start, m.TotalCompressedSize), start, m)
}

// checkPages goes over the pages in section, which starts at the offset start of the file.
func (t *table) checkPages(section *io.SectionReader, start int64, m *format.ColumnMetaData) error {
	size := section.Size()
	r := bufio.NewReaderSize(section, 1<<16)
	var body []byte
	var at, values int64
	for at < size {
		h, n, err := readPageHeader(r, size-at)
		if err != nil {
			return fmt.Errorf("the page header at offset %d is damaged: %w", start+at, err)
		}
		page := start + at
		at += n
		if h.compressed < 0 || h.compressed > size-at || h.uncompressed < 0 {
			return fmt.Errorf("the page at offset %d claims %d bytes where %d are left, %d decompressed: the file is damaged", page, h.compressed, size-at, h.uncompressed)
		}
		if h.uncompressed > maxPage {
			return fmt.Errorf("the page at offset %d: %w: it has %d bytes decompressed, at most %d are read: write the file with smaller pages", page, corpus.ErrTooLarge, h.uncompressed, int64(maxPage))
		}
		if h.values < 0 || h.values > maxPageValues {
			return fmt.Errorf("the page at offset %d claims %d values, at most %d are read: the file is damaged, or has to be written with smaller pages", page, h.values, int64(maxPageValues))
		}
		if int64(cap(body)) < h.compressed {
			body = make([]byte, h.compressed)
		}
		body = body[:h.compressed]
		if _, err := io.ReadFull(r, body); err != nil {
			return fmt.Errorf("reading the page at offset %d: %w", page, err)
		}
		at += h.compressed
		if err := t.checkPage(h, body, m.Codec); err != nil {
			return fmt.Errorf("the page at offset %d: %w", page, err)
		}
		if h.kind != format.DictionaryPage {
			values += h.values
		}
	}
	if values != m.NumValues {
		return fmt.Errorf("its pages hold %d values, want %d: the file is damaged", values, m.NumValues)
	}
	return nil
}

// readPageHeader reads a page header of at most left bytes and returns its length.
func readPageHeader(r *bufio.Reader, left int64) (h pageHeader, n int64, err error) {
	h = pageHeader{kind: -1, uncompressed: -1, compressed: -1, values: -1, encoding: -1, levelEncoding: int64(format.RLE)}
	seen := 0
	c := &compact{r: r, left: left, elements: 0, skip: func(n int64) error {
		_, err := io.CopyN(io.Discard, r, n)
		return err
	}}
	err = c.walk(nil, func(path []int16, v int64) {
		if len(path) == 1 {
			switch path[0] {
			case 1:
				h.kind = format.PageType(v)
			case 2:
				h.uncompressed = v
			case 3:
				h.compressed = v
			}
			return
		}
		if len(path) != 2 || path[0] != 5 && path[0] != 7 && path[0] != 8 {
			return
		}
		if path[1] == 1 {
			seen++
			h.values = v
		}
		switch [2]int16(path) {
		case [2]int16{5, 2}, [2]int16{7, 2}, [2]int16{8, 4}:
			h.encoding = v
		case [2]int16{5, 3}:
			h.levelEncoding = v
		case [2]int16{8, 2}:
			h.nulls = v
		case [2]int16{8, 5}:
			h.definition = v
		case [2]int16{8, 6}:
			h.repetition = v
		case [2]int16{8, 7}:
			h.stored = v == 0
		}
	})
	if err == nil && seen != 1 {
		err = errors.New("want one description of one page in it")
	}
	return h, left - c.left, err
}

// checkPage decompresses a page within its stated size and checks the counts inside.
func (t *table) checkPage(h pageHeader, body []byte, codec format.CompressionCodec) error {
	levels := body[:0]
	switch h.kind {
	case format.DataPage, format.DictionaryPage:
	case format.DataPageV2:
		if h.definition < 0 || h.repetition < 0 || h.definition > int64(len(body)) || h.repetition > int64(len(body))-h.definition {
			return fmt.Errorf("its levels claim %d and %d bytes of %d: the file is damaged", h.repetition, h.definition, len(body))
		}
		if h.nulls < 0 || h.nulls > h.values {
			return fmt.Errorf("it claims %d nulls among %d values: the file is damaged", h.nulls, h.values)
		}
		if t.column.MaxDefinitionLevel() > 0 && h.definition == 0 {
			return errors.New("its definition levels are missing: the file is damaged")
		}
		levels = body[h.repetition : h.repetition+h.definition]
		body = body[h.repetition+h.definition:]
		if h.stored {
			codec = format.Uncompressed
		}
		h.uncompressed -= h.repetition + h.definition
	default:
		return fmt.Errorf("it has the type %d, want data or a dictionary", h.kind)
	}
	data, err := decompress(codec, body, h.uncompressed)
	if err != nil {
		return err
	}
	if h.kind == format.DictionaryPage {
		if h.values > int64(len(data))/4 {
			return fmt.Errorf("its dictionary claims %d values in %d bytes: the file is damaged", h.values, len(data))
		}
		return nil
	}
	if t.column.MaxDefinitionLevel() > 0 {
		if h.kind == format.DataPage {
			if h.levelEncoding != int64(format.RLE) {
				return fmt.Errorf("its levels have the encoding %s, which is not read: write the file again with a current program", format.Encoding(h.levelEncoding))
			}
			if levels, data, err = prefixed(data); err != nil {
				return err
			}
		}
		if err := checkRuns(levels, levelWidth(t.column.MaxDefinitionLevel()), h.values); err != nil {
			return fmt.Errorf("its definition levels: %w", err)
		}
	}
	return checkEncoding(format.Encoding(h.encoding), data, h.values)
}
