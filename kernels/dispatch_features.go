//go:build !purego && (amd64 || arm64)

package kernels

// feature is an extension of the CPU's instructions.
type feature struct {
	name string
	has  bool
}

// names returns the names of the features that this CPU has (or lacks).
func names(list []feature, has bool) []string {
	var out []string
	for _, f := range list {
		if f.has == has {
			out = append(out, f.name)
		}
	}
	return out
}
