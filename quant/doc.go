// Package quant turns float32 matrices into the codes of a container and back. Its main type is [Codec]; which codecs
// there are, their sizes and limits, and matrices that do not fill their last tile or block are its subject. What the bits of a block
// mean is defined by the encoders of package kernels and their portable code; a test here has that written a second time and
// compares both. The layout (tiles of 16 rows, blocks of 32 columns) is described there too; its matrix products read these bytes
// where they lie.
//
// Codecs:
//
//	f32       exact
//	f16       IEEE half precision, round to nearest even; magnitudes above 65504 do not fit
//	bf16      bfloat16, round to nearest even
//	int8-g32  8-bit codes -127..127 with a half-precision scale for each 32 columns of a row
//	int4-g32  4-bit codes -8..7 with a half-precision scale for each 32 columns of a row
//	raw-f32   float32 row by row without tiles: norms, biases, positions
package quant
