package tasks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// resume takes over the items of an earlier result, which has been checked as [ParseResult] does.
func (e *evaluation) resume(old *Result) error {
	if err := e.sameSettings(old); err != nil {
		return err
	}
	for i := range e.entrants {
		m, c := &old.Models[i], &e.counts[i]
		for _, r := range e.requests[i][:old.Items] {
			work := e.entrants[i].count(r)
			c.add(&work)
		}
		if c.requests != m.Requests || c.tokensRead != m.TokensRead || c.contextsCut != m.ContextsCut {
			return fmt.Errorf("its first %d items have %d requests of %d tokens for model %d, want %d of %d: the file was changed or is damaged",
				old.Items, m.Requests, m.TokensRead, i, c.requests, c.tokensRead)
		}
		c.tokensComputed, c.seconds = m.TokensComputed, m.Seconds
		o := &m.Outcomes
		e.outcomes[i] = outcomes{
			acc: []byte(o.Acc), accNorm: []byte(o.AccNorm), accBytes: []byte(o.AccBytes), logLikelihoods: slices.Clone(o.LogLikelihoods),
			correct: bytes.Count([]byte(o.Acc), []byte("1")),
		}
	}
	e.done = old.Items
	return nil
}

// sameSettings refuses a result of other items, other models, or models whose scores may differ in their last bits: threads and
// processor do not matter.
func (e *evaluation) sameSettings(old *Result) error {
	type setting struct {
		name     string
		old, new any
	}
	settings := []setting{
		{"task.name", old.Task.Name, e.r.Task.Name}, {"items_wanted", old.ItemsWanted, e.r.ItemsWanted},
		{"items_sha256", old.ItemsSHA256, e.r.ItemsSHA256}, {"number of models", len(old.Models), len(e.r.Models)},
	}
	for i := range min(len(old.Models), len(e.r.Models)) {
		a, b := &old.Models[i], &e.r.Models[i]
		for _, s := range []setting{
			{"model", a.Model, b.Model}, {"container_sha256", a.ContainerSHA256, b.ContainerSHA256}, {"tokenizer_sha256", a.TokenizerSHA256, b.TokenizerSHA256},
			{"recipe", a.Recipe, b.Recipe}, {"context", a.Context, b.Context}, {"activations", a.Activations, b.Activations},
			{"kernel_set", a.KernelSet, b.KernelSet}, {"arch", a.Arch, b.Arch}, {"tool", a.Tool, b.Tool},
		} {
			s.name = fmt.Sprintf("models[%d].%s", i, s.name)
			settings = append(settings, s)
		}
	}
	for _, s := range settings {
		if s.old != s.new {
			return fmt.Errorf("field %q is %v there and %v in this run", s.name, s.old, s.new)
		}
	}
	// By its JSON, which is the same for no choices and for an empty list of them.
	a, err := json.Marshal(old.Task)
	if err != nil {
		return err
	}
	b, err := json.Marshal(e.r.Task)
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("field %q is %s there and %s in this run", "task", a, b)
	}
	return nil
}
