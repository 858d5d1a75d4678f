package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"

	"nibble/evalppl/corpus"
)

// plainDictionary is the deprecated name of dictionary indices (PLAIN_DICTIONARY), which pyarrow and Spark still write.
const plainDictionary format.Encoding = 2

// checkEncoding checks that the values of a page decode to no more than its bytes, count and maxPage allow
// (https://github.com/apache/parquet-format/blob/master/Encodings.md). What else may be wrong is left to the decoder.
func checkEncoding(e format.Encoding, data []byte, values int64) error {
	var err error
	switch e {
	case format.Plain:
	case plainDictionary, format.RLEDictionary:
		if len(data) == 0 {
			return nil // a page of nulls
		}
		if data[0] > 32 {
			return fmt.Errorf("its dictionary indices claim %d bits: the file is damaged", data[0])
		}
		err = checkRuns(data[1:], int(data[0]), values)
	case format.DeltaLengthByteArray:
		_, err = passDeltas(data, values)
	case format.DeltaByteArray:
		err = checkPrefixes(data, values)
	default:
		return fmt.Errorf("it has the encoding %s, which is not read for strings: write the file again with a current program", e)
	}
	if err != nil {
		return fmt.Errorf("its values (%s): %w", e, err)
	}
	return nil
}

// levelWidth is the number of bits of a level up to most.
func levelWidth(most int) int { return bits.Len(uint(most)) }

// prefixed splits levels off that have their length as a little-endian uint32 before them.
func prefixed(data []byte) (levels, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errors.New("it ends before the length of its levels: the file is damaged")
	}
	n := int64(binary.LittleEndian.Uint32(data))
	data = data[4:]
	if n > int64(len(data)) {
		return nil, nil, fmt.Errorf("its levels claim %d bytes of %d: the file is damaged", n, len(data))
	}
	return data[:n], data[n:], nil
}

// checkRuns adds up the run lengths of the RLE and bit-packing hybrid. The last bit-packed run may be filled up: to 8 values by the
// specification, to 504 by some writers.
func checkRuns(data []byte, width int, values int64) error {
	const padding = 504
	var total int64
	for len(data) > 0 {
		u, n := binary.Uvarint(data)
		if n <= 0 {
			return errors.New("a run length is damaged")
		}
		data = data[n:]
		count, size := int64(u>>1), int64(width+7)/8
		if u>>1 > maxPageValues {
			return fmt.Errorf("a run claims %d values", u>>1)
		}
		if u&1 == 1 {
			count, size = count*8, count*int64(width)
		}
		if total += count; total > values+padding {
			return fmt.Errorf("its runs hold more than the %d values of the page", values)
		}
		if size > int64(len(data)) {
			return fmt.Errorf("a run claims %d bytes of %d", size, len(data))
		}
		data = data[size:]
	}
	return nil
}

// passDeltas goes over a DELTA_BINARY_PACKED sequence of at most values integers and returns what is behind it.
func passDeltas(data []byte, values int64) ([]byte, error) {
	var head [4]uint64 // block size, miniblocks of a block, values, first value
	for i := range head {
		var n int
		if head[i], n = binary.Uvarint(data); n <= 0 {
			return nil, errors.New("a delta header is damaged")
		}
		data = data[n:]
	}
	block, minis, count := head[0], head[1], head[2]
	if block == 0 || block > 1<<16 || block%128 != 0 || minis == 0 || block%minis != 0 || block/minis%32 != 0 {
		return nil, fmt.Errorf("delta blocks of %d values in %d parts", block, minis)
	}
	if count > uint64(values) {
		return nil, fmt.Errorf("a delta sequence claims %d values, the page has %d", count, values)
	}
	for left := int64(count) - 1; left > 0; {
		_, n := binary.Uvarint(data)
		if n <= 0 || len(data)-n < int(minis) {
			return nil, errors.New("a delta block ends too early")
		}
		widths := data[n : n+int(minis)]
		data = data[n+int(minis):]
		for _, w := range widths {
			if left <= 0 {
				break // widths of parts without values mean nothing
			}
			size := int(block/minis) * int(w) / 8
			if w > 64 || size > len(data) {
				return nil, fmt.Errorf("a delta block claims %d bits a value, %d bytes of %d", w, size, len(data))
			}
			data = data[size:]
			left -= int64(block / minis)
		}
	}
	return data, nil
}

// checkPrefixes checks a DELTA_BYTE_ARRAY page, where each value may repeat the start of the one before: a few bytes a value can stand for
// long texts.
func checkPrefixes(data []byte, values int64) error {
	suffixes, err := passDeltas(data, values)
	if err != nil {
		return err
	}
	rest, err := passDeltas(suffixes, values)
	if err != nil {
		return err
	}
	var prefixes []int32
	err = guarded(func() (err error) {
		prefixes, err = new(delta.BinaryPackedEncoding).DecodeInt32(nil, data[:len(data)-len(suffixes)])
		return err
	})
	if err != nil {
		return err
	}
	total := int64(len(rest))
	for _, p := range prefixes {
		if p < 0 {
			return fmt.Errorf("a prefix claims %d bytes", p)
		}
		if total += int64(p); total > maxPage {
			return fmt.Errorf("%w: its texts have more than %d bytes: write the file with smaller pages", corpus.ErrTooLarge, int64(maxPage))
		}
	}
	return nil
}
