package reports

import "slices"

// Schema names the version of the results file that this package writes.
// earlierSchema is read too: what it lacks is empty.
const (
	Schema        = "nibble-results/2"
	earlierSchema = "nibble-results/1"
)

// Study is a set of records that are reported together: the content of
// results.json.
type Study struct {
	Schema  string   `json:"schema"`            // always [Schema]; Render fills it in where it is empty
	Title   string   `json:"title,omitempty"`   // heading of the report
	Command string   `json:"command,omitempty"` // the command line that reproduces the study
	Records []Record `json:"records"`
}

// Append adds the records of another study. A base that both measured to the same figures is there once.
func (s *Study) Append(o Study) {
	for _, r := range o.Records {
		again := r.Base && slices.ContainsFunc(s.Records, func(b Record) bool {
			return b.Base && b.ContainerSHA256 != "" && b.ContainerSHA256 == r.ContainerSHA256 && same(b, r) && b.NLL == r.NLL && len(differences(&b, &r)) == 0
		})
		if !again {
			s.Records = append(s.Records, r)
		}
	}
}

// Record is one variant of one model, measured.
type Record struct {
	Model   string `json:"model"`          // e.g. "smollm2-135m-instruct"
	Variant string `json:"variant"`        // e.g. "int4-g32"; the label in plots
	Base    bool   `json:"base,omitempty"` // the variant that others are compared with: the checkpoint's own precision, or the highest

	File            string `json:"file,omitempty"`             // container that was measured
	ContainerSHA256 string `json:"container_sha256,omitempty"` // hash of that container
	SourceSHA256    string `json:"source_sha256,omitempty"`    // hash of the checkpoint it was made from

	Bytes         int64   `json:"bytes"`                     // size of the container
	Parameters    int64   `json:"parameters,omitempty"`      // weights of the model, tied ones once
	BitsPerWeight float64 `json:"bits_per_weight,omitempty"` // 8 * Bytes / Parameters, or 0 where unknown

	Activations string `json:"activations,omitempty"` // "f32", "bf16" or "int8"

	Perplexity    float64 `json:"perplexity"`     // exp(NLL)
	NLL           float64 `json:"nll"`            // mean negative log-likelihood of a scored token, nats
	StandardError float64 `json:"standard_error"` // of NLL, nats; 0 where it is not known (a single window)
	TokensScored  int     `json:"tokens_scored"`

	Protocol          string `json:"protocol"`                   // "strided", "llama.cpp", ...
	Ctx               int    `json:"ctx"`                        // tokens in a window
	Stride            int    `json:"stride"`                     // tokens from one window's start to the next
	BOS               string `json:"bos,omitempty"`              // what stands before a window, where the protocol adds something
	TokenStreamSHA256 string `json:"token_stream_sha256"`        // hash of the ids that were scored
	TokenizerSHA256   string `json:"tokenizer_sha256,omitempty"` // hash of the tokenizer's own files; empty for ids
	Text              string `json:"text,omitempty"`             // base name of the text

	EvalTokensPerSecond float64 `json:"eval_tokens_per_second,omitempty"` // through the model while scoring
	Prompt              Speed   `json:"prompt,omitzero"`                  // many tokens at once
	Generation          Speed   `json:"generation,omitzero"`              // one token after the other

	KL          *Divergence     `json:"kl,omitempty"`            // against the base variant; nil: not measured
	DeltaLogPPL *Interval       `json:"delta_log_ppl,omitempty"` // ln(PPL / PPL base), paired over the same tokens; nil: no interval is known
	Verdict     *Verdict        `json:"verdict,omitempty"`       // whether the perplexity differs from the base's; nil: not asked
	Intervals   *IntervalMethod `json:"intervals,omitempty"`     // how the intervals of KL and DeltaLogPPL were made

	Machine Machine       `json:"machine"`
	Tool    string        `json:"tool,omitempty"`    // e.g. "nibble 0.1.0 (0f3c2a1)"
	Tensors []TensorError `json:"tensors,omitempty"` // error of each stored tensor against the source
	Started string        `json:"started,omitempty"` // RFC 3339
}

