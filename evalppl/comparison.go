package evalppl

// ComparisonSchema names the version of a comparison's JSON; docs/schema/comparison.json describes it.
const ComparisonSchema = "nibble-compare/1"

// Comparison sets models against a base model on the same windows of the same text.
type Comparison struct {
	Schema string `json:"schema"`

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
	Partial           bool   `json:"partial"` // not every window was scored
	// Windows left out because one of the models had losses or divergences that are not finite, and where that was seen first.
	WindowsLeftOut int      `json:"windows_left_out,omitempty"`
	NonFinite      []string `json:"non_finite,omitempty"`

	Intervals Method `json:"intervals"`

	Base   Side      `json:"base"`
	Others []Against `json:"others"`
	// BaseRounding bounds the error of the base's log-probabilities, in nats, where they were saved and read again.
	BaseRounding float64 `json:"base_log_probability_error,omitempty"`

	TokensRead      int     `json:"tokens_read"` // by each model
	Seconds         float64 `json:"seconds"`
	TokensPerSecond float64 `json:"tokens_per_second"` // tokens read a second, by all models one after the other
}

// Method says how the intervals were made.
type Method struct {
	Name      string `json:"name"` // "bca block bootstrap", or "none" where there are fewer than two clusters
	Unit      string `json:"unit"` // what a block is: "windows", or "documents" where there are several
	Clusters  int    `json:"clusters"`
	Resamples int    `json:"resamples"`
	Seed      uint64 `json:"seed"`
}

// Side is one model of a comparison with its own perplexity.
type Side struct {
	Conditions
	Perplexity    float64 `json:"perplexity"`
	NLL           float64 `json:"nll"`
	StandardError float64 `json:"standard_error"` // of nll
}

// Against is a model's difference from the base. Divergences and losses are in nats, probabilities between 0 and 1; "token"
// always means each scored token, whatever the window. Intervals are of 95 %, absent where there are fewer than two clusters.
type Against struct {
	Side
	KL Divergence `json:"kl"`
	// KLRoundingBound is how far the rounding of a saved base can have moved the mean of KL.
	KLRoundingBound float64 `json:"kl_rounding_bound,omitempty"`

	SameTop  Proportion        `json:"same_top"`
	DeltaP   ProbabilityChange `json:"delta_p"`
	LogRatio LogRatio          `json:"log_ratio"`
	// Correlation is Pearson's, of the two models' losses over tokens; absent where one of them does not vary.
	Correlation *float64 `json:"correlation,omitempty"`
	Verdict     Verdict  `json:"verdict"`
}

// Divergence is KL(base || other) over tokens.
type Divergence struct {
	Mean          float64   `json:"mean"`
	StandardError float64   `json:"standard_error"`
	Interval      *Interval `json:"interval,omitempty"` // of the mean
	Median        float64   `json:"median"`
	P90           float64   `json:"p90"`
	P95           float64   `json:"p95"`
	P99           float64   `json:"p99"`
	P999          float64   `json:"p99_9"`
	Max           float64   `json:"max"`
	MaxDocument   int       `json:"max_document"` // where the largest was: the predicted token's document and number in it
	MaxToken      int       `json:"max_token"`
}

// Proportion is the fraction of tokens for which the base's most probable token is the other's too. Where the other has several
// of the same largest logit it is enough that the base's (the one of lowest id) is among them.
type Proportion struct {
	Fraction      float64   `json:"fraction"`
	StandardError float64   `json:"standard_error"`
	Interval      *Interval `json:"interval,omitempty"`
}

// ProbabilityChange is the change of the correct token's probability, other minus base, over tokens.
type ProbabilityChange struct {
	Mean        float64         `json:"mean"`
	RMS         float64         `json:"rms"`
	RMSInterval *Interval       `json:"rms_interval,omitempty"`
	Quantiles   []QuantileValue `json:"quantiles"`
}

// QuantileValue is the value below which a share P of the values lies.
type QuantileValue struct {
	P     float64 `json:"p"`
	Value float64 `json:"value"`
}

// LogRatio is ln(PPL other / PPL base), paired: the mean over tokens of the other's loss minus the base's. Its standard error
// is that of the differences, which is smaller than that of two separate measurements by as much as the losses correlate.
type LogRatio struct {
	Mean          float64   `json:"mean"`
	StandardError float64   `json:"standard_error"`
	Interval      *Interval `json:"interval,omitempty"`
}
