package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/format"

	"nibble/evalppl/corpus"
)

// maxPageValues bounds the values of one page, and of a dictionary: decoding takes up to 13 bytes for each, whatever its own size.
const maxPageValues = 1 << 26

// maxPage bounds a page after decompression: the largest document and what stands around it.
const maxPage = corpus.MaxDocument + 1<<16

// noCRC stands for a CRC-32 that is not in the file.
const noCRC = -1

// pageHeader is what of a page header matters here. A number that is not in the file is -1.
type pageHeader struct {
	kind                     format.PageType
	uncompressed, compressed int64
	values, nulls, encoding  int64
	levelEncoding            int64 // of definition levels, version 1
	repetitionEncoding       int64 // of repetition levels, version 1
	definition, repetition   int64 // bytes of levels, version 2
	stored                   bool  // is_compressed is false, version 2
	crc                      int64 // CRC-32 of the page as it lies in the file
}

// pages goes over the pages of one column chunk.
type pages struct {
	t          *table
	codec      format.CompressionCodec
	r          *bufio.Reader
	at, end    int64 // offsets in the file: of the next page, and behind the last
	body       []byte
	dictionary *values
	nested     bool // values come with their levels: see decodeNested
}

// openChunk finds the pages of the table's column in a row group.
func (t *table) openChunk(group *format.RowGroup) (*pages, error) {
	if t.column.Index() >= len(group.Columns) {
		return nil, fmt.Errorf("the row group has %d columns only", len(group.Columns))
	}
	chunk := &group.Columns[t.column.Index()]
	m := &chunk.MetaData
	if chunk.FilePath != "" {
		return nil, fmt.Errorf("its data is in another file (%.100q), which is not read: join the files first", chunk.FilePath)
	}
	// Each row has at least one entry, which is a null where a list is empty.
	inList := t.column.MaxRepetitionLevel() > 0
	if m.NumValues != group.NumRows && !(inList && m.NumValues > group.NumRows) || group.NumRows < 0 {
		return nil, fmt.Errorf("it has %d values for %d rows: the file is damaged", m.NumValues, group.NumRows)
	}
	start := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < start {
		start = d
	}
	if start < 4 || m.TotalCompressedSize < 0 || start > t.size || m.TotalCompressedSize > t.size-start {
		return nil, fmt.Errorf("its data is at %d, %d bytes long, in a file of %d bytes: the file is damaged", start, m.TotalCompressedSize, t.size)
	}
	section := io.NewSectionReader(t.r, start, m.TotalCompressedSize)
	return &pages{t: t, codec: m.Codec, r: bufio.NewReaderSize(section, 1<<16), at: start, end: start + m.TotalCompressedSize}, nil
}

// next decodes the next page with texts. The error is io.EOF behind the last.
func (p *pages) next() (*values, error) {
	for p.at < p.end {
		page := p.at
		v, err := p.read()
		if err != nil {
			return nil, fmt.Errorf("the page at offset %d: %w", page, err)
		}
		if v != nil {
			return v, nil
		}
	}
	return nil, io.EOF
}

// read decodes the page at p.at. Of a dictionary, which it keeps, it returns nothing.
func (p *pages) read() (*values, error) {
	h, n, err := readPageHeader(p.r, p.end-p.at)
	if err != nil {
		return nil, fmt.Errorf("its header is damaged: %w", err)
	}
	p.at += n
	if h.compressed < 0 || h.compressed > p.end-p.at || h.uncompressed < 0 {
		return nil, fmt.Errorf("it claims %d bytes where %d are left, %d decompressed: the file is damaged", h.compressed, p.end-p.at, h.uncompressed)
	}
	if h.uncompressed > maxPage {
		return nil, fmt.Errorf("%w: it has %d bytes decompressed, at most %d are read: write the file with smaller pages", corpus.ErrTooLarge, h.uncompressed, int64(maxPage))
	}
	if h.values < 0 || h.values > maxPageValues {
		return nil, fmt.Errorf("it claims %d values, at most %d are read: the file is damaged, or has to be written with smaller pages", h.values, int64(maxPageValues))
	}
	if int64(cap(p.body)) < h.compressed {
		p.body = make([]byte, h.compressed)
	}
	body := p.body[:h.compressed]
	if _, err := io.ReadFull(p.r, body); err != nil {
		return nil, err
	}
	p.at += h.compressed
	if sum := crc32.ChecksumIEEE(body); h.crc != noCRC && int64(sum) != h.crc {
		return nil, fmt.Errorf("its CRC-32 is %08x, want %08x: the file is damaged: copy or download it again", sum, h.crc)
	}
	switch h.kind {
	case format.DictionaryPage:
		if p.dictionary != nil {
			return nil, errors.New("it is a second dictionary: the file is damaged")
		}
		p.dictionary, err = decodeDictionary(h, body, p.codec, p.t.column.Type().Kind())
		return nil, err
	case format.DataPage, format.DataPageV2:
		return p.decodeData(h, body)
	}
	return nil, fmt.Errorf("it has the type %d, want data or a dictionary", h.kind)
}

