package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// decodeNested decodes a data page with its levels, which say to which row and list a value belongs and where nulls stand
// (https://github.com/apache/parquet-format, "Nested Encoding"). Integers become their decimal digits.
func (p *pages) decodeNested(h pageHeader, repBytes, defBytes, data []byte) (*values, error) {
	var reps, defs []uint8
	var err error
	present := h.values
	if most := p.t.column.MaxRepetitionLevel(); most > 0 {
		if reps, err = decodeLevels("repetition", repBytes, most, h.values); err != nil {
			return nil, err
		}
	}
	if most := p.t.column.MaxDefinitionLevel(); most > 0 {
		if defs, err = decodeLevels("definition", defBytes, most, h.values); err != nil {
			return nil, err
		}
		present = 0
		for _, d := range defs {
			if int(d) == most {
				present++
			}
		}
	}
	v := new(values)
	if present > 0 {
		e, kind := format.Encoding(h.encoding), p.t.column.Type().Kind()
		if kind == parquet.ByteArray || e == plainDictionary || e == format.RLEDictionary {
			v, err = decodeValues(e, data, present, p.dictionary)
		} else {
			v, err = decodeIntegers(kind, e, data, present)
		}
		if err != nil {
			return nil, err
		}
		if n := int64(v.len()); n != present {
			return nil, fmt.Errorf("it holds %d values, want %d: the file is damaged", n, present)
		}
	}
	v.reps, v.defs, v.entries = reps, defs, int(h.values)
	return v, nil
}

// decodeIntegers decodes at most most integers as their decimal digits.
func decodeIntegers(kind parquet.Kind, e format.Encoding, data []byte, most int64) (*values, error) {
	width := int64(8)
	if kind == parquet.Int32 {
		width = 4
	}
	var ints []int64
	switch e {
	case format.Plain:
		if int64(len(data)) > most*width || int64(len(data))%width != 0 {
			return nil, fmt.Errorf("its values (%s) have %d bytes, want %d for each of at most %d: the file is damaged", e, len(data), width, most)
		}
		for ; len(data) > 0; data = data[width:] {
			if width == 4 {
				ints = append(ints, int64(int32(binary.LittleEndian.Uint32(data))))
			} else {
				ints = append(ints, int64(binary.LittleEndian.Uint64(data)))
			}
		}
	case format.DeltaBinaryPacked:
		if _, err := passDeltas(data, most); err != nil {
			return nil, fmt.Errorf("its values (%s): %w", e, err)
		}
		err := guarded(func() (err error) {
			if width == 8 {
				ints, err = new(delta.BinaryPackedEncoding).DecodeInt64(nil, data)
				return err
			}
			narrow, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, data)
			for _, x := range narrow {
				ints = append(ints, int64(x))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("its values (%s) are damaged: %w: copy or download the file again", e, err)
		}
	default:
		return nil, fmt.Errorf("it has the encoding %s, which is not read for integers: write the file again with a current program", e)
	}
	v := &values{offsets: make([]uint32, 1, len(ints)+1)}
	for _, x := range ints {
		v.data = strconv.AppendInt(v.data, x, 10)
		v.offsets = append(v.offsets, uint32(len(v.data)))
	}
	return v, nil
}

// entry is one entry of a column: a value, or the null that stands for a missing value or an empty list.
type entry struct {
	rep, def int
	value    []byte // nil where there is none; valid until the next page
}

// entries goes over the entries of a column chunk.
type entries struct {
	pages *pages
	most  int // largest definition level

	page      *values
	at, value int // next entry of the page, next value of it
}

// peek returns the next entry; io.EOF behind the last.
func (e *entries) peek() (entry, error) {
	for e.page == nil || e.at == e.page.entries {
		v, err := e.pages.next()
		if err != nil {
			return entry{}, err
		}
		e.page, e.at, e.value = v, 0, 0
	}
	out := entry{def: e.most}
	if e.page.reps != nil {
		out.rep = int(e.page.reps[e.at])
	}
	if e.page.defs != nil {
		out.def = int(e.page.defs[e.at])
	}
	if out.def == e.most {
		out.value = e.page.at(e.value)
	}
	return out, nil
}

// pass goes over the entry that peek returned.
func (e *entries) pass(x entry) {
	e.at++
	if x.def == e.most {
		e.value++
	}
}

// end makes sure that nothing is left.
func (e *entries) end() error {
	if _, err := e.peek(); err != io.EOF {
		if err == nil {
			err = fmt.Errorf("its pages hold more than the rows of the row group: the file is damaged")
		}
		return err
	}
	return nil
}
