// Package kernels multiplies packed weights by activations, and does the element-wise work around it, as fast as the CPU
// allows. It is a leaf: it works on plain slices, imports nothing of nibble's, never allocates and never touches memory
// outside its slices.
//
// # Packed weights
//
// A weight matrix W[rows][cols] (rows = outputs, cols = inputs) is stored in tiles of [TileRows] rows, one after the other,
// rows padded with zeros to a multiple of 16 and columns to a multiple of [BlockCols]. Inside a tile the columns run in order:
//
//	f32    for each column: 16 float32, one for each row                                      64 bytes a column
//	f16    for each column: 16 IEEE half floats                                               32 bytes a column
//	bf16   for each pair of columns: 16 x (column c, column c+1)                              64 bytes a pair
//	int8   for each block of 32 columns: 16 half-float scales (one a row), then 8 x 64 bytes;
//	       byte 4*r+i of the j-th 64 bytes is row r, column 4*j+i                             544 bytes a block
//	int4   for each block of 32 columns: 16 half-float scales, then 4 x 64 bytes; byte 4*r+i
//	       of the j-th 64 bytes holds row r: low nibble column 4*j+i, high nibble column
//	       16+4*j+i                                                                           288 bytes a block
//
// Codes are unsigned: an int8 weight is (byte-128)*scale, an int4 weight (nibble-8)*scale. 64 bytes are one ZMM register for
// VPDPBUSD, two YMM, or four arm64 V registers: four consecutive columns of 16 rows, multiplied by four activations that are
// broadcast, with 16 outputs side by side and no horizontal sums.
//
// # Activation panels
//
// The integer kernels take activations quantized to int8 in groups of 32 columns, packed in panels of at most [PanelTokens]
// tokens (see [QuantizePanel]). For each block of 32 columns a panel of n tokens holds
//
//	n x 32 int8    codes, token after token
//	n x float32    scale of each token's group
//	n x int32      start value of each token's sum: -zero * (sum of the 32 codes), where zero is 128 for int8 weights and 8
//	               for int4 weights: it takes the weights' offset out again
//
// so it is 40*n bytes a block, and 40*n*blocks in all.
//
// # Implementations
//
// Every kernel has a portable Go twin in NAME_generic.go, which is its specification. Assembly is chosen once, at start, by
// CPU features; the environment variable NIBBLE_ISA=generic|avx2|avx512|neon forces a set (see [ISA] and [Init]).
// Within a set some kernels use what not every CPU of the set has: the integer products AVX-VNNI ("avx2") or I8MM ("neon"), see
// [Variant], and [MulBF16Dot] AVX512_BF16.
package kernels
