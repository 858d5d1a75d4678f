package evalppl

import "math"

// WindowScore is what one window added to a result: enough to go on after an interruption, and to join shards, to the same bits.
type WindowScore struct {
	Document int     `json:"document"` // number of its document, from 0
	Tokens   int     `json:"tokens"`   // tokens scored (protocol hf: their weight); 0 where the window was left out
	NLL      float64 `json:"nll"`      // their summed loss in nats
	Squares  float64 `json:"squares"`  // their summed squared loss
	Left     bool    `json:"left_out"` // its losses were not finite
}

// scoreWindow sums a window's losses in order.
func scoreWindow(w window, losses []float64) WindowScore {
	s := WindowScore{Document: w.doc, Tokens: len(losses)}
	for _, x := range losses {
		s.NLL += x
		s.Squares += x * x
	}
	if w.less > 0 {
		f := float64(w.weight()) / float64(s.Tokens)
		s.Tokens = w.weight()
		s.NLL *= f
		s.Squares *= f
	}
	return s
}

// tally joins window scores in the order of the text. A sum depends on the order of its additions: whoever adds the same scores
// in the same order has the same bits, however many machines made them.
type tally struct {
	nll, squares float64
	tokens       int
	left         int
	// Sums over clusters: documents where there are several, otherwise windows.
	documents  bool
	n          int
	ss, sc, cc float64 // of sum x sum, sum x count, count x count
	open       WindowScore
	hasOpen    bool
}

func (t *tally) add(s WindowScore) {
	if s.Left {
		t.left++
		return
	}
	t.nll += s.NLL
	t.squares += s.Squares
	t.tokens += s.Tokens
	if t.hasOpen && t.documents && t.open.Document == s.Document {
		t.open.NLL += s.NLL
		t.open.Tokens += s.Tokens
		return
	}
	t.close()
	t.open, t.hasOpen = s, true
}

// close counts the open cluster.
func (t *tally) close() {
	if !t.hasOpen {
		return
	}
	s, c := t.open.NLL, float64(t.open.Tokens)
	t.ss, t.sc, t.cc = t.ss+s*s, t.sc+s*c, t.cc+c*c
	t.n++
	t.hasOpen = false
}

func (t *tally) mean() float64 { return t.nll / float64(t.tokens) }

// standardError returns the standard error of the mean loss, and over what it was taken. Losses of neighbouring tokens depend
// on each other, so windows are the unit, or documents where there are several: the ratio estimator's error for clusters of
// unequal size (Cochran, Sampling Techniques, 3rd ed., section 6.3), sqrt(n/(n-1) * sum (s_i - mean*c_i)^2) / tokens. One
// cluster says nothing about the spread of clusters: its tokens are taken then, which is too small a figure.
func (t tally) standardError() (float64, string) {
	t.close()
	mean := t.mean()
	if t.n > 1 {
		ss := max(0, t.ss-2*mean*t.sc+mean*mean*t.cc)
		unit := "windows"
		if t.documents {
			unit = "documents"
		}
		return math.Sqrt(ss*float64(t.n)/float64(t.n-1)) / float64(t.tokens), unit
	}
	if t.tokens < 2 {
		return 0, "none"
	}
	n := float64(t.tokens)
	return math.Sqrt(math.Max(0, t.squares/n-mean*mean) / (n - 1)), "tokens"
}
