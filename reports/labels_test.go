package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// checkPlacements asserts what placeLabels promises: every label that was placed
// lies inside the frame, touches no mark, bar or other label, and is near its
// mark or tied to it by a leader that runs through no label.
func checkPlacements(t *testing.T, frame rect, marks []mark, got []placement) (leftOut int) {
	t.Helper()
	if len(got) != len(marks) {
		t.Fatalf("%d placements for %d marks", len(got), len(marks))
	}
	for i, p := range got {
		if !p.placed {
			leftOut++
			continue
		}
		if !p.box.inside(frame) {
			t.Errorf("label %d at %v leaves the frame %v", i, p.box, frame)
		}
		if math.Abs(p.box.width()-marks[i].w) > 1e-9 || math.Abs(p.box.height()-marks[i].h) > 1e-9 {
			t.Errorf("label %d is %gx%g, want %gx%g", i, p.box.width(), p.box.height(), marks[i].w, marks[i].h)
		}
		for j, m := range marks {
			if d := p.box.distance(m.at); d < m.radius {
				t.Errorf("label %d touches mark %d: %g from its centre, radius %g", i, j, d, m.radius)
			}
			for _, bar := range m.bars {
				if p.box.overlaps(bar) {
					t.Errorf("label %d at %v overlaps a bar of mark %d at %v", i, p.box, j, bar)
				}
			}
		}
		for j, o := range got {
			if j == i || !o.placed {
				continue
			}
			if p.box.overlaps(o.box) {
				t.Errorf("labels %d and %d overlap: %v %v", i, j, p.box, o.box)
			}
			if p.leader && p.line.crosses(o.box) {
				t.Errorf("the leader of label %d runs through label %d", i, j)
			}
		}
		gap := p.box.distance(marks[i].at) - marks[i].radius
		if !p.leader && gap > leaderFrom {
			t.Errorf("label %d is %g away from its mark without a leader", i, gap)
		}
		if p.leader && p.line.b != p.box.nearest(marks[i].at) {
			t.Errorf("the leader of label %d does not reach it", i)
		}
	}
	return leftOut
}

// randomMarks scatters n marks: all over the frame, in a few clusters, or in one
// place.
func randomMarks(r *rand.Rand, frame rect, n int) []mark {
	kind := r.IntN(3)
	centres := make([]point, 1+r.IntN(3))
	for i := range centres {
		centres[i] = point{frame.x0 + r.Float64()*frame.width(), frame.y0 + r.Float64()*frame.height()}
	}
	clamp := func(p point) point { return frame.grown(-10).nearest(p) }
	marks := make([]mark, n)
	for i := range marks {
		at := point{frame.x0 + r.Float64()*frame.width(), frame.y0 + r.Float64()*frame.height()}
		switch c := centres[r.IntN(len(centres))]; kind {
		case 1:
			at = point{c.x + 25*r.NormFloat64(), c.y + 25*r.NormFloat64()}
		case 2:
			at = centres[0]
		}
		m := mark{at: clamp(at), radius: 5, w: 10 + 90*r.Float64(), h: 13.4}
		if r.IntN(2) == 0 {
			up := 30 * r.Float64()
			m.bars = append(m.bars, rect{m.at.x - 0.6, m.at.y - up, m.at.x + 0.6, m.at.y + up})
		}
		if r.IntN(2) == 0 {
			side := 30 * r.Float64()
			m.bars = append(m.bars, rect{m.at.x - side, m.at.y - 0.6, m.at.x + side, m.at.y + 0.6})
		}
		marks[i] = m
	}
	return marks
}

func TestPlaceLabelsProperty(t *testing.T) {
	frame := rect{50, 40, 650, 420}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		marks := randomMarks(r, frame, 1+r.IntN(20))
		t.Run(fmt.Sprintf("seed=%d/n=%d", seed, len(marks)), func(t *testing.T) {
			soft := []segment{{point{50, 40}, point{650, 420}}}
			got := placeLabels(frame, marks, soft)
			// 20 labels of at most 116 x 20 points with their gaps are a fifth of the
			// frame's 228,000, so there is room for all of them.
			if n := checkPlacements(t, frame, marks, got); n > 0 {
				t.Errorf("%d of %d labels left out", n, len(marks))
			}
			again := placeLabels(frame, marks, soft)
			for i := range got {
				if got[i] != again[i] {
					t.Fatalf("label %d: %v and then %v", i, got[i], again[i])
				}
			}
		})
	}
}

// Where there is no room the label is left out instead of lying on another.
func TestPlaceLabelsNoRoom(t *testing.T) {
	frame := rect{0, 0, 60, 40}
	marks := make([]mark, 30)
	for i := range marks {
		marks[i] = mark{at: point{30, 20}, radius: 4, w: 20, h: 12}
	}
	got := placeLabels(frame, marks, nil)
	if n := checkPlacements(t, frame, marks, got); n == 0 || n == len(marks) {
		t.Errorf("%d of %d labels left out, want some", n, len(marks))
	}
	wide := []mark{{at: point{30, 20}, radius: 4, w: 100, h: 12}}
	if placeLabels(frame, wide, nil)[0].placed {
		t.Error("a label wider than the frame was placed")
	}
}

func TestSegmentCrosses(t *testing.T) {
	box := rect{0, 0, 10, 10}
	for _, tc := range []struct {
		name string
		s    segment
		want bool
	}{
		{"through", segment{point{-5, 5}, point{15, 5}}, true},
		{"inside", segment{point{2, 2}, point{8, 8}}, true},
		{"ends inside", segment{point{-5, -5}, point{1, 1}}, true},
		{"diagonal past a corner", segment{point{-5, 6}, point{6, 17}}, false},
		{"ends before", segment{point{-5, 5}, point{-1, 5}}, false},
		{"beside", segment{point{11, 0}, point{11, 10}}, false},
		{"along the edge", segment{point{10, 0}, point{10, 10}}, false},
		{"touches the edge", segment{point{-5, 5}, point{0, 5}}, false},
	} {
		if got := tc.s.crosses(box); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
