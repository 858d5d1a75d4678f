package kernels

// QuantizePanel quantizes n tokens (1 to PanelTokens) of cols float32 (token t is x[t*ldx:][:cols]) to int8 in groups of 32 columns
// and packs them as one activation panel, PanelBytes(n, Blocks(cols)) bytes of dst. Columns beyond cols count as 0.
//
//	m     = max |x| of the group
//	code  = x * (127/m), rounded half to even           (127/m and the product are rounded to float32)
//	scale = m / 127
//	start = -zero * (sum of the 32 codes)               zero is Int8Zero or Int4Zero, whichever weights will be multiplied
//
// A group with m below TinyGroup has codes and scale 0: 127/m would overflow near the bottom of float32's range. A NaN or an
// infinity in a group makes its scale NaN and its codes 0, so that it reaches every product with that group and is never hidden.
//
// QuantizePanel panics if a slice is too short or n or cols is out of range.
func QuantizePanel(dst []byte, x []float32, ldx, n, cols int, zero int32) {
	const name = "QuantizePanel"
	if n < 1 || n > PanelTokens || cols < 1 {
		panicf("%s: %d tokens of %d columns: want 1..%d tokens and at least 1 column", name, n, cols, PanelTokens)
	}
	checkX(name, len(x), ldx, n, cols)
	checkLen(name, "dst", len(dst), PanelBytes(n, Blocks(cols)))
	active.quantizePanel(dst, x, ldx, n, cols, zero)
}

// TinyGroup is the magnitude below which a group of activations is quantized to zero: 127/TinyGroup is just below the largest
// float32. The error is at most TinyGroup, 7.5e-37.
const TinyGroup = 0x1p-120
