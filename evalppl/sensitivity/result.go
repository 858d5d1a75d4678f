package sensitivity

import (
	"cmp"
	"slices"

	"nibble/evalppl"
)

// Schema names the version of a result's JSON; docs/schema/sensitivity.json describes it.
const Schema = "nibble-sensitivity/1"

// Result is what each part of a model costs when it alone is quantized, on one text. Divergences and losses are in nats a token;
// intervals are of 95 %, absent where there are fewer than two clusters.
type Result struct {
	Schema string `json:"schema"`

	By    string   `json:"by"` // one of [Divisions]
	Types []string `json:"types"`

	Protocol          string `json:"protocol"`
	Ctx               int    `json:"ctx"`
	Stride            int    `json:"stride,omitempty"`
	BOS               string `json:"bos"`
	Documents         int    `json:"documents"`
	DocumentsTooShort int    `json:"documents_too_short,omitempty"`
	Tokens            int    `json:"tokens"`
	TokenStreamSHA256 string `json:"token_stream_sha256"`
	TokensScored      int    `json:"tokens_scored"`
	Windows           int    `json:"windows"` // windows done, those left out included
	TotalWindows      int    `json:"total_windows"`
	TotalParts        int    `json:"total_parts"` // of the plan, without those that are all parts together
	Partial           bool   `json:"partial"`     // not every window was scored, or not every part measured
	// Windows left out because the model or a part had losses or divergences that are not finite, and where that was seen first.
	WindowsLeftOut int      `json:"windows_left_out,omitempty"`
	NonFinite      []string `json:"non_finite,omitempty"`

	Intervals evalppl.Method `json:"intervals"`

	Base     evalppl.Side `json:"base"`     // the unmodified model, and the conditions of all
	Parts    []Part       `json:"parts"`    // in the order of the plan
	Together []Part       `json:"together"` // all parts at once, for each type

	Seconds float64 `json:"seconds"`

	// State is what an unfinished measurement goes on from.
	State *evalppl.ComparisonState `json:"state,omitempty"`
}

// Part is a part of the model that was encoded as another type, all else unchanged.
type Part struct {
	Name    string   `json:"name"` // the tensor's, the kind, "layers.N", or "all"
	Type    string   `json:"type"`
	Layer   *int     `json:"layer,omitempty"` // where the part belongs to one
	Kind    string   `json:"kind,omitempty"`  // where the part has one
	Tensors []string `json:"tensors"`

	Weights     int64 `json:"weights"`      // number of them
	BytesBefore int64 `json:"bytes_before"` // encoded, padding included
	Bytes       int64 `json:"bytes"`
	BitsSaved   int64 `json:"bits_saved"` // 8 x (bytes_before - bytes)

	KL       evalppl.Divergence `json:"kl"` // KL(unmodified || changed)
	SameTop  evalppl.Proportion `json:"same_top"`
	LogRatio evalppl.LogRatio   `json:"log_ratio"` // ln(PPL changed / PPL unmodified), paired
	// KLPerBitSaved is the mean divergence over the bits saved; absent where none are saved.
	KLPerBitSaved *float64 `json:"kl_per_bit_saved,omitempty"`
}

// BitsPerWeight returns how many bits a weight of the part takes.
func (p Part) BitsPerWeight() float64 { return 8 * float64(p.Bytes) / float64(p.Weights) }

// klPerBitSaved computes the field.
func (p Part) klPerBitSaved() *float64 {
	if p.BitsSaved <= 0 {
		return nil
	}
	x := p.KL.Mean / float64(p.BitsSaved)
	return &x
}

// Sorted returns the parts by falling cost for each bit saved: the first are those that are best left as they are. Parts that
// save nothing come last, by falling divergence.
func (r Result) Sorted() []Part {
	parts := slices.Clone(r.Parts)
	slices.SortStableFunc(parts, func(a, b Part) int {
		switch {
		case (a.KLPerBitSaved == nil) != (b.KLPerBitSaved == nil):
			if a.KLPerBitSaved == nil {
				return 1
			}
			return -1
		case a.KLPerBitSaved == nil:
			return cmp.Compare(b.KL.Mean, a.KL.Mean)
		}
		return cmp.Compare(*b.KLPerBitSaved, *a.KLPerBitSaved)
	})
	return parts
}
