package baselogits

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	// Exact is how many of a row's largest logits are kept as float32.
	Exact = 64
	// Deepest is how far below a row's largest logit, in nats, codes reach. What is less probable than e^-40 of the most probable token
	// is taken as impossible: in a vocabulary of 2^24 tokens that is less than 1e-10 of the probability.
	Deepest = 40

	rowHead   = 32
	exactSize = 8
	maxCode   = math.MaxUint16 // of the largest coded logit; 0 is impossible, 1 the smallest
	steps     = maxCode - 1

	// codeRounding bounds what float32 arithmetic adds to half a step: a code's offset is a rounded product, the logit a rounded
	// difference, and a step rounded down leaves the smallest logit beyond the last code. Each is at most 2^-24 of Deepest.
	codeRounding = 3 * Deepest * (1.0 / (1 << 24))
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// RowBytes is the size of a row of a vocabulary.
func RowBytes(vocab int) int { return rowHead + exactSize*min(Exact, vocab) + (2*vocab+3)&^3 + 4 }

// row is one position: what a row of the file says.
type row struct {
	number uint64
	loss   float64 // of target, in nats
	target uint32
	logit  float32 // of target, as all logits relative to the row's largest
	high   float32 // the largest coded logit
	step   float32 // between codes
}

// codeError bounds how far the row's coded logits are from the model's.
func (r *row) codeError() float64 { return float64(r.step)/2 + codeRounding }

// largest is a heap of a row's largest logits, the smallest of them first; of equal ones the highest id first.
type largest struct {
	ids    []uint32
	values []float32
}

func (h *largest) below(i, j int) bool {
	if h.values[i] != h.values[j] {
		return h.values[i] < h.values[j]
	}
	return h.ids[i] > h.ids[j]
}

func (h *largest) swap(i, j int) {
	h.ids[i], h.ids[j] = h.ids[j], h.ids[i]
	h.values[i], h.values[j] = h.values[j], h.values[i]
}

// find fills the heap with the n largest of logits, the lowest ids of equal ones.
func (h *largest) find(logits []float32, n int) {
	h.ids, h.values = h.ids[:0], h.values[:0]
	for i, x := range logits[:n] {
		h.ids, h.values = append(h.ids, uint32(i)), append(h.values, x)
		for j := i; j > 0 && h.below(j, (j-1)/2); j = (j - 1) / 2 {
			h.swap(j, (j-1)/2)
		}
	}
	least := h.values[0]
	for i := n; i < len(logits); i++ {
		if logits[i] > least {
			h.ids[0], h.values[0] = uint32(i), logits[i]
			h.sift()
			least = h.values[0]
		}
	}
}

