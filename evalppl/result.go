package evalppl

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
)

// ResultSchema names the version of a result's JSON; docs/schema/ppl-result.json describes it.
const ResultSchema = "nibble-ppl/1"

// TokenIDs is the TextKind of token ids that were given instead of a text.
const TokenIDs = "token-ids"

// TextInfo says what the tokens were made of. Two texts with the same tokens give the same losses whatever it says; where the
// tokens differ it says why.
type TextInfo struct {
	Text          string  `json:"text,omitempty"`           // name of the file or folder
	TextKind      string  `json:"text_kind,omitempty"`      // "plain", "lines", "jsonl", "parquet", or TokenIDs; of a folder several, joined by "+"
	TextField     string  `json:"text_field,omitempty"`     // JSONL field or Parquet column
	TextDocuments int     `json:"text_documents,omitempty"` // documents that were read
	TextJoin      *string `json:"text_join,omitempty"`      // what stands between documents that were joined to one stream; nil: nothing was joined
	Detokenizer   string  `json:"detokenizer,omitempty"`    // what was done to each document before it was tokenized
}

// Conditions say what was measured on what: the part of a result that only the caller knows.
type Conditions struct {
	TextInfo
	Setup
}

// Setup says which model was measured, and what computed it.
type Setup struct {
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
	Windows             int     `json:"windows"` // windows done, those left out included

	// Of the whole raw text, where its counts were given: protocol lm-eval.
	WordPerplexity float64 `json:"word_perplexity,omitempty"`
	BytePerplexity float64 `json:"byte_perplexity,omitempty"`
	BitsPerByte    float64 `json:"bits_per_byte,omitempty"`

	Partial      bool    `json:"partial"`                 // not every window of the text, or of the shard, was scored
	StoppedEarly bool    `json:"stopped_early,omitempty"` // until_error was reached before the end of the text
	UntilError   float64 `json:"until_error,omitempty"`
	Shard        string  `json:"shard,omitempty"` // "i/n": only this share of the windows
	// Windows left out because their losses were not finite, and the places where that was seen first.
	WindowsLeftOut int      `json:"windows_left_out,omitempty"`
	NonFinite      []string `json:"non_finite,omitempty"`

	TokensRead      int     `json:"tokens_read"` // tokens that went through the model, context included
	Seconds         float64 `json:"seconds"`
	TokensPerSecond float64 `json:"tokens_per_second"` // tokens read a second

	Protocol          string `json:"protocol"`
	Ctx               int    `json:"ctx"`
	Stride            int    `json:"stride,omitempty"`
	BOS               string `json:"bos"` // "none", or the id that replaces each chunk's first token (lm-eval: precedes each document)
	Documents         int    `json:"documents"`
	DocumentsTooShort int    `json:"documents_too_short,omitempty"` // with nothing to score
	Tokens            int    `json:"tokens"`
	TokenStreamSHA256 string `json:"token_stream_sha256"`
	Words             int64  `json:"words,omitempty"`
	Bytes             int64  `json:"bytes,omitempty"`

	Conditions

	// SettingsSHA256 is the hash of everything two results must share to be parts of one: see [Merge].
	SettingsSHA256 string `json:"settings_sha256"`
	TotalWindows   int    `json:"total_windows"` // of the whole text
	FirstWindow    int    `json:"first_window"`  // number of the first of WindowScores
	// WindowScores holds the windows done, in the order of the text without gaps.
	WindowScores []WindowScore `json:"window_scores"`
}

// newResult returns a result with its settings and no scores. The options have been checked.
func newResult(o Options, p *plan) Result {
	r := Result{
		Schema: ResultSchema, Protocol: o.Protocol, Ctx: o.Ctx, Stride: o.Stride, BOS: "none",
		Documents: p.documents, DocumentsTooShort: p.short, Tokens: p.tokens, TokenStreamSHA256: p.sha256,
		Words: o.Words, Bytes: o.Bytes, UntilError: o.UntilError, Shard: o.Shard.String(), Conditions: o.Conditions,
		TotalWindows: p.total, WindowScores: []WindowScore{},
	}
	r.OS, r.Arch = runtime.GOOS, runtime.GOARCH
	if o.BOS != nil && (o.Protocol == LlamaCpp || o.Protocol == LMEval) {
		r.BOS = strconv.FormatUint(uint64(*o.BOS), 10)
	}
	r.FirstWindow, _ = o.Shard.bounds(r.TotalWindows)
	r.SettingsSHA256 = r.settingsSHA256()
	return r
}

