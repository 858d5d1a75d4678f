package kernels

import (
	"encoding/binary"
	"math"
)

// The output of attention: sums of values, weighted with probabilities. Both are rounded to bfloat16, which BF16 dot products multiply at
// twice the speed of float32. The values of a head are tiles of 16 dimensions, [capacity/2][16][2]bfloat16: two positions side by
// side. Where a loop takes the upper half of a word first (VDPBF16PS), it holds the earlier position, elsewhere the lower one does,
// so that positions are added in order by every instruction set.
//
// VDPBF16PS takes subnormal numbers for zeros and makes them zeros, other instructions do not. It makes no difference here: values
// below MinValue and probabilities below MinProbability are stored as zeros. A bfloat16 has 8 significant bits, so a value
// is a multiple of MinValue/2^7, a probability one of MinProbability/2^7, and a product one of 2^-114. Any sum of such products is a
// multiple of 2^-114 too, also after rounding, which only makes it a multiple of a larger power of two. So it is 0 or far above 2^-126,
// where subnormal numbers begin, and it is never -0, since sums begin with +0.
const (
	MinValue       = 0x1p-60
	MinProbability = 0x1p-40
)

// ValueTileBytes returns the size of a tile of values, 16 dimensions of positions positions.
func ValueTileBytes(positions int) int { return (positions + 1) / 2 * 4 * TileRows }

// StoreValue rounds the value x of a position to bfloat16 (to nearest even; a NaN stays a quiet NaN, magnitudes below MinValue become 0)
// and stores it in tiles that are tileStride bytes apart, dimension 16*i+r in row r of tile i. Storing an even position makes the value
// of the next one zero, so what lies beside the last position is finite. It panics if dst is too short or a count is negative.
func StoreValue(dst []byte, tileStride, pos int, x []float32) {
	if tileStride < 0 || pos < 0 {
		panicf("StoreValue: position %d, tiles %d bytes apart: negative", pos, tileStride)
	}
	if len(x) == 0 {
		return
	}
	checkLen("StoreValue", "dst", len(dst), (Tiles(len(x))-1)*tileStride+ValueTileBytes(pos+1))
	active.storeValue(dst[pos/2*4*TileRows:], tileStride, pos%2 == 1, x)
}

// CopyValues copies the values of n positions from position from on to position to of the same tiles, and changes no others. It panics if
// only one of from and to is odd, if the ranges overlap, or if w is too short.
func CopyValues(w []byte, tiles, tileStride, from, to, n int) {
	if tiles < 0 || tileStride < 0 || from < 0 || to < 0 || n < 0 || (from^to)&1 != 0 || from < to+n && to < from+n {
		panicf("CopyValues: %d positions from %d to %d of %d tiles %d bytes apart: want separate ranges, both from odd or both from even positions",
			n, from, to, tiles, tileStride)
	}
	if tiles == 0 || n == 0 {
		return
	}
	checkLen("CopyValues", "w", len(w), (tiles-1)*tileStride+ValueTileBytes(max(from, to)+n))
	const pair = 4 * TileRows
	for ; tiles > 0; tiles-- {
		src, dst := w[from/2*pair:], w[to/2*pair:]
		for i := 0; i < n; {
			odd := (from + i) & 1
			if odd == 0 && n-i >= 2 {
				pairs := (n - i) / 2
				copy(dst[:pairs*pair], src)
				src, dst = src[pairs*pair:], dst[pairs*pair:]
				i += 2 * pairs
				continue
			}
			half := uint32(0xffff0000) // of each word, the upper half
			if (odd == 1) == active.valuesUpperFirst {
				half = 0xffff
			}
			for r := range TileRows {
				v := binary.LittleEndian.Uint32(src[4*r:])&half | binary.LittleEndian.Uint32(dst[4*r:])&^half
				binary.LittleEndian.PutUint32(dst[4*r:], v)
			}
			if i++; odd == 1 && i < n {
				src, dst = src[pair:], dst[pair:]
			}
		}
		if tiles > 1 {
			w = w[tileStride:]
		}
	}
}

// Probabilities replaces a row of scores by what MulValues takes: softmax(scale*s[lo:hi]), as [Softmax] has it but rounded to bfloat16 (to
// nearest even, below MinProbability to 0), and probability 0 for the positions outside lo <= i < hi. len(s) must be a
// multiple of 16. NaN or +Inf anywhere in s[lo:hi] makes the whole row NaN. How a row is laid out depends on the instruction set.
func Probabilities(s []float32, lo, hi int, scale float32) {
	if lo < 0 || lo > hi || hi > len(s) || len(s)%TileRows != 0 {
		panicf("Probabilities: positions %d to %d of a row of %d: want 0 <= from <= to <= a multiple of %d", lo, hi, len(s), TileRows)
	}
	clear(s[:lo])
	clear(s[hi:])
	if lo < hi {
		sum := expSum(s[lo:hi], scale)
		active.probabilities(s, float32(1/sum))
	}
}

// MulValues multiplies tiles of values, tileStride bytes apart, by n >= 0 rows of probabilities, ldp floats apart, as
// [Probabilities] made them; a row has at least positions elements, up to a multiple of 16:
//
//	for t < n, r < 16*tiles:
//		dst[t*ldd+r] = sum over i < positions of value(i, r) * p(t, i)
//
// with the arithmetic of [MulF32]: the products of each [SumColumns] positions are added in order by fused multiply-adds, from zero, and
// these partial sums are added in order. So a result does not depend on tiles, n, the instruction set or how the work was split, not
// in its last bit. MulValues panics if a slice is too short or a count is negative.
func MulValues(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int) {
	if checkMulFloat("MulValues", dst, ldd, tiles, positions, p, ldp, n) {
		checkBF16Tiles("MulValues", w, tiles, tileStride, positions)
		active.mulValues(dst, ldd, w, tiles, tileStride, positions, p, ldp, n)
	}
}

// bf16Flushed rounds to bfloat16 as float32, magnitudes below smallest to 0.
func bf16Flushed(x, smallest float32) float32 {
	if x > -smallest && x < smallest {
		return 0
	}
	return math.Float32frombits(uint32(bf16Bits(x)) << 16)
}