func (h *largest) sift() {
	for i := 0; ; {
		least := i
		for _, j := range [2]int{2*i + 1, 2*i + 2} {
			if j < len(h.ids) && h.below(j, least) {
				least = j
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

// encoder holds the memory for encoding rows.
type encoder struct {
	top      largest
	relative []float32
}

// encode writes a row to dst, which has RowBytes. The logits hold no NaN and no +Inf.
func (e *encoder) encode(dst []byte, number uint64, logits []float32, target uint32, loss float64) {
	n := min(Exact, len(logits))
	e.top.find(logits, n)
	top := e.top.values[0]
	for _, v := range e.top.values {
		top = max(top, v)
	}
	if len(e.relative) != len(logits) {
		e.relative = make([]float32, len(logits))
	}
	rel := e.relative
	for i, l := range logits {
		rel[i] = l - top
	}
	r := row{number: number, loss: loss, target: target, logit: max(rel[target], -math.MaxFloat32)}
	exact := dst[rowHead:]
	for i, id := range e.top.ids {
		binary.LittleEndian.PutUint32(exact[exactSize*i:], id)
		binary.LittleEndian.PutUint32(exact[exactSize*i+4:], math.Float32bits(rel[id]))
	}
	inf := float32(math.Inf(-1))
	for _, id := range e.top.ids {
		rel[id] = inf // has no code
	}
	high, low := inf, float32(0)
	for _, x := range rel {
		if x >= -Deepest {
			high, low = max(high, x), min(low, x)
		}
	}
	if high > inf {
		r.high, r.step = high, float32((float64(high)-float64(low))/steps)
	}
	codes := exact[exactSize*n:]
	inverse := 0.0
	if r.step > 0 {
		inverse = 1 / float64(r.step)
	}
	for i, x := range rel {
		code := uint16(0)
		if x >= -Deepest {
			below := (float64(r.high)-float64(x))*inverse + 0.5
			code = maxCode - uint16(min(below, steps))
		}
		binary.LittleEndian.PutUint16(codes[2*i:], code)
	}
	clear(codes[2*len(logits) : len(dst)-rowHead-exactSize*n-4])
	r.put(dst)
	binary.LittleEndian.PutUint32(dst[len(dst)-4:], crc32.Checksum(dst[:len(dst)-4], castagnoli))
}

func (r *row) put(dst []byte) {
	binary.LittleEndian.PutUint64(dst, r.number)
	binary.LittleEndian.PutUint64(dst[8:], math.Float64bits(r.loss))
	binary.LittleEndian.PutUint32(dst[16:], r.target)
	binary.LittleEndian.PutUint32(dst[20:], math.Float32bits(r.logit))
	binary.LittleEndian.PutUint32(dst[24:], math.Float32bits(r.high))
	binary.LittleEndian.PutUint32(dst[28:], math.Float32bits(r.step))
}

// decode reads a row of len(logits) tokens from src, which has RowBytes, and fills in the logits relative to the largest.
func decode(src []byte, logits []float32) (row, error) {
	if got, want := crc32.Checksum(src[:len(src)-4], castagnoli), binary.LittleEndian.Uint32(src[len(src)-4:]); got != want {
		return row{}, fmt.Errorf("crc32c %08x, want %08x: the file is damaged; save the base again", got, want)
	}
	r := row{
		number: binary.LittleEndian.Uint64(src), loss: math.Float64frombits(binary.LittleEndian.Uint64(src[8:])),
		target: binary.LittleEndian.Uint32(src[16:]), logit: float32At(src[20:]), high: float32At(src[24:]), step: float32At(src[28:]),
	}
	switch {
	case !(r.loss >= 0) || math.IsInf(r.loss, 0):
		return r, fmt.Errorf("a loss of %g, want a finite number of 0 or more", r.loss)
	case int64(r.target) >= int64(len(logits)):
		return r, fmt.Errorf("token id %d, the vocabulary has %d tokens", r.target, len(logits))
	case !(r.logit <= 0) || math.IsInf(float64(r.logit), 0):
		return r, fmt.Errorf("the logit of token %d is %g below the largest, want a finite number", r.target, -r.logit)
	case !(r.high <= 0 && r.high >= -Deepest) || !(r.step >= 0 && r.step <= 1.001*Deepest/steps):
		return r, fmt.Errorf("codes from %g downwards in steps of %g, want at most %d below 0", r.high, r.step, Deepest)
	}
	n := min(Exact, len(logits))
	exact, codes := src[rowHead:], src[rowHead+exactSize*n:]
	inf := float32(math.Inf(-1))
	for i := range logits {
		code := binary.LittleEndian.Uint16(codes[2*i:])
		if code == 0 {
			logits[i] = inf
			continue
		}
		// The conversion keeps the product from being fused with the difference: every machine has the same bits.
		logits[i] = r.high - float32(float32(maxCode-code)*r.step)
	}
	top := inf
	for i := range n {
		id, x := binary.LittleEndian.Uint32(exact[exactSize*i:]), float32At(exact[exactSize*i+4:])
		if int64(id) >= int64(len(logits)) || !(x <= 0) {
			return r, fmt.Errorf("exact logit %d is %g of token id %d, want at most 0 of 0 to %d", i, x, id, len(logits)-1)
		}
		logits[id] = x
		top = max(top, x)
	}
	if top != 0 {
		return r, fmt.Errorf("the largest logit is %g, want 0", top)
	}
	logits[r.target] = r.logit
	return r, nil
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
