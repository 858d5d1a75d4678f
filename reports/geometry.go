package reports

import "math"

// point and rect are positions on a canvas in points of 1/72 inch, y upwards.
type point struct{ x, y float64 }

type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) width() float64  { return r.x1 - r.x0 }
func (r rect) height() float64 { return r.y1 - r.y0 }

// grown returns r with d more on every side.
func (r rect) grown(d float64) rect { return rect{r.x0 - d, r.y0 - d, r.x1 + d, r.y1 + d} }

func (r rect) overlaps(o rect) bool {
	return r.x0 < o.x1 && o.x0 < r.x1 && r.y0 < o.y1 && o.y0 < r.y1
}

// inside reports whether r lies within o.
func (r rect) inside(o rect) bool {
	return r.x0 >= o.x0 && r.y0 >= o.y0 && r.x1 <= o.x1 && r.y1 <= o.y1
}

// nearest returns the point of r that is nearest to p.
func (r rect) nearest(p point) point {
	return point{min(max(p.x, r.x0), r.x1), min(max(p.y, r.y0), r.y1)}
}

// distance is how far p lies from r, 0 inside.
func (r rect) distance(p point) float64 {
	n := r.nearest(p)
	return math.Sqrt((p.x-n.x)*(p.x-n.x) + (p.y-n.y)*(p.y-n.y)) // coordinates are small: no Hypot needed
}

type segment struct{ a, b point }

// crosses reports whether any part of the segment lies inside r (Liang and
// Barsky's clipping: the segment's parameters within each of the four sides).
func (s segment) crosses(r rect) bool {
	if max(s.a.x, s.b.x) < r.x0 || min(s.a.x, s.b.x) > r.x1 || max(s.a.y, s.b.y) < r.y0 || min(s.a.y, s.b.y) > r.y1 {
		return false // most are far apart
	}
	t0, t1 := 0.0, 1.0
	dx, dy := s.b.x-s.a.x, s.b.y-s.a.y
	for _, side := range [4][2]float64{
		{-dx, s.a.x - r.x0}, {dx, r.x1 - s.a.x}, {-dy, s.a.y - r.y0}, {dy, r.y1 - s.a.y},
	} {
		d, q := side[0], side[1]
		switch {
		case d == 0:
			if q <= 0 {
				return false // parallel and outside, or along the edge
			}
		case d < 0:
			t0 = max(t0, q/d)
		default:
			t1 = min(t1, q/d)
		}
	}
	return t0 < t1
}

// intersects reports whether two segments cross in their interiors.
func (s segment) intersects(o segment) bool {
	side := func(p, q, r point) float64 { return (q.x-p.x)*(r.y-p.y) - (q.y-p.y)*(r.x-p.x) }
	return side(s.a, s.b, o.a)*side(s.a, s.b, o.b) < 0 && side(o.a, o.b, s.a)*side(o.a, o.b, s.b) < 0
}
