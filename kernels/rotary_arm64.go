//go:build !purego

package kernels

// heads >= 1 and len(cos) >= 1.
//
//go:noescape
func rotateNEON(x []float32, heads, stride int, cos, sin []float32)

var _ = register("neon", func(t *table) { t.rotate = rotateNEON })
