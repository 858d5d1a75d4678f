package kernels

// cacheLine is the distance at which Prefetch touches memory. Where lines are longer, some are asked for twice.
const cacheLine = 64

// Prefetch has the processor fetch b into its second cache, and does not wait for that. It is a hint, and reads nothing: memory that is not
// mapped, or whose pages are not in memory, stays so. Processors fetch ahead of steady reads by themselves, but not beyond a page.
func Prefetch(b []byte) {
	if len(b) > 0 {
		prefetch(&b[0], (len(b)+cacheLine-1)/cacheLine)
	}
}
