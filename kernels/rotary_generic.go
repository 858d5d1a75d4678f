package kernels

func rotateGeneric(x []float32, heads, stride int, cos, sin []float32) {
	h := len(cos)
	sin = sin[:h]
	for i := range heads {
		lo := x[i*stride:][:h]
		hi := x[i*stride+h:][:h]
		for j, c := range cos {
			a, b, s := lo[j], hi[j], sin[j]
			// The conversions keep the compiler from fusing a product and a sum, which some CPUs would round once.
			lo[j] = float32(a*c) - float32(b*s)
			hi[j] = float32(b*c) + float32(a*s)
		}
	}
}

var _ = register("generic", func(t *table) { t.rotate = rotateGeneric })
