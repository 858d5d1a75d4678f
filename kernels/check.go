package kernels

import "fmt"

// The exported functions check what the assembly relies on; a failed check is a programming error and panics like an index out
// of range does.

func panicf(format string, args ...any) { panic("kernels: " + fmt.Sprintf(format, args...)) }

func checkLen(name, slice string, have, want int) {
	if have < want {
		panicf("%s: %s has %d elements, want at least %d", name, slice, have, want)
	}
}

// checkDst checks a result of n rows of width floats at a distance of ldd, which must not overlap.
func checkDst(name string, have, ldd, n, width int) {
	if width == 0 {
		return
	}
	if ldd < width && n > 1 {
		panicf("%s: rows of dst are %d apart and %d wide: they would overlap", name, ldd, width)
	}
	checkLen(name, "dst", have, (n-1)*ldd+width)
}

// checkX checks activations of n rows of cols floats at a distance of ldx.
func checkX(name string, have, ldx, n, cols int) {
	if cols == 0 {
		return
	}
	if ldx < 0 {
		panicf("%s: negative distance %d between rows of x", name, ldx)
	}
	checkLen(name, "x", have, (n-1)*ldx+cols)
}

// checkSameLen checks an argument of an element-wise kernel, which has exactly as many elements as the others.
func checkSameLen(name, slice string, have, want int) {
	if have != want {
		panicf("%s: %s has %d elements, want %d", name, slice, have, want)
	}
}
