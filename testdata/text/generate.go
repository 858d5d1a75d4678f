package text

import (
	"bufio"
	"io"
	"math/rand/v2"
	"strings"
)

// The seeds of the two texts. They are not to be changed: valid.txt, the
// tokenizers and the weights in testdata/models all follow from them.
const (
	TrainSeed = 1 // the text that the models are trained on
	ValidSeed = 2 // valid.txt, never trained on
)

// ValidBytes is the least size of valid.txt.
const ValidBytes = 160_000

// Write writes whole documents of the given seed to w, each followed by an
// empty line, until at least minBytes bytes are written. The bytes depend on
// seed and minBytes alone. The error is the first one that w returned.
func Write(w io.Writer, seed uint64, minBytes int) error {
	b := bufio.NewWriterSize(w, 1<<16)
	written := 0
	for i := uint64(0); written < minBytes; i++ {
		n, err := b.WriteString(Document(seed, i) + "\n\n")
		if err != nil {
			return err
		}
		written += n
	}
	return b.Flush()
}

// Document returns document i of a seed, without a newline at its end.
func Document(seed, i uint64) string {
	// PCG is specified bit for bit by math/rand/v2; the functions of rand.Rand
	// are not, so draws are reduced by dice.intn below.
	d := &dice{src: rand.NewPCG(seed, i)}
	for range 4 {
		d.src.Uint64() // neighbouring seeds start out alike
	}
	var b strings.Builder
	kinds[d.weighted(kindWeights)](d, &b)
	return strings.TrimSpace(b.String())
}

// kinds are the sorts of documents, kindWeights how often each is drawn.
var (
	kinds       = []func(*dice, *strings.Builder){tale, bill, premises, order, letter, song, lesson}
	kindWeights = []int{56, 9, 8, 8, 8, 6, 5}
)

// dice draws from a stream of random bits.
type dice struct{ src *rand.PCG }

// intn returns a number in [0, n). The bias of the reduction, n / 2^32, is
// of no consequence here and keeps it one line in any language.
func (d *dice) intn(n int) int { return int(d.src.Uint64() >> 32 * uint64(n) >> 32) }

// between returns a number in [lo, hi].
func (d *dice) between(lo, hi int) int { return lo + d.intn(hi-lo+1) }

// chance is true in percent of a hundred cases.
func (d *dice) chance(percent int) bool { return d.intn(100) < percent }

// weighted returns an index drawn with the given weights.
func (d *dice) weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	r := d.intn(sum)
	for i, w := range weights {
		if r < w {
			return i
		}
		r -= w
	}
	return len(weights) - 1
}

// pick returns one element of a list.
func pick[T any](d *dice, list []T) T { return list[d.intn(len(list))] }

// common returns one element of a list, the early ones more often: natural
// text has frequent and rare words.
func common[T any](d *dice, list []T) T {
	return list[min(d.intn(len(list)), d.intn(len(list)))]
}

// sample returns n different elements of a list, in random order.
func sample[T any](d *dice, list []T, n int) []T {
	c := append([]T(nil), list...)
	for i := range n {
		j := i + d.intn(len(c)-i)
		c[i], c[j] = c[j], c[i]
	}
	return c[:n]
}
