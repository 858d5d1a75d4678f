package reports

import (
	"cmp"
	"math"
	"slices"
)

// Distances of label placement, in points.
const (
	labelGap    = 3.0  // between a label and anything it must not touch
	labelSpace  = 8.0  // between two labels on a line, which would read as one
	leaderFrom  = 10.0 // a label farther than this from its mark's rim gets a leader line
	ringStep    = 5.0  // between the rings of candidates
	gridStep    = 8.0  // of the last search over the whole frame
	maxDistance = 40.0 // rings of candidates reach this far before the grid search
)

// Costs of label placement, in points of distance from the mark.
const (
	costSoft       = 20.0  // the label lies on a soft line
	costLeader     = 4.0   // there is a leader at all
	costLeaderMark = 120.0 // it runs across another mark, and seems to belong to that
	costLeaderLine = 60.0  // it crosses another leader
	costLeaderBar  = 5.0   // it crosses an error bar
	costRank       = 0.2   // for each less preferred side
	costLeftOut    = 1e4   // there is no label at all
	goodCost       = 15.0  // on average: no other order is tried
)

// improveRounds bounds the second thoughts of label placement.
const improveRounds = 4

// maxAttempts bounds the orders tried for labels that found no place.
const maxAttempts = 8

// mark is a point of a plot as label placement sees it.
type mark struct {
	at     point
	radius float64
	bars   []rect // error bars and their caps
	w, h   float64
}

// placement is where a label went.
type placement struct {
	box    rect
	leader bool // draw line from the point to the label
	line   segment
	placed bool // false: no free place in the frame; the label is left out
}

// placeLabels finds a box for the label of each mark so that no box touches
// another box, any mark, any error bar or the frame. A label that cannot stand
// beside its mark is tied to it by a leader line, which crosses no label. soft
// lines are avoided where that costs little. The result depends only on the
// arguments: candidates are tried in a fixed order.
//
// Whoever comes first has the choice, so several orders are tried and the
// cheapest outcome is kept: those with the fewest free places first, and along
// both axes.
func placeLabels(frame rect, marks []mark, soft []segment) []placement {
	p := placer{frame: frame.grown(-labelGap), marks: marks, soft: soft}
	var best []placement
	bestCost := math.Inf(1)
	queue := p.orders()
	for k := 0; k < len(queue); k++ {
		cost := p.run(queue[k])
		// Labels walled in by others choose first in another attempt.
		if next := p.promoted(queue[k]); next != nil && k < maxAttempts {
			queue = slices.Insert(queue, k+1, next)
		}
		if best == nil || cost < bestCost {
			best, bestCost = p.out, cost
		}
		if bestCost < goodCost*float64(len(marks)) {
			break
		}
	}
	return best
}

// orders are the sequences in which labels may choose their places.
func (p *placer) orders() [][]int {
	p.out = make([]placement, len(p.marks))
	free := make([]float64, len(p.marks))
	for i, m := range p.marks {
		for _, c := range candidates(m, m.radius+labelGap) {
			if p.free(i, c) {
				free[i]++
			}
		}
	}
	by := func(key func(i int) float64) []int {
		order := make([]int, len(p.marks))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(key(a), key(b)) })
		return order
	}
	return [][]int{
		by(func(i int) float64 { return free[i] }),
		by(func(i int) float64 { return p.marks[i].at.y }),
		by(func(i int) float64 { return -p.marks[i].at.y }),
		by(func(i int) float64 { return p.marks[i].at.x }),
		by(func(i int) float64 { return -p.marks[i].at.x }),
	}
}

// promoted returns the order with the labels that found no place in front, or
// nil where all did or none of them would move.
func (p *placer) promoted(order []int) []int {
	var front, back []int
	for _, i := range order {
		if p.out[i].placed {
			back = append(back, i)
		} else {
			front = append(front, i)
		}
	}
	next := append(front, back...)
	if slices.Equal(next, order) {
		return nil
	}
	return next
}

// run places all labels in the given order and returns the total cost.
func (p *placer) run(order []int) float64 {
	out := make([]placement, len(p.marks))
	p.out = out
	for _, i := range order {
		out[i], _ = p.place(i)
	}
	// Early labels could not know where later ones would go: let each move to a
	// cheaper place, until none does.
	for range improveRounds {
		moved := false
		for _, i := range order {
			cost := p.cost(i)
			if cost < goodCost {
				continue
			}
			if pl, c := p.place(i); pl.placed && c < cost-1e-9 {
				out[i], moved = pl, true
			}
		}
		if !moved {
			break
		}
	}
	total := 0.0
	for _, i := range order {
		total += min(p.cost(i), costLeftOut)
	}
	return total
}

// cost is what the label's present place costs among all the others.
func (p *placer) cost(i int) float64 {
	if !p.out[i].placed {
		return math.Inf(1)
	}
	pl, cost := p.judge(i, p.out[i].box, math.Inf(1))
	if !pl.placed {
		return math.Inf(1)
	}
	return cost
}

type placer struct {
	frame rect
	marks []mark
	soft  []segment
	out   []placement
}

