package kernels

// Transpose writes src, row-major [cols x rows], as dst, row-major [rows x cols] with rows ldd values apart. What lies between those stays.
// It panics if a slice is too short or the rows overlap.
func Transpose(dst []float32, ldd int, src []float32, rows, cols int) {
	if rows < 0 || cols < 0 || ldd < cols {
		panicf("Transpose: %d rows of %d columns, %d apart", rows, cols, ldd)
	}
	if rows == 0 || cols == 0 {
		return
	}
	checkLen("Transpose", "dst", len(dst), (rows-1)*ldd+cols)
	checkLen("Transpose", "src", len(src), rows*cols)
	active.transpose(dst, ldd, src, rows, cols)
}
