//go:build !purego

package kernels

//go:noescape
func expNEON(dst, x []float32)

var _ = register("neon", func(t *table) { t.exp = expNEON })
