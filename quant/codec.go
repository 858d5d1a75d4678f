package quant

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nibble/kernels"
)

// Codec encodes float32 matrices into container bytes and decodes them. The zero value is not usable: get one from [Lookup].
type Codec struct {
	name string
	// blockBytes is the size of 32 columns of a tile, 0 where there are no tiles.
	blockBytes int
	maxAbs     float64
	// encode writes blocks of a tile from its 16 rows, which are ld values apart; decode is its inverse.
	encode func(dst []byte, src []float32, ld, blocks int)
	decode func(dst []float32, ld int, src []byte, blocks int)
	// encodeErrors is encode that adds up errors; nil where that is no faster than to decode and compare.
	encodeErrors func(dst []byte, src []float32, ld, blocks int, e *kernels.BlockErrors)
	// decodeRow decodes the first len(dst) columns of row r of one block: what an embedding's lookup needs of it.
	decodeRow func(dst []float32, src []byte, r int)
}

// block holds 16 rows of 32 consecutive columns; rows and columns outside the matrix are zero.
type block [kernels.TileRows * kernels.BlockCols]float32

func (b *block) row(r int) []float32 { return b[r*kernels.BlockCols:][:kernels.BlockCols] }

const maxHalf = 65504

var codecs = []Codec{
	{name: "f32", blockBytes: 4 * kernels.TileRows * kernels.BlockCols, maxAbs: math.MaxFloat32, decodeRow: decodeRowF32,
		encode: kernels.EncodeF32, decode: kernels.DecodeRowsF32},
	{name: "f16", blockBytes: 2 * kernels.TileRows * kernels.BlockCols, maxAbs: maxHalf, decodeRow: decodeRowF16,
		encode: kernels.EncodeF16, decode: kernels.DecodeRowsF16},
	{name: "bf16", blockBytes: 2 * kernels.TileRows * kernels.BlockCols, maxAbs: maxBF16, decodeRow: decodeRowBF16,
		encode: kernels.EncodeBF16, decode: kernels.DecodeRowsBF16},
	{name: "int8-g32", blockBytes: kernels.Int8BlockBytes, maxAbs: maxHalf * 127, decodeRow: decodeRowInt8,
		encode: kernels.EncodeInt8, decode: kernels.DecodeRowsInt8, encodeErrors: kernels.EncodeErrorsInt8},
	{name: "int4-g32", blockBytes: kernels.Int4BlockBytes, maxAbs: maxHalf * 8, decodeRow: decodeRowInt4,
		encode: kernels.EncodeInt4, decode: kernels.DecodeRowsInt4, encodeErrors: kernels.EncodeErrorsInt4},
	{name: "raw-f32", maxAbs: math.MaxFloat32},
}

// Names returns the names of all codecs.
func Names() []string {
	names := make([]string, len(codecs))
	for i, c := range codecs {
		names[i] = c.name
	}
	return names
}

// MatrixNames returns the names of the codecs a weight matrix can have: those that a matrix multiplication reads.
func MatrixNames() []string {
	return slices.DeleteFunc(Names(), func(n string) bool { return n == "raw-f32" })
}

// Lookup returns the codec of that name; an unknown name is an error that lists the known ones.
func Lookup(name string) (Codec, error) {
	for _, c := range codecs {
		if c.name == name {
			return c, nil
		}
	}
	return Codec{}, fmt.Errorf("unknown type %q; known: %s", name, strings.Join(Names(), ", "))
}

// Name returns the codec's name, as it stands in containers and on the command line.
func (c Codec) Name() string { return c.name }

// MaxAbs returns the largest magnitude the codec holds; larger values become infinite or are clipped, so a converter checks.
func (c Codec) MaxAbs() float64 { return c.maxAbs }

// Integer reports whether the codec stores integer codes with scales, so that quantized activations can be used with it.
func (c Codec) Integer() bool { return strings.HasPrefix(c.name, "int") }

// tiled reports whether the codec cuts a matrix into tiles.
func (c Codec) tiled() bool { return c.blockBytes > 0 }

// TileBytes returns the size of one tile of 16 rows and cols columns.
func (c Codec) TileBytes(cols int) int { return kernels.Blocks(cols) * c.blockBytes }

// Bytes returns the encoded size of a [rows x cols] matrix. Sizes that come from files are checked by package format first.
func (c Codec) Bytes(rows, cols int) int {
	if !c.tiled() {
		return 4 * rows * cols
	}
	return kernels.Tiles(rows) * c.TileBytes(cols)
}

// Encode writes src, row-major [rows x cols], into dst, which must hold Bytes(rows, cols) bytes. A slab of a larger matrix
// that starts at a multiple of 16 rows encodes to the bytes of its tiles. Values must be finite and within [Codec.MaxAbs].
func (c Codec) Encode(dst []byte, src []float32, rows, cols int) {
	c.EncodeRows(dst, src, cols, rows, cols)
}

