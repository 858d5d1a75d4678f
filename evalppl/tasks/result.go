package tasks

import (
	"strings"

	"nibble/evalppl"
)

// ResultSchema names the version of a result's JSON; docs/schema/task-result.json describes it.
const ResultSchema = "nibble-task/1"

// Result is a task's accuracy of one or several models, with everything that would make it incomparable to another.
type Result struct {
	Schema string `json:"schema"`

	Task        Task   `json:"task"`
	Data        string `json:"data,omitempty"`        // name of the file
	DataSHA256  string `json:"data_sha256,omitempty"` // of the file as it is
	Limit       int    `json:"limit,omitempty"`       // only the first items of the file were wanted
	Items       int    `json:"items"`                 // scored
	ItemsWanted int    `json:"items_wanted"`          // that were to be scored
	ItemsSHA256 string `json:"items_sha256"`          // of the texts of those: see [Set.SHA256]
	Partial     bool   `json:"partial"`               // interrupted: fewer items than wanted

	Models []ModelResult `json:"models"`
	Paired []Paired      `json:"paired"` // each model but the first against the first
}

// ModelResult is what one model made of the items.
type ModelResult struct {
	Acc        Accuracy    `json:"acc"`
	AccNorm    *Accuracy   `json:"acc_norm,omitempty"`   // of choices
	AccBytes   *Accuracy   `json:"acc_bytes,omitempty"`  // of choices
	Perplexity *Perplexity `json:"perplexity,omitempty"` // of completions

	Context         int     `json:"context"`      // positions of the model
	ContextsCut     int     `json:"contexts_cut"` // requests whose context was cut to fit in
	Requests        int     `json:"requests"`     // continuations scored
	TokensRead      int64   `json:"tokens_read"`  // of all requests
	TokensComputed  int64   `json:"tokens_computed"`
	Seconds         float64 `json:"seconds"`
	TokensPerSecond float64 `json:"tokens_per_second"` // tokens read a second

	evalppl.Setup

	// Outcomes holds what the figures above follow from.
	Outcomes Outcomes `json:"outcomes"`
}

// Outcomes are the items in their order: '1' where the model was right, '0' where not.
type Outcomes struct {
	Acc            string    `json:"acc"`
	AccNorm        string    `json:"acc_norm,omitempty"`
	AccBytes       string    `json:"acc_bytes,omitempty"`
	LogLikelihoods []float64 `json:"log_likelihoods,omitempty"` // of completions, in nats
}

// fill computes the figures from the outcomes of n items.
func (m *ModelResult) fill(completion bool) {
	o, n := &m.Outcomes, len(m.Outcomes.Acc)
	ones := func(s string) Accuracy { return newAccuracy(strings.Count(s, "1"), n) }
	m.Acc, m.AccNorm, m.AccBytes, m.Perplexity = ones(o.Acc), nil, nil, nil
	if completion {
		p := newPerplexity(o.LogLikelihoods)
		m.Perplexity = &p
		return
	}
	norm, bytes := ones(o.AccNorm), ones(o.AccBytes)
	m.AccNorm, m.AccBytes = &norm, &bytes
}