// place returns the cheapest free place and its cost: near before far, and
// without a leader before one that runs across something.
func (p *placer) place(i int) (placement, float64) {
	m := p.marks[i]
	best, bestCost := placement{}, math.Inf(1)
	try := func(box rect) {
		if pl, cost := p.judge(i, box, bestCost); pl.placed && cost < bestCost {
			best, bestCost = pl, cost
		}
	}
	for d := m.radius + labelGap; d <= maxDistance; d += ringStep {
		for _, box := range candidates(m, d) {
			try(box)
		}
		if bestCost < d {
			return best, bestCost // farther rings cost more
		}
	}
	// Farther than the best cost so far there is nothing better.
	reach := bestCost + m.radius
	x0 := max(p.frame.x0, m.at.x-reach-m.w)
	y0 := max(p.frame.y0, m.at.y-reach-m.h)
	for y := y0; y+m.h <= p.frame.y1 && y <= m.at.y+reach; y += gridStep {
		for x := x0; x+m.w <= p.frame.x1 && x <= m.at.x+reach; x += gridStep {
			if box := (rect{x, y, x + m.w, y + m.h}); box.distance(m.at)-m.radius < bestCost {
				try(box)
			}
		}
	}
	return best, bestCost
}

// candidates are boxes at a distance d from the mark's centre, the preferred
// ones first: right, left, above, below, then the corners and what lies between.
func candidates(m mark, d float64) []rect {
	x, y, w, h := m.at.x, m.at.y, m.w, m.h
	diag := d * math.Sqrt2 / 2
	at := func(x0, y0 float64) rect { return rect{x0, y0, x0 + w, y0 + h} }
	return []rect{
		at(x+d, y-h/2),
		at(x+diag, y+diag),
		at(x+diag, y-diag-h),
		at(x-d-w, y-h/2),
		at(x-diag-w, y+diag),
		at(x-diag-w, y-diag-h),
		at(x-w/2, y+d),
		at(x-w/2, y-d-h),
		at(x+d, y),
		at(x+d, y-h),
		at(x-d-w, y),
		at(x-d-w, y-h),
		at(x-w/4, y+d),
		at(x-w/4, y-d-h),
		at(x-3*w/4, y+d),
		at(x-3*w/4, y-d-h),
	}
}

// sideRank prefers labels at the right of their mark, then above and below, then
// at the left; a label level with its mark reads best.
func sideRank(m mark, box rect) float64 {
	rank := 0.0
	if cy := (box.y0 + box.y1) / 2; math.Abs(cy-m.at.y) > 1 {
		rank += 2
		if cy < m.at.y {
			rank++
		}
	}
	switch {
	case box.x1 < m.at.x:
		rank += 3
	case box.x0 < m.at.x:
		rank += 4
	}
	return rank
}

// free reports whether the box touches nothing that it must not.
func (p *placer) free(i int, box rect) bool {
	if !box.inside(p.frame) {
		return false
	}
	room := box.grown(labelGap - 1e-6)
	for _, m := range p.marks {
		if n := room.nearest(m.at); (n.x-m.at.x)*(n.x-m.at.x)+(n.y-m.at.y)*(n.y-m.at.y) < m.radius*m.radius {
			return false
		}
		for _, bar := range m.bars {
			if room.overlaps(bar) {
				return false
			}
		}
	}
	for j, o := range p.out {
		if j == i || !o.placed {
			continue
		}
		apart := rect{box.x0 - labelSpace, box.y0 - 1, box.x1 + labelSpace, box.y1 + 1}
		if apart.overlaps(o.box) || o.leader && o.line.crosses(room) {
			return false
		}
	}
	return true
}

// judge returns the placement at box and what it costs, or placed == false where
// something is in the way or the cost reaches limit.
func (p *placer) judge(i int, box rect, limit float64) (placement, float64) {
	m := p.marks[i]
	gap := box.distance(m.at) - m.radius
	cost := gap + costRank*sideRank(m, box)
	if cost >= limit || !p.free(i, box) {
		return placement{}, 0
	}
	for _, s := range p.soft {
		if s.crosses(box) {
			cost += costSoft
		}
	}
	pl := placement{box: box, placed: true}
	if gap <= leaderFrom && (gap <= labelGap+1e-6 || !p.misleading(i, box, gap)) {
		return pl, cost
	}
	pl.leader = true
	end := box.nearest(m.at)
	n := math.Hypot(end.x-m.at.x, end.y-m.at.y)
	pl.line = segment{point{m.at.x + (end.x-m.at.x)*m.radius/n, m.at.y + (end.y-m.at.y)*m.radius/n}, end}
	extra, ok := p.leaderCost(i, pl.line, limit-cost)
	if !ok {
		return placement{}, 0
	}
	return pl, cost + extra
}

// misleading reports whether a label without a leader would seem to belong to
// another mark, because that is nearer or lies in the same place.
func (p *placer) misleading(i int, box rect, gap float64) bool {
	m := p.marks[i]
	for j, o := range p.marks {
		if j != i && (o.at == m.at || box.distance(o.at)-o.radius < gap) {
			return true
		}
	}
	return false
}

// leaderCost is what a leader costs by what it crosses. It is not ok where the
// leader runs through a label or the cost reaches limit.
func (p *placer) leaderCost(i int, line segment, limit float64) (float64, bool) {
	cost := costLeader
	at := p.marks[i].at
	for j, o := range p.out {
		if j == i || !o.placed {
			continue
		}
		if line.crosses(o.box.grown(1)) {
			return 0, false
		}
		if o.leader && line.intersects(o.line) {
			cost += costLeaderLine
		}
	}
	for j, o := range p.marks {
		if cost >= limit {
			return 0, false
		}
		if j != i && o.at != at && line.crosses(rect{o.at.x, o.at.y, o.at.x, o.at.y}.grown(o.radius)) {
			cost += costLeaderMark
		}
	}
	for j, o := range p.marks {
		if cost >= limit {
			return 0, false
		}
		for _, bar := range o.bars {
			if j != i && line.crosses(bar) {
				cost += costLeaderBar
				break
			}
		}
	}
	return cost, true
}