// setting is one thing that results must share to be parts of one.
type setting struct{ name, value string }

// settings lists what decides the losses, by the names of the JSON fields. Threads, processor and the text's file name do not.
func (r *Result) settings() []setting {
	return []setting{
		{"protocol", r.Protocol},
		{"ctx", strconv.Itoa(r.Ctx)},
		{"stride", strconv.Itoa(r.Stride)},
		{"bos", r.BOS},
		{"documents", strconv.Itoa(r.Documents)},
		{"tokens", strconv.Itoa(r.Tokens)},
		{"token_stream_sha256", r.TokenStreamSHA256},
		{"words", strconv.FormatInt(r.Words, 10)},
		{"bytes", strconv.FormatInt(r.Bytes, 10)},
		{"total_windows", strconv.Itoa(r.TotalWindows)},
		{"model", r.Model},
		{"container_sha256", r.ContainerSHA256},
		{"tokenizer_sha256", r.TokenizerSHA256},
		{"recipe", r.Recipe},
		{"activations", r.Activations},
		{"kernel_set", r.KernelSet},
		{"arch", r.Arch},
		{"tool", r.Tool},
	}
}

func (r *Result) settingsSHA256() string {
	h := sha256.New()
	for _, s := range r.settings() {
		io.WriteString(h, s.name+"="+strconv.Quote(s.value)+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// differingSetting describes the first setting in which two results differ, "" where there is none.
func differingSetting(a, b *Result, nameA, nameB string) string {
	sb := b.settings()
	for i, s := range a.settings() {
		if s.value != sb[i].value {
			why := ""
			if slices.Contains([]string{"documents", "tokens", "token_stream_sha256", "words", "bytes"}, s.name) {
				why = differingText(&a.TextInfo, &b.TextInfo)
			}
			return fmt.Sprintf("field %q is %q in %s and %q in %s%s", s.name, s.value, nameA, sb[i].value, nameB, why)
		}
	}
	return ""
}

// differingText says how two results read their texts differently, which is why their tokens differ.
func differingText(a, b *TextInfo) string {
	join := func(t *TextInfo) string {
		if t.TextJoin == nil {
			return "none"
		}
		return strconv.Quote(*t.TextJoin)
	}
	var out string
	for _, f := range []struct{ name, a, b string }{
		{"text", a.Text, b.Text},
		{"text_kind", a.TextKind, b.TextKind},
		{"text_field", a.TextField, b.TextField},
		{"text_join", join(a), join(b)},
		{"detokenizer", a.Detokenizer, b.Detokenizer},
	} {
		if f.a != f.b {
			out += fmt.Sprintf("; %s: %s and %s", f.name, f.a, f.b)
		}
	}
	return out
}

// expFinite is e^x, or the largest number where that is beyond it: JSON has no infinity.
func expFinite(x float64) float64 { return min(math.Exp(x), math.MaxFloat64) }

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959964

// fill computes the statistics from the windows so far.
func (r *Result) fill(t *tally) {
	r.TokensScored = t.tokens
	r.WindowsLeftOut = t.left
	r.Windows = len(r.WindowScores)
	if t.tokens == 0 {
		r.StandardErrorMethod = "none"
		return
	}
	r.NLL = t.mean()
	r.Perplexity = expFinite(r.NLL)
	r.StandardError, r.StandardErrorMethod = t.standardError()
	r.PerplexityLow = expFinite(r.NLL - z95*r.StandardError)
	r.PerplexityHigh = expFinite(r.NLL + z95*r.StandardError)
	r.fillRaw(t)
}

// fillRaw computes the figures over words and bytes, which are counted in the whole text: a part of it has none.
func (r *Result) fillRaw(t *tally) {
	r.WordPerplexity, r.BytePerplexity, r.BitsPerByte = 0, 0, 0
	if r.Windows < r.TotalWindows || t.left > 0 {
		return
	}
	if r.Words > 0 {
		r.WordPerplexity = expFinite(t.nll / float64(r.Words))
	}
	if r.Bytes > 0 {
		r.BytePerplexity = expFinite(t.nll / float64(r.Bytes))
		r.BitsPerByte = t.nll / float64(r.Bytes) / math.Ln2
	}
}

func (r *Result) fillSpeed(seconds float64) {
	r.Seconds = seconds
	r.TokensPerSecond = float64(r.TokensRead) / max(seconds, 1e-9)
}
