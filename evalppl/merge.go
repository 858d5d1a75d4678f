package evalppl

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Part is a result to be merged, and the name it has in messages.
type Part struct {
	Name   string
	Result Result
}

// Merge joins the results of all shards of one text. Every number that a run over the whole text gives comes out with the same
// bits: the windows' sums are added in the order of the text, as that run adds them. Seconds and tokens read are the sums over
// the parts; speed is their quotient; processors that differ are listed, and threads that differ are left out.
//
// Parts that leave a gap, overlap, or differ in a setting are refused, with the windows or the field. Parts from kernel sets or
// architectures that differ are refused too, because their last bits differ.
func Merge(parts []Part) (Result, error) {
	if len(parts) == 0 {
		return Result{}, errors.New("no results to merge")
	}
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Result.FirstWindow, b.Result.FirstWindow), cmp.Compare(len(a.Result.WindowScores), len(b.Result.WindowScores)))
	})
	first := &parts[0]
	for i := range parts[1:] {
		p := &parts[i+1]
		if diff := differingSetting(&first.Result, &p.Result, first.Name, p.Name); diff != "" {
			return Result{}, fmt.Errorf("the results are not parts of one run: %s", diff)
		}
	}
	r := first.Result
	r.Shard, r.Partial, r.StoppedEarly, r.UntilError = "", false, false, 0
	r.FirstWindow, r.TokensRead, r.Seconds = 0, 0, 0
	r.WindowScores, r.NonFinite = nil, nil
	next, owner := 0, "" // the first window that is missing so far, and who gave the last
	for i := range parts {
		p := &parts[i]
		if p.Result.FirstWindow < next {
			return Result{}, fmt.Errorf("%s and %s overlap: both have window %d", owner, p.Name, p.Result.FirstWindow)
		}
		if p.Result.FirstWindow > next {
			return Result{}, gapError(next, p.Result.FirstWindow, owner, p.Name)
		}
		if len(p.Result.WindowScores) == 0 {
			continue
		}
		r.WindowScores = append(r.WindowScores, p.Result.WindowScores...)
		for _, s := range p.Result.NonFinite {
			if len(r.NonFinite) < maxPlaces {
				r.NonFinite = append(r.NonFinite, s)
			}
		}
		r.TokensRead += p.Result.TokensRead
		r.Seconds += p.Result.Seconds
		next, owner = next+len(p.Result.WindowScores), p.Name
	}
	if next != r.TotalWindows {
		return Result{}, gapError(next, r.TotalWindows, owner, "")
	}
	t := tally{documents: r.Documents > 1}
	for _, s := range r.WindowScores {
		t.add(s)
	}
	r.fill(&t)
	r.fillSpeed(r.Seconds)
	r.joinMachines(parts)
	return r, nil
}

// gapError says which windows first to last-1 are missing, after part a and before part b ("": at that end of the text).
func gapError(first, last int, a, b string) error {
	where := "at the beginning of the text"
	switch {
	case a != "" && b != "":
		where = fmt.Sprintf("between %s and %s", a, b)
	case a != "":
		where = "after " + a
	}
	return fmt.Errorf("windows %d to %d are missing %s: give every shard, and finish interrupted ones (nibble ppl --resume)", first, last-1, where)
}

// joinMachines replaces what may differ between machines.
func (r *Result) joinMachines(parts []Part) {
	var cpus []string
	for _, p := range parts {
		cpus = append(cpus, p.Result.CPU)
		if p.Result.Threads != r.Threads {
			r.Threads = 0
		}
	}
	slices.Sort(cpus)
	cpus = slices.Compact(cpus)
	r.CPU = cpus[0]
	for _, c := range cpus[1:] {
		r.CPU += "; " + c
	}
}
