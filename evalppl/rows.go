package evalppl

import (
	"math"
	"slices"

	"nibble/kernels"
)

// row is what one model says of one position.
type row struct {
	logits []float32
	top    float32 // largest logit
	z      float64 // ln sum e^(logit - top)
	loss   float64 // of the target, in nats
}

// read computes a row's normalization and loss.
func (r *row) read(logits []float32, target uint32) {
	r.logits = logits
	r.top, r.z = logPartition(logits)
	r.loss = r.z - (float64(logits[target]) - float64(r.top))
}

// baseRow is the base model's row with its probabilities.
type baseRow struct {
	row
	argmax int       // the lowest id with the largest logit
	e      []float32 // e^(logit - top)
	total  float64   // their sum
}

func (b *baseRow) read(logits []float32, target uint32) {
	b.row.read(logits, target)
	if len(b.e) != len(logits) {
		b.e = make([]float32, len(logits))
	}
	b.argmax = slices.Index(logits, b.top)
	top, e := b.top, b.e
	for i, l := range logits {
		e[i] = l - top
	}
	kernels.Exp(e, e)
	b.total = total(e)
}

// pair is how another model's row compares with the base's.
type pair struct {
	kl      float64 // KL(base || other) in nats
	sameTop bool    // the base's top token is one of the other's top tokens
	deltaP  float64 // p of the target in other minus p in base
	loss    float64 // of the target in other
}

// compare returns how o compares with b.
//
// With m a row's largest logit and Z = sum e^(l-m),
//
//	KL = sum p0 (ln p0 - ln p1) = sum e^(l0-m0) (l0-l1) / sum e^(l0-m0) - (m0-m1) - ln Z0 + ln Z1
//
// where differences and exponentials are float32, and products and sums float64. The absolute error of a row is at most 2e-6
// from the two Z, whose relative errors are at most 1e-6 (kernels.SumExp), plus 4e-7 times the mean under p0 of
// |ln p0 - ln p1| from exponentials of 1.5 ulp, plus 2^-24 times that of |l0-l1| from the differences. In practice it is
// smaller: TestRowsAgainstFloat64 finds 1e-7. A model compared with itself gives exactly 0. A sum below 0 can only be
// rounding; it is made 0.
func (b *baseRow) compare(o *row) pair {
	kl := weightedDifference(b.e, b.logits, o.logits)/b.total - (float64(b.top) - float64(o.top)) - b.z + o.z
	if kl < 0 { // not max: NaN stays NaN
		kl = 0
	}
	return pair{
		kl: kl, loss: o.loss,
		deltaP:  math.Exp(-o.loss) - math.Exp(-b.loss),
		sameTop: b.argmax >= 0 && o.logits[b.argmax] == o.top,
	}
}

// total returns the sum of x.
func total(x []float32) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		s0 += float64(x[0])
		s1 += float64(x[1])
		s2 += float64(x[2])
		s3 += float64(x[3])
	}
	for _, v := range x {
		s0 += float64(v)
	}
	return s0 + s1 + s2 + s3
}

// weightedDifference returns the sum of e[i] * (x[i] - y[i]), where e[i] = 0 counts as 0 whatever the logits.
func weightedDifference(e, x, y []float32) float64 {
	x, y = x[:len(e)], y[:len(e)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(e); i += 4 {
		s0 += float64(e[i]) * float64(x[i]-y[i])
		s1 += float64(e[i+1]) * float64(x[i+1]-y[i+1])
		s2 += float64(e[i+2]) * float64(x[i+2]-y[i+2])
		s3 += float64(e[i+3]) * float64(x[i+3]-y[i+3])
	}
	for ; i < len(e); i++ {
		s0 += float64(e[i]) * float64(x[i]-y[i])
	}
	if s := s0 + s1 + s2 + s3; !math.IsNaN(s) {
		return s
	}
	// A logit of -Inf is probability 0: e = 0 times an infinite difference.
	var s float64
	for i, w := range e {
		if w != 0 {
			s += float64(w) * float64(x[i]-y[i])
		}
	}
	return s
}
