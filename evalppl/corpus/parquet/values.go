package parquet

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// values are the texts of a page: text i is data[offsets[i]:offsets[i+1]], or that of the dictionary at indices[i].
type values struct {
	data       []byte
	offsets    []uint32
	dictionary *values
	indices    []int32
	null       bool // the value behind the last is a null

	// Of columns with lists and nulls: one for each entry, while only entries with the largest definition level have a value. nil
	// where the column has no such levels.
	reps, defs []uint8
	entries    int
}

func (v *values) len() int {
	if v.dictionary != nil {
		return len(v.indices)
	}
	return max(len(v.offsets)-1, 0)
}

// at returns text i, valid as long as v is.
func (v *values) at(i int) []byte {
	if v.dictionary != nil {
		return v.dictionary.at(int(v.indices[i]))
	}
	return v.data[v.offsets[i]:v.offsets[i+1]]
}

// first cuts v to n texts, which it has.
func (v *values) first(n int) {
	if v.dictionary != nil {
		v.indices = v.indices[:n]
	} else {
		v.offsets = v.offsets[:min(n+1, len(v.offsets))]
	}
}

// decodeDictionary decodes a dictionary page, which is always PLAIN.
func decodeDictionary(h pageHeader, body []byte, codec format.CompressionCodec, kind parquet.Kind) (*values, error) {
	data, err := decompress(codec, body, h.uncompressed)
	if err != nil {
		return nil, err
	}
	if e := format.Encoding(h.encoding); e != format.Plain && e != plainDictionary {
		return nil, fmt.Errorf("its dictionary has the encoding %s, want PLAIN: the file is damaged", e)
	}
	var v *values
	if kind == parquet.ByteArray {
		v, err = decodeValues(format.Plain, data, h.values, nil)
	} else {
		v, err = decodeIntegers(kind, format.Plain, data, h.values)
	}
	if err == nil && int64(v.len()) != h.values {
		err = fmt.Errorf("its dictionary holds %d values, want %d: the file is damaged", v.len(), h.values)
	}
	return v, err
}

// decodeValues decodes the values of a page with the library, after checkEncoding. It returns as many as there are; of dictionary indices at
// most most, because the last run may be filled up.
func decodeValues(e format.Encoding, data []byte, most int64, dictionary *values) (*values, error) {
	if err := checkEncoding(e, data, most); err != nil {
		return nil, err
	}
	v := new(values)
	err := guarded(func() (err error) {
		switch e {
		case format.Plain:
			v.data, v.offsets, err = parquet.Plain.DecodeByteArray(nil, data, nil)
		case format.DeltaLengthByteArray:
			v.data, v.offsets, err = parquet.DeltaLengthByteArray.DecodeByteArray(nil, data, nil)
		case format.DeltaByteArray:
			v.data, v.offsets, err = parquet.DeltaByteArray.DecodeByteArray(nil, data, nil)
		default:
			v.indices, err = parquet.RLEDictionary.DecodeInt32(nil, data)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("its values (%s) are damaged: %w: copy or download the file again", e, err)
	}
	if e == plainDictionary || e == format.RLEDictionary {
		if dictionary == nil {
			return nil, errors.New("it refers to a dictionary, and none came before it: the file is damaged")
		}
		v.dictionary = dictionary
		v.indices = v.indices[:min(int64(len(v.indices)), most)]
		return v, v.checkIndices()
	}
	for i := range v.len() {
		if v.offsets[i] > v.offsets[i+1] || int64(v.offsets[i+1]) > int64(len(v.data)) {
			return nil, fmt.Errorf("its values (%s) are damaged: text %d ends at %d of %d bytes", e, i, v.offsets[i+1], len(v.data))
		}
	}
	return v, nil
}

// checkIndices compares the indices with the dictionary.
func (v *values) checkIndices() error {
	for i, n := range v.indices {
		if n < 0 || int(n) >= v.dictionary.len() {
			return fmt.Errorf("value %d is entry %d of a dictionary of %d: the file is damaged", i, n, v.dictionary.len())
		}
	}
	return nil
}

// presentValues returns the number of values before the first null: those with the definition level most.
func presentValues(levels []byte, most int, count int64) (int64, error) {
	decoded, err := decodeLevels("definition", levels, most, count)
	if err != nil {
		return 0, err
	}
	for i, l := range decoded {
		if int(l) < most {
			return int64(i), nil
		}
	}
	return count, nil
}

// decodeLevels decodes count levels, which are at most most.
func decodeLevels(name string, levels []byte, most int, count int64) ([]uint8, error) {
	width := levelWidth(most)
	if err := checkRuns(levels, width, count); err != nil {
		return nil, fmt.Errorf("its %s levels: %w", name, err)
	}
	var decoded []uint8
	err := guarded(func() (err error) {
		decoded, err = (&rle.Encoding{BitWidth: width}).DecodeLevels(nil, levels)
		return err
	})
	if err == nil && int64(len(decoded)) < count {
		err = fmt.Errorf("%d levels for %d values", len(decoded), count)
	}
	if err != nil {
		return nil, fmt.Errorf("its %s levels are damaged: %w: copy or download the file again", name, err)
	}
	for _, l := range decoded[:count] {
		if int(l) > most {
			return nil, fmt.Errorf("its %s levels reach %d, want at most %d: the file is damaged", name, l, most)
		}
	}
	return decoded[:count], nil
}
