package evalppl

import (
	"fmt"
	"math"

	"nibble/evalppl/internal/resultfile"
)

// maxResultBytes bounds a result file: 128 bytes for each of some 8 million windows.
const maxResultBytes = 1 << 30

// maxWindows keeps products of window numbers and shard numbers far from overflow.
const maxWindows = 1 << 40

// ReadResult reads a result file and checks it as [ParseResult] does. Errors name the file.
func ReadResult(path string) (Result, error) {
	return resultfile.Read(path, maxResultBytes, ParseResult)
}

// ParseResult reads a result's JSON. It refuses another schema, fields it does not know, fields out of range, a settings hash
// that does not belong to the settings, and statistics that do not follow from the window scores.
func ParseResult(b []byte) (Result, error) {
	var r Result
	if err := resultfile.Decode(b, &r, ResultSchema, "nibble ppl"); err != nil {
		return Result{}, err
	}
	if err := resultfile.RequireFields(b, requiredFields, ""); err != nil {
		return Result{}, err
	}
	if err := r.validate(); err != nil {
		return Result{}, err
	}
	return r, nil
}

// requiredFields must be in every result.
var requiredFields = []string{
	"perplexity", "nll", "standard_error", "standard_error_method", "perplexity_low", "perplexity_high", "tokens_scored", "windows",
	"partial", "tokens_read", "seconds", "tokens_per_second", "protocol", "ctx", "bos", "documents", "tokens", "token_stream_sha256",
	"os", "arch", "settings_sha256", "total_windows", "first_window", "window_scores",
}

func (r *Result) validate() error {
	if !knownProtocol(r.Protocol) {
		return resultfile.FieldError("protocol", fmt.Sprintf("%q", r.Protocol), fmt.Sprintf("one of %q", Protocols()))
	}
	if r.Ctx < 2 {
		return resultfile.FieldError("ctx", r.Ctx, "at least 2")
	}
	if HasStride(r.Protocol) != (r.Stride != 0) || r.Stride < 0 || r.Stride > r.Ctx {
		return resultfile.FieldError("stride", r.Stride, fmt.Sprintf("1 to ctx (%d) with protocols %s, %s and %s, none with others", r.Ctx, Strided, HF, Document))
	}
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"tokens", int64(r.Tokens)}, {"documents_too_short", int64(r.DocumentsTooShort)}, {"words", r.Words}, {"bytes", r.Bytes},
		{"tokens_read", int64(r.TokensRead)}, {"container_bytes", r.ContainerBytes}, {"threads", int64(r.Threads)}, {"text_documents", int64(r.TextDocuments)},
		{"first_window", int64(r.FirstWindow)}, {"total_windows", int64(r.TotalWindows)},
	} {
		if f.n < 0 {
			return resultfile.FieldError(f.name, f.n, "0 or more")
		}
	}
	if r.TotalWindows > maxWindows {
		return resultfile.FieldError("total_windows", r.TotalWindows, fmt.Sprintf("at most %d", maxWindows))
	}
	if r.Documents < 1 {
		return resultfile.FieldError("documents", r.Documents, "at least 1")
	}
	if r.TextJoin != nil && (r.TextDocuments < 2 || r.Documents != 1) {
		return resultfile.FieldError("text_join", fmt.Sprintf("%q", *r.TextJoin), "absent where no documents were joined to one stream")
	}
	if !(r.Seconds >= 0) {
		return resultfile.FieldError("seconds", r.Seconds, "0 or more")
	}
	if want := r.settingsSHA256(); r.SettingsSHA256 != want {
		return resultfile.FieldError("settings_sha256", r.SettingsSHA256, want+", the hash of the settings")
	}
	if err := r.validateRange(); err != nil {
		return err
	}
	return r.validateStatistics()
}

// validateRange checks which windows the result has.
func (r *Result) validateRange() error {
	var shard Shard
	if r.Shard != "" {
		var err error
		if shard, err = ParseShard(r.Shard); err != nil {
			return err
		}
	}
	first, last := shard.bounds(r.TotalWindows)
	if r.FirstWindow != first {
		return resultfile.FieldError("first_window", r.FirstWindow, fmt.Sprintf("%d, the first of shard %q of %d windows", first, r.Shard, r.TotalWindows))
	}
	n := len(r.WindowScores)
	if n > last-first {
		return resultfile.FieldError("window_scores", fmt.Sprintf("of %d windows", n), fmt.Sprintf("at most %d", last-first))
	}
	if whole := n == last-first; r.Partial && (whole || r.StoppedEarly) || !r.Partial && r.StoppedEarly == whole {
		return resultfile.FieldError("partial", r.Partial, fmt.Sprintf("what %d of %d windows and \"stopped_early\" %v say", n, last-first, r.StoppedEarly))
	}
	return nil
}

// validateStatistics computes the statistics again. They are compared with a relative tolerance of 1e-9, because e^x of another
// architecture may differ in its last bit, and the standard error amplifies that by some thousands.
func (r *Result) validateStatistics() error {
	t := tally{documents: r.Documents > 1}
	for i, s := range r.WindowScores {
		if s.Document < 0 || s.Document >= r.Documents || s.Tokens < 0 || s.Tokens > r.Ctx || s.Left != (s.Tokens == 0) || s.Squares < 0 {
			return resultfile.FieldError("window_scores", fmt.Sprintf("at %d %+v", i, s), fmt.Sprintf("documents 0 to %d and at most %d tokens", r.Documents-1, r.Ctx))
		}
		if i > 0 && s.Document < r.WindowScores[i-1].Document {
			return resultfile.FieldError("window_scores", fmt.Sprintf("at %d %+v", i, s), "documents in the order of the text")
		}
		t.add(s)
	}
	want := Result{Documents: r.Documents, Words: r.Words, Bytes: r.Bytes, TotalWindows: r.TotalWindows, WindowScores: r.WindowScores}
	want.fill(&t)
	for _, f := range []struct {
		name       string
		have, want float64
	}{
		{"tokens_scored", float64(r.TokensScored), float64(want.TokensScored)},
		{"windows", float64(r.Windows), float64(want.Windows)},
		{"windows_left_out", float64(r.WindowsLeftOut), float64(want.WindowsLeftOut)},
		{"nll", r.NLL, want.NLL},
		{"perplexity", r.Perplexity, want.Perplexity},
		{"standard_error", r.StandardError, want.StandardError},
		{"perplexity_low", r.PerplexityLow, want.PerplexityLow},
		{"perplexity_high", r.PerplexityHigh, want.PerplexityHigh},
		{"word_perplexity", r.WordPerplexity, want.WordPerplexity},
		{"byte_perplexity", r.BytePerplexity, want.BytePerplexity},
		{"bits_per_byte", r.BitsPerByte, want.BitsPerByte},
	} {
		if !(math.Abs(f.have-f.want) <= 1e-9*math.Abs(f.want)) {
			return resultfile.FieldError(f.name, f.have, fmt.Sprintf("%g, which follows from \"window_scores\"", f.want))
		}
	}
	if r.StandardErrorMethod != want.StandardErrorMethod {
		return resultfile.FieldError("standard_error_method", fmt.Sprintf("%q", r.StandardErrorMethod), fmt.Sprintf("%q", want.StandardErrorMethod))
	}
	return nil
}
