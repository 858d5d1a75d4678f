package evalppl

import "runtime"

// ResultSchema names the version of a result's JSON.
const ResultSchema = "nibble-ppl/1"

// Result is a measured perplexity with everything that would make it incomparable to another.
type Result struct {
	Schema string `json:"schema"`

	Perplexity          float64 `json:"perplexity"`
	NLL                 float64 `json:"nll"`            // mean loss in nats a token
	StandardError       float64 `json:"standard_error"` // of nll
	StandardErrorMethod string  `json:"standard_error_method"`
	PerplexityLow       float64 `json:"perplexity_low"` // 95 % interval: exp(nll -+ 1.96 standard errors)
	PerplexityHigh      float64 `json:"perplexity_high"`
	TokensScored        int     `json:"tokens_scored"`
	Windows             int     `json:"windows"`

	TokensRead      int     `json:"tokens_read"` // tokens that went through the model, context included
	Seconds         float64 `json:"seconds"`
	TokensPerSecond float64 `json:"tokens_per_second"` // tokens read a second

	Protocol          string `json:"protocol"`
	Ctx               int    `json:"ctx"`
	Stride            int    `json:"stride,omitempty"`
	BOS               string `json:"bos"` // "none", or the id that replaces each chunk's first token
	Tokens            int    `json:"tokens"`
	TokenStreamSHA256 string `json:"token_stream_sha256"`

	// What follows is filled in by the caller, who knows the files and the machine.
	Text            string `json:"text,omitempty"`
	Model           string `json:"model,omitempty"`
	ContainerSHA256 string `json:"container_sha256,omitempty"`
	ContainerBytes  int64  `json:"container_bytes,omitempty"`
	TokenizerSHA256 string `json:"tokenizer_sha256,omitempty"`
	Recipe          string `json:"recipe,omitempty"`
	Activations     string `json:"activations,omitempty"`
	Threads         int    `json:"threads,omitempty"`
	KernelSet       string `json:"kernel_set,omitempty"`
	CPU             string `json:"cpu,omitempty"`
	OS              string `json:"os"`
	Arch            string `json:"arch"`
	Tool            string `json:"tool,omitempty"`
}

func newResult(o Options, tokens []uint32) Result {
	r := Result{
		Schema: ResultSchema, Protocol: o.Protocol, Ctx: o.Ctx, Stride: o.Stride, BOS: "none",
		Tokens: len(tokens), TokenStreamSHA256: StreamSHA256(tokens), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	return r
}
