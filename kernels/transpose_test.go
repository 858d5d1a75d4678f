package kernels

import "testing"

// TestTranspose compares with the definition, at sizes on both sides of the squares.
func TestTranspose(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, shape := range [][3]int{{0, 5, 5}, {5, 0, 3}, {1, 1, 1}, {16, 16, 16}, {16, 32, 48}, {32, 16, 17}, {15, 33, 33}, {33, 17, 20}, {50, 70, 71}, {1, 40, 40}, {40, 1, 4}} {
			rows, cols, ldd := shape[0], shape[1], shape[2]
			src := guarded[float32](t, rows*cols, true)
			fillNormal(newRand(t), src)
			n := 0
			if rows > 0 && cols > 0 {
				n = (rows-1)*ldd + cols
			}
			dst, want := guarded[float32](t, n, true), make([]float32, n)
			for i := range dst {
				dst[i], want[i] = 7, 7 // what lies between rows stays
			}
			for i, x := range src {
				want[i%rows*ldd+i/rows] = x
			}
			Transpose(dst, ldd, src, rows, cols)
			sameBits(t, "transposed", dst, want)
		}
	})
}

func BenchmarkTranspose(b *testing.B) {
	const rows, cols, ldd = 682, 768, 784
	dst, src := make([]float32, rows*ldd), make([]float32, rows*cols)
	eachISABench(b, func(b *testing.B) {
		b.SetBytes(4 * rows * cols)
		for b.Loop() {
			Transpose(dst, ldd, src, rows, cols)
		}
	})
}
