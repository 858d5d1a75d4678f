package kernels

// Rotate applies rotary position embedding (J. Su et al.: RoFormer, 2021) in its half-split form to the rotary part of one
// head, in place. With h = len(x)/2 = len(cos) = len(sin):
//
//	x[i], x[h+i] = x[i]*cos[i] - x[h+i]*sin[i], x[h+i]*cos[i] + x[i]*sin[i]
//
// with each product rounded to float32, so that the result is the same bit for bit in every instruction set.
func Rotate(x, cos, sin []float32) {
	checkSameLen("Rotate", "x", len(x), 2*len(cos))
	RotateHeads(x, 1, len(x), cos, sin)
}

// RotateHeads applies [Rotate] to heads heads of one token, which share cos and sin. Head i's rotary part is
// x[i*stride : i*stride+2*len(cos)].
func RotateHeads(x []float32, heads, stride int, cos, sin []float32) {
	checkSameLen("RotateHeads", "sin", len(sin), len(cos))
	if heads == 0 || len(cos) == 0 {
		return
	}
	if heads < 0 || stride < 2*len(cos) || (len(x)-2*len(cos))/stride < heads-1 || len(x) < 2*len(cos) {
		panicf("RotateHeads: %d heads of 2*%d rotary values, %d apart, do not fit into the %d elements of x", heads, len(cos), stride, len(x))
	}
	active.rotate(x, heads, stride, cos, sin)
}