// decodeData decodes a data page of either version.
func (p *pages) decodeData(h pageHeader, body []byte) (*values, error) {
	reps, defs, data, err := p.split(h, body)
	if err != nil {
		return nil, err
	}
	if p.nested {
		return p.decodeNested(h, reps, defs, data)
	}
	present := h.values // before the first null
	if most := p.t.column.MaxDefinitionLevel(); most > 0 {
		if present, err = presentValues(defs, most, h.values); err != nil {
			return nil, err
		}
	}
	if present == 0 && h.values > 0 {
		return &values{null: true}, nil
	}
	v, err := decodeValues(format.Encoding(h.encoding), data, h.values, p.dictionary)
	if err != nil {
		return nil, err
	}
	v.null = present < h.values
	// Behind a null nothing is read, so it does not matter how many values are there.
	if n := int64(v.len()); n < present || n > present && !v.null {
		return nil, fmt.Errorf("it holds %d values, want %d: the file is damaged", n, present)
	}
	v.first(int(present))
	return v, nil
}

// split decompresses a data page and cuts it into its repetition levels, definition levels and values. Levels that the column does not
// have are empty.
func (p *pages) split(h pageHeader, body []byte) (reps, defs, data []byte, err error) {
	codec := p.codec
	if h.kind == format.DataPageV2 {
		if h.definition < 0 || h.repetition < 0 || h.definition > int64(len(body)) || h.repetition > int64(len(body))-h.definition {
			return nil, nil, nil, fmt.Errorf("its levels claim %d and %d bytes of %d: the file is damaged", h.repetition, h.definition, len(body))
		}
		reps, defs, body = body[:h.repetition], body[h.repetition:h.repetition+h.definition], body[h.repetition+h.definition:]
		h.uncompressed -= h.repetition + h.definition
		if h.stored {
			codec = format.Uncompressed
		}
		data, err = decompress(codec, body, h.uncompressed)
		return reps, defs, data, err
	}
	if data, err = decompress(codec, body, h.uncompressed); err != nil {
		return nil, nil, nil, err
	}
	for _, l := range []struct {
		most     int
		encoding int64
		to       *[]byte
	}{
		{p.t.column.MaxRepetitionLevel(), h.repetitionEncoding, &reps},
		{p.t.column.MaxDefinitionLevel(), h.levelEncoding, &defs},
	} {
		if l.most == 0 {
			continue
		}
		if l.encoding != int64(format.RLE) {
			return nil, nil, nil, fmt.Errorf("its levels have the encoding %s, which is not read: write the file again with a current program", format.Encoding(l.encoding))
		}
		if *l.to, data, err = prefixed(data); err != nil {
			return nil, nil, nil, err
		}
	}
	return reps, defs, data, nil
}

// readPageHeader reads a page header of at most left bytes and returns its length.
func readPageHeader(r *bufio.Reader, left int64) (h pageHeader, n int64, err error) {
	h = pageHeader{kind: -1, uncompressed: -1, compressed: -1, values: -1, encoding: -1, levelEncoding: int64(format.RLE), repetitionEncoding: int64(format.RLE), crc: noCRC}
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
			case 4:
				h.crc = int64(uint32(v))
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
		case [2]int16{5, 4}:
			h.repetitionEncoding = v
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
