//go:build !(amd64 || arm64)

package kernels

func copyF32(dst []float32, src []byte) { copyF32Generic(dst, src) }
