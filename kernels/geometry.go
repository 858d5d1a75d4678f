package kernels

const (
	// TileRows is the number of output rows that are stored and computed side by side.
	TileRows = 16
	// BlockCols is the number of columns that share one scale in the 32-column integer formats, and the padding of columns.
	BlockCols = 32
	// PanelTokens is the largest number of tokens in an activation panel: two tiles times six tokens fill the 32 vector
	// registers of AVX-512 (12 integer and 12 float sums, 4 registers of codes, scales and masks).
	PanelTokens = 6

	// Int8BlockBytes is the size of one block of 32 columns of an int8 tile: 16 half-float scales and 16x32 codes.
	Int8BlockBytes = TileRows*2 + TileRows*BlockCols
	// Int4BlockBytes is the size of one block of 32 columns of an int4 tile: 16 half-float scales and 16x32 codes of 4 bits.
	Int4BlockBytes = TileRows*2 + TileRows*BlockCols/2

	// PanelTokenBlockBytes is what one token takes in an activation panel for each block of 32 columns: 32 codes, a float32
	// scale and an int32 start value.
	PanelTokenBlockBytes = BlockCols + 4 + 4

	// Int8Zero and Int4Zero are the codes of weight 0.
	Int8Zero = 128
	Int4Zero = 8
)

// Blocks returns the number of 32-column blocks that cols columns take.
func Blocks(cols int) int { return (cols + BlockCols - 1) / BlockCols }

// Tiles returns the number of 16-row tiles that rows rows take.
func Tiles(rows int) int { return (rows + TileRows - 1) / TileRows }

// Panels returns the number of activation panels that tokens tokens are cut into.
func Panels(tokens int) int { return (tokens + PanelTokens - 1) / PanelTokens }

// Panel returns the first token and the width of panel i of tokens tokens. Widths are balanced (8 tokens are 4+4, not 6+2),
// because a narrow panel uses the multipliers worse than two of middle width.
func Panel(tokens, i int) (first, n int) {
	p := Panels(tokens)
	first = tokens * i / p
	return first, tokens*(i+1)/p - first
}
