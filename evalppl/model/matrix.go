package model

import (
	"fmt"

	"nibble/format"
	"nibble/kernels"
)

// product multiplies tiles [t0, t1) of a weight matrix by all tokens of an operand: dst[t*ldd+r] is row 16*t0+r of the matrix.
type product func(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, sc *scratch)

// matrix is a weight matrix where it lies in the container.
type matrix struct {
	name          string // of the tensor
	rows, cols    int
	tiles, blocks int
	tileBytes     int
	data          []byte
	floats        []float32 // the same bytes, for f32
	bias          []float32 // nil without
	multiply      product
	decode        func(dst []float32, w []byte, blocks int) // one integer tile to float32
	pack          packer                                    // makes the matrix's input of float32 rows; nil: it takes these as they are
	packedToken   int                                       // bytes of a packed token
	zero          int32                                     // code of weight 0, for the panels' start values
	codec         string
}

// packer rounds columns [from, to) of rows of activations, x[t*m.cols:][:m.cols] for t < n, to what the matrix is multiplied with. The n tokens
// are those of one panel; from and to are multiples of kernels.BlockCols, or to is m.cols.
type packer func(m *matrix, dst []byte, x []float32, n, from, to int)

// operand is what a matrix is multiplied with: tokens rows of activations, as float32 or packed, whichever the matrix takes.
type operand struct {
	tokens int
	rows   []float32 // [tokens][ld]
	ld     int
	packed []byte // int8 panels or bf16 rows, packedToken bytes a token
}

// newMatrix prepares the tensor for multiplication, as matrixOf does.
func newMatrix(r *format.Reader, name, activations string) (*matrix, error) {
	info, ok := r.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("tensor %q is not in %s", name, r.Path())
	}
	data, err := r.Bytes(info)
	if err != nil {
		return nil, err
	}
	m, err := matrixOf(info.TensorPlan, data, activations)
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %q: %w", r.Path(), name, err)
	}
	return m, nil
}

// matrixOf prepares an encoded tensor for multiplication. activations is the model's mode: it says for which types of weights
// activations are rounded.
func matrixOf(t format.TensorPlan, data []byte, activations string) (*matrix, error) {
	tileBytes, err := format.TileBytes(t.Codec, t.Cols)
	if err != nil {
		return nil, err
	}
	m := &matrix{
		name: t.Name,
		rows: t.Rows, cols: t.Cols,
		tiles: kernels.Tiles(t.Rows), blocks: kernels.Blocks(t.Cols), tileBytes: int(tileBytes),
		data: data, codec: t.Codec,
	}
	switch t.Codec {
	case "f32":
		m.floats = asFloat32(data)
		m.multiply = mulF32
	case "f16":
		m.multiply = mulF16
	case "bf16":
		m.multiply = mulBF16
		if activations == BF16Activations {
			m.multiply, m.pack, m.packedToken = mulBF16Dot, packBF16, kernels.PackedBF16Bytes(1, m.cols)
		}
	case "int8-g32":
		m.multiply, m.decode, m.zero = mulInt8, kernels.DecodeInt8, kernels.Int8Zero
	case "int4-g32":
		m.multiply, m.decode, m.zero = mulInt4, kernels.DecodeInt4, kernels.Int4Zero
	default:
		return nil, fmt.Errorf("no multiplication for type %s", t.Codec)
	}
	if m.decode != nil {
		if activations == Int8Activations {
			m.pack, m.packedToken = packInt8, m.blocks*kernels.PanelTokenBlockBytes
		} else {
			m.multiply = mulDecoded
		}
	}
	return m, nil
}

func packInt8(m *matrix, dst []byte, x []float32, n, from, to int) {
	kernels.QuantizePanel(dst[kernels.PanelBytes(n, from/kernels.BlockCols):], x[from:], m.cols, n, to-from, m.zero)
}

func packBF16(m *matrix, dst []byte, x []float32, n, from, to int) {
	kernels.PackBF16Columns(dst, x, m.cols, n, m.cols, from, to)
}

// ld returns the length of an output row: the rows of the matrix, padded to whole tiles.
func (m *matrix) ld() int { return m.tiles * kernels.TileRows }

// inputLd returns how far apart the float32 rows lie that the matrix is multiplied with, or that are packed for it.
func (m *matrix) inputLd() int {
	if m.pack != nil {
		return m.cols
	}
	return kernels.RowFloats(m.cols)
}

func mulF32(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	stride := m.tileBytes / 4
	kernels.MulF32(dst, ldd, m.floats[t0*stride:], t1-t0, stride, m.cols, in.rows, in.ld, in.tokens)
}

func mulF16(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	kernels.MulF16(dst, ldd, m.data[t0*m.tileBytes:], t1-t0, m.cols, in.rows, in.ld, in.tokens)
}

func mulBF16(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	kernels.MulBF16(dst, ldd, m.data[t0*m.tileBytes:], t1-t0, m.tileBytes, m.cols, in.rows, in.ld, in.tokens)
}

func mulBF16Dot(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	kernels.MulBF16Dot(dst, ldd, m.data[t0*m.tileBytes:], t1-t0, m.tileBytes, m.cols, in.packed, in.tokens)
}

func mulInt8(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	kernels.MulInt8Panels(dst, ldd, m.data[t0*m.tileBytes:], t1-t0, m.blocks, in.packed, in.tokens)
}

func mulInt4(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, _ *scratch) {
	kernels.MulInt4Panels(dst, ldd, m.data[t0*m.tileBytes:], t1-t0, m.blocks, in.packed, in.tokens)
}

// mulDecoded multiplies integer weights by float32 activations: it shows what the weights alone lost. A tile is decoded once
// for all tokens.
func mulDecoded(m *matrix, dst []float32, ldd, t0, t1 int, in *operand, sc *scratch) {
	tile := sc.tile[:m.blocks*kernels.BlockCols*kernels.TileRows]
	for t := t0; t < t1; t++ {
		m.decode(tile, m.data[t*m.tileBytes:], m.blocks)
		kernels.MulF32(dst[(t-t0)*kernels.TileRows:], ldd, tile, 1, len(tile), m.cols, in.rows, in.ld, in.tokens)
	}
}
