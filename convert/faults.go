package convert

import (
	"fmt"
	"math"
	"strings"

	"nibble/kernels"
	"nibble/quant"
)

// fault is one piece of a slab with weights that cannot be converted.
type fault struct {
	source   string
	value    float32 // the first such weight
	at       int     // its place in the piece
	row, col int     // in the source tensor; col is -1 for a vector
	count    int64   // of such weights
	codec    string  // the codec that cannot hold it; empty for NaN and infinities, which none can
	limit    float64
}

// mayBeFaulty tells by the errors of encoded weights whether [findFault] must look at them. No square is larger than the sum of all as it
// was rounded, but for the rounding of the square itself, 2^-24 of it: below the limit's square by more than that, there is no such weight.
// A NaN makes the sum one, which compares with nothing.
func mayBeFaulty(e quant.Errors, codec quant.Codec) bool {
	limit := codec.MaxAbs()
	return !(e.Signal < limit*limit*(1-0x1p-20))
}

// findFault looks for weights that are not finite or that the codec cannot hold, in rows that are ld apart. Not finite comes first.
func findFault(weights []float32, ld, rows, cols int, codec quant.Codec) (fault, bool) {
	const magnitude, infinity = 1<<31 - 1, 0x7f800000
	if ld == cols {
		ld, rows, cols = rows*cols, 1, rows*cols
	}
	var top uint32
	for r := range rows {
		top = max(top, kernels.MaxMagnitude(weights[r*ld:][:cols]))
	}
	limit := codec.MaxAbs()
	if top < infinity && float64(math.Float32frombits(top)) <= limit {
		return fault{}, false
	}
	f := fault{at: -1}
	bad := func(w float32) bool { return math.Float32bits(w)&magnitude >= infinity }
	if top < infinity {
		f.codec, f.limit = codec.Name(), limit
		bad = func(w float32) bool { return math.Abs(float64(w)) > limit }
	}
	for r := range rows {
		for c, w := range weights[r*ld:][:cols] {
			if bad(w) {
				if f.at < 0 {
					f.at, f.value = r*cols+c, w
				}
				f.count++
			}
		}
	}
	return f, true
}

// locate translates the place into the source tensor's rows and columns; first is the piece's first row there.
func (f *fault) locate(p Piece, first, cols int, vector bool) {
	f.source, f.row, f.col = p.Source, first+f.at/cols, f.at%cols
	switch {
	case vector:
		f.col = -1
	case p.Transposed:
		f.row, f.col = f.col, f.row
	}
}

// faults collects them by source tensor, in the order of the container.
type faults struct {
	tensors []fault
	total   int64
}

func (f *faults) none() bool { return len(f.tensors) == 0 }

// add takes the faults of a slab. Those of a copy that every codec would have were counted with the original.
func (f *faults) add(found []fault, copied bool) {
	for _, x := range found {
		if copied && x.codec == "" {
			continue
		}
		f.total += x.count
		merged := false
		for i := range f.tensors {
			if f.tensors[i].source == x.source && f.tensors[i].codec == x.codec {
				f.tensors[i].count += x.count
				merged = true
			}
		}
		if !merged {
			f.tensors = append(f.tensors, x)
		}
	}
}

// err lists at most five tensors; nil if there are none.
func (f *faults) err() error {
	if f.none() {
		return nil
	}
	var parts []string
	for i, x := range f.tensors {
		if i == 5 {
			parts = append(parts, fmt.Sprintf("and %d more tensors, %d such values in all", len(f.tensors)-i, f.total))
			break
		}
		place := fmt.Sprintf("row %d, column %d", x.row, x.col)
		if x.col < 0 {
			place = fmt.Sprintf("element %d", x.row)
		}
		if x.codec == "" {
			parts = append(parts, fmt.Sprintf("tensor %q: %v at %s, %d such values in the tensor; expected finite numbers: the checkpoint is damaged", x.source, x.value, place, x.count))
			continue
		}
		advice := "use bf16 or f32"
		if x.codec == "bf16" {
			advice = "use f32"
		}
		parts = append(parts, fmt.Sprintf("tensor %q: %v at %s, %d such values in the tensor; %s holds at most %v: %s", x.source, x.value, place, x.count, x.codec, x.limit, advice))
	}
	return fmt.Errorf("%s", strings.Join(parts, "; "))
}