// Speed is a rate measured several times. The zero value means "not measured".
type Speed struct {
	Tokens          int     `json:"tokens"`            // tokens in one repeat
	TokensPerSecond float64 `json:"tokens_per_second"` // mean over the repeats
	Min             float64 `json:"min"`               // slowest repeat
	Max             float64 `json:"max"`               // fastest repeat
	StdDev          float64 `json:"std_dev"`           // over the repeats
	Repeats         int     `json:"repeats"`
}

// Measured reports whether s holds a measurement.
func (s Speed) Measured() bool { return s.TokensPerSecond > 0 }

// spread returns the slowest and fastest repeat, or the rate itself twice where
// no repeats were kept.
func (s Speed) spread() (lo, hi float64) {
	lo, hi = s.Min, s.Max
	if lo <= 0 {
		lo = s.TokensPerSecond
	}
	if hi <= 0 {
		hi = s.TokensPerSecond
	}
	return lo, hi
}

// Divergence is the Kullback-Leibler divergence KL(base || variant) of the
// next-token distributions, in nats, over the scored positions.
type Divergence struct {
	Mean    float64 `json:"mean"`
	Median  float64 `json:"median"`
	P90     float64 `json:"p90"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	P999    float64 `json:"p999"`
	Max     float64 `json:"max"`
	SameTop float64 `json:"same_top"` // fraction of positions with the same most likely token, 0 to 1

	Interval        *Range `json:"interval,omitempty"`          // 95 %, of the mean; nil: not known
	SameTopInterval *Range `json:"same_top_interval,omitempty"` // 95 %
	BaseSHA256      string `json:"base_sha256,omitempty"`       // the base's container
}

// Range is the 95 % interval of a value that stands elsewhere.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Answers of a [Verdict].
const (
	Better             = "better"
	Worse              = "worse"
	NotDistinguishable = "not distinguishable"
	Identical          = "identical" // every loss is the same
	Undecided          = "undecided" // too little text to know any error
)

// Verdict says whether a variant's perplexity differs from the base's on this text.
type Verdict struct {
	Answer       string  `json:"answer"`                         // one of the above
	Sentence     string  `json:"sentence"`                       // the answer with its figures, to follow "it is"
	Detectable   float64 `json:"detectable_log_ratio,omitempty"` // the smallest |ln(PPL / PPL base)| that such a text is likely to show
	TokensNeeded float64 `json:"tokens_needed,omitempty"`        // text that would show the observed difference
}

// IntervalMethod is how intervals were made.
type IntervalMethod struct {
	Name      string `json:"name"` // e.g. "bca block bootstrap"
	Unit      string `json:"unit"` // of the blocks: "windows", "documents"
	Clusters  int    `json:"clusters"`
	Resamples int    `json:"resamples"`
	Seed      uint64 `json:"seed"`
}

// Interval is a value with its 95 % interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Machine is where the measurement ran.
type Machine struct {
	CPU         string `json:"cpu,omitempty"`
	Cores       int    `json:"cores,omitempty"`
	Threads     int    `json:"threads,omitempty"` // used by the measurement
	OS          string `json:"os,omitempty"`
	Arch        string `json:"arch,omitempty"`
	ISA         string `json:"isa,omitempty"` // kernel set, e.g. "avx512"
	GoVersion   string `json:"go_version,omitempty"`
	MemoryBytes int64  `json:"memory_bytes,omitempty"`
}

// TensorError is what a codec did to one tensor.
type TensorError struct {
	Name   string  `json:"name"`  // canonical name, e.g. "layers.3.mlp.down"
	Codec  string  `json:"codec"` // e.g. "int4-g32"
	Rows   int     `json:"rows"`
	Cols   int     `json:"cols"`
	RMSE   float64 `json:"rmse"`              // root mean square error against the source
	MaxAbs float64 `json:"max_abs"`           // largest absolute error
	SQNRdB float64 `json:"sqnr_db,omitempty"` // 10 log10(signal power / error power); 0 where RMSE is 0, whose SQNR is infinite
}

// exact reports whether the tensor was stored without any error.
func (t TensorError) exact() bool { return t.RMSE == 0 && t.MaxAbs == 0 }
