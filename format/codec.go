package format

import (
	"fmt"
	"math"
	"strings"
)

// Tile geometry (SPEC.md, Codecs): a matrix is cut into tiles of 16 rows; columns are padded to a multiple of 32.
const (
	tileRows  = 16
	blockCols = 32
)

// RawF32 is the codec of vectors and of learned positions: row-major float32, not padded.
const RawF32 = "raw-f32"

// MaxDim is the largest number of rows or columns of a tensor: an int on every platform.
const MaxDim = math.MaxInt32

// codecTable: bytes of one block, 16 rows x 32 columns, of each tile codec. What the bytes mean is package quant's matter,
// how they lie package kernels'.
var codecTable = []struct {
	name  string
	block int64
}{
	{"f32", 16 * 32 * 4},
	{"f16", 16 * 32 * 2},
	{"bf16", 16 * 32 * 2},
	{"int8-g32", 16*2 + 16*32},   // 16 half-float scales, then codes
	{"int4-g32", 16*2 + 16*32/2}, // likewise, two codes a byte
}

// Codecs returns the names of all codecs of version 1: the tile codecs, then raw-f32.
func Codecs() []string {
	names := make([]string, 0, len(codecTable)+1)
	for _, c := range codecTable {
		names = append(names, c.name)
	}
	return append(names, RawF32)
}

// codecBlock returns the bytes of one 16 x 32 block; 0 for raw-f32.
func codecBlock(codec string) (int64, error) {
	if codec == RawF32 {
		return 0, nil
	}
	for _, c := range codecTable {
		if c.name == codec {
			return c.block, nil
		}
	}
	return 0, fmt.Errorf("unknown codec %q; known are %s", codec, strings.Join(Codecs(), ", "))
}

// CodecBytes returns the stored bytes of a tensor of rows x cols, padding included. It is an error if the codec is unknown, if
// rows or cols lie outside 1..[MaxDim], or if the size overflows an int64.
func CodecBytes(codec string, rows, cols int) (int64, error) {
	block, err := codecBlock(codec)
	if err != nil {
		return 0, fmt.Errorf("format: %w", err)
	}
	if err := checkDims(rows, cols); err != nil {
		return 0, fmt.Errorf("format: codec %s: %w", codec, err)
	}
	r, c := int64(rows), int64(cols)
	if block == 0 {
		// r*c < 2^62; times 4 may overflow.
		if n := r * c; n <= math.MaxInt64/4 {
			return 4 * n, nil
		}
		return 0, fmt.Errorf("format: codec %s: %d x %d values overflow a 64-bit size", codec, rows, cols)
	}
	// Tiles < 2^28 and blocks < 2^27, so their product < 2^55.
	blocks := ((r + tileRows - 1) / tileRows) * ((c + blockCols - 1) / blockCols)
	if blocks > math.MaxInt64/block {
		return 0, fmt.Errorf("format: codec %s: %d x %d values overflow a 64-bit size", codec, rows, cols)
	}
	return blocks * block, nil
}

// TileBytes returns the bytes of one 16-row tile of cols columns, padding included. raw-f32 has no tiles: an error, as are an
// unknown codec and cols outside 1..[MaxDim].
func TileBytes(codec string, cols int) (int64, error) {
	if codec == RawF32 {
		return 0, fmt.Errorf("format: codec %s has no tiles: its values lie row after row", codec)
	}
	return CodecBytes(codec, tileRows, cols)
}

func checkDims(rows, cols int) error {
	if rows < 1 || cols < 1 || rows > MaxDim || cols > MaxDim {
		return fmt.Errorf("shape [%d %d], rows and columns must lie in 1..%d", rows, cols, MaxDim)
	}
	return nil
}
