package evalppl

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"nibble/evalppl/internal/spill"
)

// ComparisonState is what an unfinished [CompareInTurn] goes on from, to the bits of one that was never interrupted. Lists of numbers are
// base64 of little-endian values, so that no bit is lost.
type ComparisonState struct {
	Windows    int          `json:"windows"` // done by all models
	LeftOut    int          `json:"left_out"`
	NonFinite  []string     `json:"non_finite"` // with models by their numbers
	TokensRead int          `json:"tokens_read"`
	Seconds    float64      `json:"seconds"`
	Models     []TallyState `json:"models"` // of each model, the base first
	Others     []PairsState `json:"others"` // of each of the others
	// Pending holds, of the first of the others, what they said in the windows under way: of each scored token the divergence, the change of
	// probability, the loss, and 1 where the top token is the same, as float64.
	Pending []string `json:"pending"`
}

// TallyState is the sums of one model's losses.
type TallyState struct {
	NLL      float64      `json:"nll"`
	Squares  float64      `json:"squares"`
	Tokens   int          `json:"tokens"`
	Clusters int          `json:"clusters"` // closed
	SS       float64      `json:"ss"`       // over clusters: sum x sum, sum x count, count x count
	SC       float64      `json:"sc"`
	CC       float64      `json:"cc"`
	Open     *WindowScore `json:"open,omitempty"` // the cluster that may still grow
}

// PairsState is what is kept of one model against the base.
type PairsState struct {
	Clusters    string  `json:"clusters"` // float64: tokens, then divergences, same tops, squared changes and log ratios of all clusters
	Document    int     `json:"document"` // of the last cluster
	KLs         string  `json:"kls"`      // float32, of each token
	Deltas      string  `json:"deltas"`   // float32, of each token
	DeltaP      float64 `json:"delta_p"`
	Max         float64 `json:"max"`
	MaxDocument int     `json:"max_document"`
	MaxToken    int     `json:"max_token"`
	Identical   bool    `json:"identical"`
	Moments     string  `json:"moments"` // float64: n, x, y, xx, yy, xy
}

// ResumedComparison is an unfinished comparison to go on from: its settings as a [Result] has them, which must be those of this one, and its
// state.
type ResumedComparison struct {
	Settings Result
	State    ComparisonState
}

func packFloats(lists ...[]float64) string {
	var b []byte
	for _, l := range lists {
		for _, x := range l {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	}
	return base64.StdEncoding.EncodeToString(b)
}

func unpackFloats(s string) ([]float64, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b)%8 != 0 {
		return nil, errors.New("not base64 of float64 values")
	}
	list := make([]float64, len(b)/8)
	for i := range list {
		if list[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])); math.IsNaN(list[i]) || math.IsInf(list[i], 0) {
			return nil, fmt.Errorf("value %d is %g, not a finite number", i, list[i])
		}
	}
	return list, nil
}

func packList(l *spill.List) (string, error) {
	var b []byte
	err := l.Each(func(bits []uint32) error {
		for _, x := range bits {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
		return nil
	})
	return base64.StdEncoding.EncodeToString(b), err
}

// unpackList appends n float32 values to a list.
func unpackList(l *spill.List, s string, n int) error {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != 4*n {
		return fmt.Errorf("not base64 of %d float32 values", n)
	}
	for i := range n {
		bits := binary.LittleEndian.Uint32(b[4*i:])
		if x := float64(math.Float32frombits(bits)); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("value %d is %g, not a finite number", i, x)
		}
		if err := l.Append(bits); err != nil {
			return err
		}
	}
	return nil
}