// EncodeRows is [Codec.Encode] for rows that are ld values apart. Encoders read 16 rows side by side, so a distance of a power of two
// makes them share a few sets of the first cache: [Apart] gives a better one.
func (c Codec) EncodeRows(dst []byte, src []float32, ld, rows, cols int) {
	c.check("EncodeRows", len(dst), len(src), ld, rows, cols)
	if !c.tiled() {
		for r := range rows {
			putFloat32s(dst[4*r*cols:], src[r*ld:][:cols])
		}
		return
	}
	encodeTiles(c, c.encode, dst, src, ld, rows, cols)
}

// encodeTiles cuts a matrix into runs of whole blocks and blocks at its edges, which are filled up with zeros.
func encodeTiles(c Codec, encode func(dst []byte, src []float32, ld, blocks int), dst []byte, src []float32, ld, rows, cols int) {
	var b block
	for r0 := 0; r0 < rows; r0 += kernels.TileRows {
		whole := wholeBlocks(r0, rows, cols)
		if whole > 0 {
			encode(dst, src[r0*ld:], ld, whole)
			dst = dst[whole*c.blockBytes:]
		}
		for c0 := whole * kernels.BlockCols; c0 < cols; c0 += kernels.BlockCols {
			b.load(src, ld, r0, c0, rows, cols)
			encode(dst, b[:], kernels.BlockCols, 1)
			dst = dst[c.blockBytes:]
		}
	}
}

// Decode is the inverse of [Codec.Encode]: dst is row-major [rows x cols].
func (c Codec) Decode(dst []float32, src []byte, rows, cols int) {
	c.DecodeRows(dst, cols, src, rows, cols)
}

// DecodeRows is [Codec.Decode] for rows that are ld values apart. What lies between them stays.
func (c Codec) DecodeRows(dst []float32, ld int, src []byte, rows, cols int) {
	c.check("DecodeRows", len(src), len(dst), ld, rows, cols)
	if !c.tiled() {
		for r := range rows {
			getFloat32s(dst[r*ld:][:cols], src[4*r*cols:])
		}
		return
	}
	var b block
	for r0 := 0; r0 < rows; r0 += kernels.TileRows {
		whole := wholeBlocks(r0, rows, cols)
		if whole > 0 {
			c.decode(dst[r0*ld:], ld, src, whole)
			src = src[whole*c.blockBytes:]
		}
		for c0 := whole * kernels.BlockCols; c0 < cols; c0 += kernels.BlockCols {
			c.decode(b[:], kernels.BlockCols, src, 1)
			b.store(dst, ld, r0, c0, rows, cols)
			src = src[c.blockBytes:]
		}
	}
}

// Apart returns a distance for rows of cols float32 values at which 16 of them, side by side, fit into a set-associative cache: an odd
// number of lines of 64 bytes.
func Apart(cols int) int { return (cols+15)/16*16 | 16 }

// wholeBlocks returns how many blocks from the left are full in the tile that begins at row r0: none if it lacks rows.
func wholeBlocks(r0, rows, cols int) int {
	if rows-r0 < kernels.TileRows {
		return 0
	}
	return cols / kernels.BlockCols
}

// DecodeRow decodes one row of an encoded matrix with cols columns into dst[:cols].
func (c Codec) DecodeRow(dst []float32, src []byte, cols, row int) {
	if !c.tiled() {
		getFloat32s(dst[:cols], src[4*row*cols:])
		return
	}
	src = src[row/kernels.TileRows*c.TileBytes(cols):]
	for c0 := 0; c0 < cols; c0 += kernels.BlockCols {
		c.decodeRow(dst[c0:min(cols, c0+kernels.BlockCols)], src[:c.blockBytes], row%kernels.TileRows)
		src = src[c.blockBytes:]
	}
}

func (c Codec) check(what string, encoded, decoded, ld, rows, cols int) {
	values := 0
	if rows > 0 {
		values = (rows-1)*ld + cols
	}
	if want := c.Bytes(rows, cols); encoded < want || decoded < values || ld < cols {
		panic(fmt.Sprintf("quant: %s %s of [%d x %d], rows %d apart: %d bytes and %d values, want %d and %d", c.name, what, rows, cols, ld, encoded, decoded, want, values))
	}
}

// load fills b with the values at row r0, column c0 of a [rows x cols] matrix whose rows are ld apart, zero beyond its edges.
func (b *block) load(src []float32, ld, r0, c0, rows, cols int) {
	*b = block{}
	end := min(cols, c0+kernels.BlockCols)
	for r := range min(kernels.TileRows, rows-r0) {
		copy(b.row(r), src[(r0+r)*ld+c0:(r0+r)*ld+end])
	}
}

// store is the inverse of load: it writes what lies inside the matrix.
func (b *block) store(dst []float32, ld, r0, c0, rows, cols int) {
	end := min(cols, c0+kernels.BlockCols)
	for r := range min(kernels.TileRows, rows-r0) {
		copy(dst[(r0+r)*ld+c0:(r0+r)*ld+end], b.row(r))
	}
}
