package evalppl

import "math"

// tally joins the windows' losses.
type tally struct {
	sums   []float64 // summed loss of each window
	counts []int
	sum    float64
	count  int
	square float64 // of the losses, for the error where there is one window only
}

func (t *tally) add(losses []float64) {
	var sum float64
	for _, x := range losses {
		sum += x
		t.square += x * x
	}
	t.sums = append(t.sums, sum)
	t.counts = append(t.counts, len(losses))
	t.sum += sum
	t.count += len(losses)
}

func (t *tally) mean() float64 { return t.sum / float64(t.count) }

// standardError returns the standard error of the mean loss, and over what it was taken. Losses of neighbouring tokens depend
// on each other, so windows are the unit: the ratio estimator's error for clusters of unequal size (Cochran, Sampling
// Techniques, 3rd ed., section 6.3). One window says nothing about the spread of windows: its tokens are taken then, which is too
// small a figure.
func (t *tally) standardError() (float64, string) {
	mean := t.mean()
	if w := len(t.sums); w > 1 {
		var ss float64
		for i, s := range t.sums {
			d := s - mean*float64(t.counts[i])
			ss += d * d
		}
		return math.Sqrt(ss*float64(w)/float64(w-1)) / float64(t.count), "windows"
	}
	if t.count < 2 {
		return 0, "none"
	}
	n := float64(t.count)
	return math.Sqrt(math.Max(0, t.square/n-mean*mean) / (n - 1)), "tokens"
}