// state returns what the comparison can go on from: whole windows, and of those under way what the first measured of the others have said.
func (c *comparer) state(measured int) (ComparisonState, error) {
	s := ComparisonState{
		Windows: c.done, LeftOut: c.left, NonFinite: append([]string{}, c.places...), TokensRead: c.tokensRead, Seconds: c.seconds(),
		Models: []TallyState{}, Others: []PairsState{}, Pending: []string{},
	}
	for _, t := range c.tallies {
		m := TallyState{NLL: t.nll, Squares: t.squares, Tokens: t.tokens, Clusters: t.n, SS: t.ss, SC: t.sc, CC: t.cc}
		if t.hasOpen {
			open := t.open
			m.Open = &open
		}
		s.Models = append(s.Models, m)
	}
	for i := range c.against {
		a := &c.against[i]
		kls, err := packList(a.kls)
		if err != nil {
			return s, err
		}
		deltas, err := packList(a.deltas)
		if err != nil {
			return s, err
		}
		m := a.moments
		p := PairsState{
			Clusters: packFloats(a.tokens, a.kl, a.same, a.square, a.ratio), Document: a.document, KLs: kls, Deltas: deltas, DeltaP: a.deltaP,
			MaxDocument: a.maxDocument, MaxToken: a.maxToken, Identical: a.identical, Moments: packFloats([]float64{m.n, m.x, m.y, m.xx, m.yy, m.xy}),
		}
		if len(a.tokens) > 0 {
			p.Max = a.max
		}
		s.Others = append(s.Others, p)
	}
	for k := range max(measured, len(c.pending)) {
		if k >= measured { // not yet taken again
			s.Pending = append(s.Pending, packFloats(c.pending[k]))
			continue
		}
		var list []float64
		for _, p := range c.pairs[k][:len(c.targets)] {
			same := 0.0
			if p.sameTop {
				same = 1
			}
			for _, x := range []float64{p.kl, p.deltaP, p.loss} {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return s, nil // it and those behind it are measured again
				}
			}
			list = append(list, p.kl, p.deltaP, p.loss, same)
		}
		s.Pending = append(s.Pending, packFloats(list))
	}
	return s, nil
}

// restore takes over an earlier comparison's state, after making sure that it is one of the same models on the same text.
func (c *comparer) restore(r *ResumedComparison) error {
	now := newResult(c.o, c.p)
	if diff := differingSetting(&r.Settings, &now, "the earlier result", "this run"); diff != "" {
		return errors.New(diff)
	}
	s := &r.State
	if len(s.Models) != len(c.models) || len(s.Others) != len(c.against) || len(s.Pending) > len(c.against) || s.Windows < 0 || s.Windows >= c.p.total || !(s.Seconds >= 0) {
		return fmt.Errorf("its state is of %d of %d windows and %d models, want some of %d and %d models: the file is damaged", s.Windows, r.Settings.TotalWindows, len(s.Models), c.p.total, len(c.models))
	}
	if s.LeftOut < 0 || s.LeftOut > s.Windows || (s.LeftOut > 0) != (len(s.NonFinite) > 0) || len(s.NonFinite) > maxPlaces || s.TokensRead != c.p.covered(0, s.Windows) {
		return fmt.Errorf("its state has %d windows left out at %d places and %d tokens read, want up to %d at as many places and %d: the file is damaged", s.LeftOut, len(s.NonFinite), s.TokensRead, s.Windows, c.p.covered(0, s.Windows))
	}
	scored := 0
	for n := range s.Windows {
		scored += c.p.window(n).scored()
	}
	for k, m := range s.Models {
		if m.Tokens < 0 || m.Tokens > scored || m.Tokens != s.Models[0].Tokens {
			return fmt.Errorf("its state has %d scored tokens of %s in %d windows, which score %d: the file is damaged", m.Tokens, modelName(k), s.Windows, scored)
		}
		t := &c.tallies[k]
		t.nll, t.squares, t.tokens, t.n, t.ss, t.sc, t.cc = m.NLL, m.Squares, m.Tokens, m.Clusters, m.SS, m.SC, m.CC
		if m.Open != nil {
			t.open, t.hasOpen = *m.Open, true
		}
	}
	for k := range s.Others {
		if err := c.against[k].restore(&s.Others[k], s.Models[0].Tokens); err != nil {
			return fmt.Errorf("its state of %s: %w: the file is damaged", modelName(k+1), err)
		}
	}
	for k, list := range s.Pending {
		values, err := unpackFloats(list)
		if err != nil {
			return fmt.Errorf("what %s had said of the windows under way: %w: the file is damaged", modelName(k+1), err)
		}
		c.pending = append(c.pending, values)
	}
	c.done, c.left, c.places, c.tokensRead, c.before = s.Windows, s.LeftOut, append([]string(nil), s.NonFinite...), s.TokensRead, s.Seconds
	return nil
}

