package convert

import (
	"fmt"
	"strconv"
	"strings"

	"nibble/convert/safetensors"
	"nibble/format"
)

// entry finds the entry of a canonical tensor, its layer and the suffix of its sources.
func (t Table) entry(canonical string) (e Entry, layer, suffix string) {
	suffix = ".weight"
	key := canonical
	if base, ok := strings.CutSuffix(canonical, ".bias"); ok {
		key, suffix = base, ".bias"
	}
	if rest, ok := strings.CutPrefix(key, "layers."); ok {
		n, name, _ := strings.Cut(rest, ".")
		layer, key = n, "layers.N."+name
	}
	for _, e := range t.Tensors {
		if e.Canonical == key {
			return e, layer, suffix
		}
	}
	panic(fmt.Sprintf("convert: architecture table without %s, which its spec needs", key)) // a fault of the table, not of a file
}

// sourceName is the name of an entry's i-th source, without suffix.
func sourceName(prefix string, e Entry, i int, layer string) string {
	name := withLayer(e.Sources[i], layer)
	if e.Unprefixed {
		return name
	}
	return prefix + name
}

// withLayer puts the layer's number in place of the segment N.
func withLayer(name, layer string) string {
	segments := strings.Split(name, ".")
	for i, s := range segments {
		if s == "N" {
			segments[i] = layer
		}
	}
	return strings.Join(segments, ".")
}

// matches compares a name with a pattern in which the segment N stands for a number.
func matches(pattern, name string) bool {
	want, have := strings.Split(pattern, "."), strings.Split(name, ".")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] == "N" {
			if _, err := strconv.ParseUint(have[i], 10, 32); err != nil {
				return false
			}
		} else if want[i] != have[i] {
			return false
		}
	}
	return true
}

// choosePrefix takes the prefix under which most of the needed tensors are there; the first of equals.
func choosePrefix(spec format.Spec, table Table, set *safetensors.Set) string {
	best, most := table.Prefixes[0], 0
	for _, prefix := range table.Prefixes {
		found := 0
		for _, shape := range spec.Tensors() {
			e, layer, suffix := table.entry(shape.Name)
			if e.Unprefixed {
				continue
			}
			if _, ok := set.Info(sourceName(prefix, e, 0, layer) + suffix); ok {
				found++
			}
		}
		if found > most {
			best, most = prefix, found
		}
	}
	return best
}
