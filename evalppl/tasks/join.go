package tasks

import "fmt"

// Part is a result and its name for messages.
type Part struct {
	Name   string
	Result Result
}

// Join makes one result of several on the same items: the models of all in their order, and the comparisons with the first. It refuses
// results of other items, and names the field that differs.
func Join(parts []Part) (Result, error) {
	if len(parts) == 0 {
		return Result{}, fmt.Errorf("no results to join")
	}
	first := &parts[0]
	out := first.Result
	out.Models = nil
	for i := range parts {
		p := &parts[i]
		for _, f := range []struct {
			name string
			a, b any
		}{
			{"task.name", first.Result.Task.Name, p.Result.Task.Name},
			{"items_wanted", first.Result.ItemsWanted, p.Result.ItemsWanted},
			{"items_sha256", first.Result.ItemsSHA256, p.Result.ItemsSHA256},
			{"items", first.Result.Items, p.Result.Items},
		} {
			if f.a != f.b {
				return Result{}, fmt.Errorf("field %q is %v in %s and %v in %s: they cannot be compared", f.name, f.a, first.Name, f.b, p.Name)
			}
		}
		out.Models = append(out.Models, p.Result.Models...)
	}
	out.Paired = pair(out.Models)
	return out, nil
}