func (a *againstTally) restore(s *PairsState, tokens int) error {
	sums, err := unpackFloats(s.Clusters)
	if err != nil || len(sums)%5 != 0 {
		return fmt.Errorf("clusters: %d values (%v), want five lists of the same length", len(sums), err)
	}
	n := len(sums) / 5
	for i, to := range []*[]float64{&a.tokens, &a.kl, &a.same, &a.square, &a.ratio} {
		*to = append([]float64(nil), sums[i*n:(i+1)*n]...)
	}
	if sum(a.tokens) != float64(tokens) {
		return fmt.Errorf("clusters of %g tokens, want %d", sum(a.tokens), tokens)
	}
	m, err := unpackFloats(s.Moments)
	if err != nil || len(m) != 6 {
		return fmt.Errorf("moments: %d values (%v), want 6", len(m), err)
	}
	a.moments = moments{m[0], m[1], m[2], m[3], m[4], m[5]}
	a.document, a.deltaP, a.identical = s.Document, s.DeltaP, s.Identical
	a.max, a.maxDocument, a.maxToken = s.Max, s.MaxDocument, s.MaxToken
	if n > 0 {
		a.closedKL = sum(a.kl[:n-1])
	}
	return errors.Join(unpackList(a.kls, s.KLs, tokens), unpackList(a.deltas, s.Deltas, tokens))
}

// takePending puts what model k said of the windows under way, before the interruption, in its place; false where it is to be measured.
func (c *comparer) takePending(k int) bool {
	if k > len(c.pending) || len(c.pending[k-1]) != 4*len(c.targets) {
		return false
	}
	for i := range c.targets {
		v := c.pending[k-1][4*i:]
		c.pairs[k-1][i] = pair{kl: v[0], deltaP: v[1], loss: v[2], sameTop: v[3] == 1}
		c.losses[k][i] = v[2]
	}
	return true
}

// stop keeps the state of a comparison that ends early, of which the windows under way have been read by the first measured of the others.
func (c *comparer) stop(measured int) {
	if s, err := c.state(measured); err == nil {
		c.unfinished = &s
	}
}

// soFar returns the comparison so far, and its state: of whole windows, or, within the first ones, of the others that have read them.
func (c *comparer) soFar(ctx context.Context, parts []part, measured int) (Comparison, ComparisonState, error) {
	s, err := c.state(measured)
	if err != nil {
		return Comparison{}, s, err
	}
	if c.done > 0 {
		out, err := c.result()
		return out, s, err
	}
	first := *c
	first.kept = spill.New("what each token of a comparison adds", tallyMemory)
	defer first.kept.Close()
	first.places, first.against, first.tallies = nil, make([]againstTally, measured), make([]tally, measured+1)
	first.models, first.losses, first.pairs = c.models[:measured+1], c.losses[:measured+1], c.pairs[:measured]
	for k := range first.against {
		first.against[k].kls, first.against[k].deltas = first.kept.List(), first.kept.List()
	}
	for k := range first.tallies {
		first.tallies[k].documents = c.documents
	}
	at := 0
	for i := range parts {
		if err := first.keep(ctx, first.done, &parts[i], at); err != nil {
			return Comparison{}, s, err
		}
		at += parts[i].scored()
		first.done++
		first.tokensRead += len(parts[i].input)
	}
	out, err := first.result()
	return out, s, err
}
