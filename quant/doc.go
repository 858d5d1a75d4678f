// Package quant turns float32 matrices into the codes of a container and back. Its main type is [Codec]; the portable Go code
// here is the definition of what the bits of each codec mean. Package kernels does the same to whole blocks in assembly, and a test
// compares both. The layout (tiles of 16 rows, blocks of 32 columns) is described there; its matrix products read these bytes
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
