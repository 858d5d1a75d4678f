package kernels

// blockLen is the number of elements handed to an assembly kernel in one call. The Go runtime cannot interrupt assembly, so
// one call stays in the order of ten microseconds; results do not depend on it, except that [SumExp] and [Softmax] add
// their blocks in order.
const blockLen = 1 << 14

// Add adds x to dst, element by element: dst[i] += x[i]. The slices have the same length. The result is the same bit for bit
// in every instruction set.
func Add(dst, x []float32) {
	checkSameLen("Add", "x", len(x), len(dst))
	for len(dst) > blockLen {
		active.add(dst[:blockLen], x[:blockLen])
		dst, x = dst[blockLen:], x[blockLen:]
	}
	active.add(dst, x)
}
