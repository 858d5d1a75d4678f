package evalppl

import (
	"math"
	"slices"

	"nibble/evalppl/internal/spill"
)

// sortedInMemory is up to how many values are sorted for their quantiles; of more the order statistics that are wanted are selected.
const sortedInMemory = 1 << 20

// quantiles returns the p-quantiles, as [quantile] defines them, of float32 values whose bits a list holds. None is NaN. The list is not changed,
// and memory is bounded whatever its length.
func quantiles(list *spill.List, ps []float64) ([]float64, error) {
	n := list.Len()
	if n <= sortedInMemory {
		bits := make([]uint32, n)
		if err := list.ReadAt(bits, 0); err != nil {
			return nil, err
		}
		return sortedQuantiles(bits, ps), nil
	}
	return selectedQuantiles(list, ps)
}

func sortedQuantiles(bits []uint32, ps []float64) []float64 {
	values := make([]float32, len(bits))
	for i, b := range bits {
		values[i] = math.Float32frombits(b)
	}
	slices.Sort(values)
	out := make([]float64, len(ps))
	for i, p := range ps {
		out[i] = quantile(values, p)
	}
	return out
}

// selectedQuantiles finds order statistics in two passes over the list: the first counts the upper halves of the values' keys, the second the
// lower halves of those keys whose upper halves are wanted.
func selectedQuantiles(list *spill.List, ps []float64) ([]float64, error) {
	var ranks []int64
	n := list.Len()
	for _, p := range ps {
		i := min(int64(p*float64(n-1)), n-1)
		ranks = append(ranks, i, min(i+1, n-1))
	}
	upper := make([]int64, 1<<16)
	err := list.Each(func(bits []uint32) error {
		for _, b := range bits {
			upper[orderedKey(b)>>16]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lower := map[uint32][]int64{}
	type target struct {
		upper uint32
		rest  int64 // its rank among those of the same upper half
	}
	targets := make([]target, len(ranks))
	for i, rank := range ranks {
		u, rest := within(upper, rank)
		targets[i] = target{u, rest}
		lower[u] = nil
	}
	for u := range lower {
		lower[u] = make([]int64, 1<<16)
	}
	err = list.Each(func(bits []uint32) error {
		for _, b := range bits {
			key := orderedKey(b)
			if counts := lower[key>>16]; counts != nil {
				counts[key&0xFFFF]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(ps))
	for i, p := range ps {
		value := func(t target) float64 {
			l, _ := within(lower[t.upper], t.rest)
			return float64(math.Float32frombits(keyBits(t.upper<<16 | l)))
		}
		h := p * float64(n-1)
		lo := value(targets[2*i])
		if out[i] = lo; ranks[2*i+1] == ranks[2*i] {
			continue
		}
		out[i] = lo + (h-float64(ranks[2*i]))*(value(targets[2*i+1])-lo)
	}
	return out, nil
}

// within returns the class that element rank falls into, and its rank there.
func within(counts []int64, rank int64) (class uint32, rest int64) {
	for c, n := range counts {
		if rank < n {
			return uint32(c), rank
		}
		rank -= n
	}
	panic("quantile: a rank beyond the number of values")
}

// orderedKey maps the bits of a float32 so that keys are ordered as the values are; keyBits is its inverse.
func orderedKey(bits uint32) uint32 {
	if bits>>31 != 0 {
		return ^bits
	}
	return bits | 1<<31
}

func keyBits(key uint32) uint32 {
	if key>>31 == 0 {
		return ^key
	}
	return key &^ (1 << 31)
}
