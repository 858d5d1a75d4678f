package reports

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A float32 log-probability of about -20 has an ulp of 2e-6; a divergence is a
// difference of two of them, so rounding alone can take it this far below zero.
const klRounding = 1e-5

// Perplexity and NLL must tell the same story. Five digits allow for records
// that were written by hand from printed figures.
const nllTolerance = 1e-4

// check names everything in s that cannot be reported.
func (s *Study) check() error {
	if err := s.checkRecords(); err != nil {
		return err
	}
	return s.checkDuplicates()
}

func (s *Study) checkRecords() error {
	if s.Schema != "" && s.Schema != Schema {
		return fmt.Errorf("schema is %q, this version of nibble writes %q", s.Schema, Schema)
	}
	if !printable(s.Title) || !printable(s.Command) {
		return fmt.Errorf("title %q or command %q: want text in UTF-8 without control characters", s.Title, s.Command)
	}
	if len(s.Records) == 0 {
		return errors.New("there are no records: measure at least one variant")
	}
	for i := range s.Records {
		r := &s.Records[i]
		if err := r.check(); err != nil {
			return fmt.Errorf("%s: %w", r.where(i), err)
		}
	}
	return nil
}

func (s *Study) checkDuplicates() error {
	seen := make(map[[3]string]int)
	for i := range s.Records {
		r := &s.Records[i]
		key := [3]string{r.Model, r.Variant, r.Activations}
		if j, ok := seen[key]; ok {
			return fmt.Errorf("%s and records[%d] have the same model, variant and activations: give one of them another variant name", r.where(i), j)
		}
		seen[key] = i
	}
	return nil
}

// where names a record in an error.
func (r *Record) where(i int) string {
	if r.Model == "" && r.Variant == "" {
		return fmt.Sprintf("records[%d]", i)
	}
	return fmt.Sprintf("records[%d] (%s %s)", i, r.Model, r.Variant)
}

func (r *Record) check() error {
	var c checker
	c.text("model", r.Model)
	c.text("variant", r.Variant)
	c.text("protocol", r.Protocol)
	c.text("token_stream_sha256", r.TokenStreamSHA256)
	for _, f := range [][2]string{
		{"file", r.File}, {"container_sha256", r.ContainerSHA256}, {"source_sha256", r.SourceSHA256}, {"bos", r.BOS},
		{"tokenizer_sha256", r.TokenizerSHA256}, {"text", r.Text}, {"machine.cpu", r.Machine.CPU}, {"machine.os", r.Machine.OS},
		{"machine.arch", r.Machine.Arch}, {"machine.isa", r.Machine.ISA}, {"machine.go_version", r.Machine.GoVersion}, {"tool", r.Tool},
	} {
		c.printable(f[0], f[1])
	}
	c.positive("bytes", float64(r.Bytes))
	c.nonNegative("parameters", float64(r.Parameters))
	c.nonNegative("bits_per_weight", r.BitsPerWeight)
	c.positive("perplexity", r.Perplexity)
	c.finite("nll", r.NLL)
	c.nonNegative("standard_error", r.StandardError)
	c.positive("tokens_scored", float64(r.TokensScored))
	c.nonNegative("ctx", float64(r.Ctx))
	c.nonNegative("stride", float64(r.Stride))
	c.nonNegative("eval_tokens_per_second", r.EvalTokensPerSecond)
	c.speed("prompt", r.Prompt)
	c.speed("generation", r.Generation)
	if r.Activations != "" && r.Activations != "f32" && r.Activations != "bf16" && r.Activations != "int8" {
		c.failf("activations is %q, want \"f32\", \"bf16\" or \"int8\"", r.Activations)
	}
	if r.KL != nil {
		c.divergence("kl", *r.KL)
	}
	c.verdict(r.Verdict)
	if m := r.Intervals; m != nil {
		c.text("intervals.name", m.Name)
		c.text("intervals.unit", m.Unit)
		c.nonNegative("intervals.clusters", float64(m.Clusters))
		c.nonNegative("intervals.resamples", float64(m.Resamples))
	}
	if d := r.DeltaLogPPL; d != nil {
		c.finite("delta_log_ppl.value", d.Value)
		c.finite("delta_log_ppl.low", d.Low)
		c.finite("delta_log_ppl.high", d.High)
		if d.Low > d.Value || d.Value > d.High {
			c.failf("delta_log_ppl is %g with the interval %g to %g, want low <= value <= high", d.Value, d.Low, d.High)
		}
	}
	c.nonNegative("machine.cores", float64(r.Machine.Cores))
	c.nonNegative("machine.threads", float64(r.Machine.Threads))
	c.nonNegative("machine.memory_bytes", float64(r.Machine.MemoryBytes))
	for i, t := range r.Tensors {
		c.tensor(fmt.Sprintf("tensors[%d]", i), t)
	}
	if r.Started != "" {
		if _, err := time.Parse(time.RFC3339, r.Started); err != nil {
			c.failf("started is %q, want a time like 2026-11-25T12:00:00Z (RFC 3339)", r.Started)
		}
	}
	if c.err == nil {
		c.interval(r)
	}
	return c.err
}

// checker keeps the first fault.
type checker struct{ err error }

