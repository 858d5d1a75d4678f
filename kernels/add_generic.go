package kernels

func addGeneric(dst, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += x[i]
	}
}

// scaleGeneric multiplies x by f in place.
func scaleGeneric(x []float32, f float32) {
	for i := range x {
		x[i] *= f
	}
}

var _ = register("generic", func(t *table) { t.add, t.scale = addGeneric, scaleGeneric })
