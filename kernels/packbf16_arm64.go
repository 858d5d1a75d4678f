//go:build !purego

package kernels

var _ = register("neon", func(t *table) {
	t.packBF16 = func(dst []byte, x []float32) { packBF16Blocks(packBF16NEON, dst, x) }
})

// blocks of 32 values, at least one.
//
//go:noescape
func packBF16NEON(dst *byte, x *float32, blocks int)