func (c *checker) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *checker) text(field, v string) {
	if v == "" {
		c.failf("%s is missing or empty", field)
	}
	c.printable(field, v)
}

// printable refuses what SVG and CSV cannot hold or a terminal would obey.
func (c *checker) printable(field, v string) {
	if !printable(v) {
		c.failf("%s is %q, want text in UTF-8 without control characters", field, v)
	}
}

func printable(v string) bool {
	return utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || r == '\ufffe' || r == '\uffff' })
}

func (c *checker) finite(field string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		c.failf("%s is %v, want a finite number", field, v)
	}
}

func (c *checker) nonNegative(field string, v float64) {
	c.finite(field, v)
	if v < 0 {
		c.failf("%s is %v, want no negative number", field, v)
	}
}

func (c *checker) positive(field string, v float64) {
	c.finite(field, v)
	if v == 0 {
		c.failf("%s is missing or 0, want a positive number", field)
	}
	if v < 0 {
		c.failf("%s is %v, want a positive number", field, v)
	}
}

func (c *checker) speed(field string, s Speed) {
	c.nonNegative(field+".tokens", float64(s.Tokens))
	c.nonNegative(field+".tokens_per_second", s.TokensPerSecond)
	c.nonNegative(field+".min", s.Min)
	c.nonNegative(field+".max", s.Max)
	c.nonNegative(field+".std_dev", s.StdDev)
	c.nonNegative(field+".repeats", float64(s.Repeats))
	if s != (Speed{}) && s.TokensPerSecond == 0 {
		c.failf("%s.tokens_per_second is missing or 0 although other fields of %s are set", field, field)
	}
	if lo, hi := s.spread(); s.Measured() && (lo > hi) {
		c.failf("%s.min is %v, more than %s.max %v", field, lo, field, hi)
	}
}

func (c *checker) divergence(field string, d Divergence) {
	for _, f := range []struct {
		name string
		v    float64
	}{{"mean", d.Mean}, {"median", d.Median}, {"p90", d.P90}, {"p95", d.P95}, {"p99", d.P99}, {"p999", d.P999}, {"max", d.Max}} {
		name := field + "." + f.name
		c.finite(name, f.v)
		if f.v < -klRounding {
			c.failf("%s is %v, a divergence is never negative", name, f.v)
		}
	}
	c.nonNegative(field+".same_top", d.SameTop)
	if d.SameTop > 1 {
		c.failf("%s.same_top is %v, want a fraction from 0 to 1", field, d.SameTop)
	}
	c.interval95(field+".interval", d.Interval)
	c.interval95(field+".same_top_interval", d.SameTopInterval)
	c.printable(field+".base_sha256", d.BaseSHA256)
}

// interval95 checks the interval of a value that is never negative.
func (c *checker) interval95(field string, r *Range) {
	if r == nil {
		return
	}
	c.finite(field+".low", r.Low)
	c.finite(field+".high", r.High)
	if r.Low < -klRounding || r.High < r.Low {
		c.failf("%s is %g to %g, want 0 <= low <= high", field, r.Low, r.High)
	}
}

func (c *checker) verdict(v *Verdict) {
	if v == nil {
		return
	}
	if answers := []string{Better, Worse, NotDistinguishable, Identical, Undecided}; !slices.Contains(answers, v.Answer) {
		c.failf("verdict.answer is %q, want one of %s", v.Answer, strings.Join(answers, ", "))
	}
	c.text("verdict.sentence", v.Sentence)
	c.nonNegative("verdict.detectable_log_ratio", v.Detectable)
	c.nonNegative("verdict.tokens_needed", v.TokensNeeded)
}

func (c *checker) tensor(field string, t TensorError) {
	c.text(field+".name", t.Name)
	c.printable(field+".codec", t.Codec)
	c.nonNegative(field+".rows", float64(t.Rows))
	c.nonNegative(field+".cols", float64(t.Cols))
	c.nonNegative(field+".rmse", t.RMSE)
	c.nonNegative(field+".max_abs", t.MaxAbs)
	if t.exact() && math.IsInf(t.SQNRdB, 1) {
		return // normalized away before anything is written
	}
	c.finite(field+".sqnr_db", t.SQNRdB)
}

// interval checks that perplexity, nll and standard error belong together and
// that the interval they span can be drawn.
func (c *checker) interval(r *Record) {
	want := math.Exp(r.NLL)
	if !(math.Abs(r.Perplexity-want) <= nllTolerance*want) {
		c.failf("perplexity is %g but exp(nll) is %g: one of the two is wrong", r.Perplexity, want)
	}
	if hi := r.interval().High; math.IsInf(hi, 0) || r.interval().Low <= 0 {
		c.failf("standard_error is %g nats: the perplexity's interval cannot be represented", r.StandardError)
	}
}

// interval returns the perplexity with its 95 % interval, exp(nll ± 1.96 se).
func (r *Record) interval() Interval {
	f := math.Exp(z95 * r.StandardError)
	return Interval{Value: r.Perplexity, Low: r.Perplexity / f, High: r.Perplexity * f}
}

// z95 is the two-sided 95 % point of the normal distribution.
const z95 = 1.96
