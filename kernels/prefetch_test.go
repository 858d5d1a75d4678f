package kernels

import "testing"

// TestPrefetch: a hint touches nothing, so that a page beyond the end that cannot be read does no harm.
func TestPrefetch(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 5000} {
		for _, atEnd := range []bool{false, true} {
			b := guarded[byte](t, n, atEnd)
			for i := range b {
				b[i] = byte(i)
			}
			Prefetch(b)
			for i := range b {
				if b[i] != byte(i) {
					t.Fatalf("byte %d of %d has changed", i, n)
				}
			}
		}
	}
}
