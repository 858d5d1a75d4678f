package tasks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
)

// maxResultBytes bounds a result file: some millions of items.
const maxResultBytes = 1 << 28

// ReadResult reads a result file and checks it as [ParseResult] does. Errors name the file.
func ReadResult(path string) (Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxResultBytes+1))
	if err != nil {
		return Result{}, err
	}
	if len(b) > maxResultBytes {
		return Result{}, fmt.Errorf("%s: more than %d bytes: not a result file", path, maxResultBytes)
	}
	r, err := ParseResult(b)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// ParseResult reads a result's JSON. It refuses another schema, fields it does not know, fields that are missing or out of range, and
// figures that do not follow from the outcomes.
func ParseResult(b []byte) (Result, error) {
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return Result{}, fmt.Errorf("not a result's JSON: %w", err)
	}
	if head.Schema == nil {
		return Result{}, fmt.Errorf("field \"schema\" is missing, want %q: not a result of nibble task", ResultSchema)
	}
	if *head.Schema != ResultSchema {
		return Result{}, fmt.Errorf("schema %q, this program reads %q: measure again, or use the version that wrote the file", *head.Schema, ResultSchema)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var r Result
	if err := d.Decode(&r); err != nil {
		return Result{}, fmt.Errorf("not a result's JSON: %w", err)
	}
	if err := missingFields(b); err != nil {
		return Result{}, err
	}
	return r, r.validate()
}

// Fields that must be in every result, and in each of its models.
var (
	requiredFields      = []string{"task", "items", "items_wanted", "items_sha256", "partial", "models", "paired"}
	requiredModelFields = []string{
		"acc", "context", "contexts_cut", "requests", "tokens_read", "tokens_computed", "seconds", "tokens_per_second", "os", "arch", "outcomes",
	}
)

func missingFields(b []byte) error {
	check := func(all map[string]json.RawMessage, names []string, where string) error {
		for _, name := range names {
			if v, ok := all[name]; !ok || string(v) == "null" {
				return fmt.Errorf("field %q is missing%s: the file is not complete, measure again", name, where)
			}
		}
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if err := check(all, requiredFields, ""); err != nil {
		return err
	}
	var models []map[string]json.RawMessage
	if err := json.Unmarshal(all["models"], &models); err != nil {
		return err
	}
	for i, m := range models {
		if err := check(m, requiredModelFields, fmt.Sprintf(" in models[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// fieldError is a field that is not what it must be.
func fieldError(name string, have any, want string) error {
	return fmt.Errorf("field %q is %v, want %s: the file was changed or is damaged", name, have, want)
}

var sha256Digits = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (r *Result) validate() error {
	if _, err := r.Task.compile(); err != nil {
		return fmt.Errorf("field \"task\": %w", err)
	}
	switch {
	case len(r.Models) == 0:
		return fieldError("models", "empty", "at least one model")
	case r.Items < 1:
		return fieldError("items", r.Items, "at least 1")
	case r.ItemsWanted < r.Items:
		return fieldError("items_wanted", r.ItemsWanted, fmt.Sprintf("at least the %d items scored", r.Items))
	case r.Limit < 0 || r.Limit > 0 && r.ItemsWanted > r.Limit:
		return fieldError("limit", r.Limit, fmt.Sprintf("0, or at least the %d items wanted", r.ItemsWanted))
	case r.Partial != (r.Items < r.ItemsWanted):
		return fieldError("partial", r.Partial, fmt.Sprintf("what %d of %d items say", r.Items, r.ItemsWanted))
	case !sha256Digits.MatchString(r.ItemsSHA256):
		return fieldError("items_sha256", r.ItemsSHA256, "64 hexadecimal digits")
	case r.DataSHA256 != "" && !sha256Digits.MatchString(r.DataSHA256):
		return fieldError("data_sha256", r.DataSHA256, "64 hexadecimal digits")
	}
	for i := range r.Models {
		if err := r.Models[i].validate(fmt.Sprintf("models[%d].", i), r.Items, r.Task.Completion != ""); err != nil {
			return err
		}
	}
	want := pair(r.Models)
	if len(r.Paired) != len(want) {
		return fieldError("paired", fmt.Sprintf("%d comparisons", len(r.Paired)), fmt.Sprintf("%d, of each model but the first", len(want)))
	}
	for i := range want {
		if err := sameFigures(fmt.Sprintf("paired[%d]", i), r.Paired[i], want[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *ModelResult) validate(at string, items int, completion bool) error {
	for _, f := range []struct {
		name string
		n    int64
		most int64
	}{
		{"context", int64(m.Context), math.MaxInt32}, {"requests", int64(m.Requests), math.MaxInt64},
		{"contexts_cut", int64(m.ContextsCut), int64(m.Requests)}, {"tokens_read", m.TokensRead, math.MaxInt64},
		{"tokens_computed", m.TokensComputed, m.TokensRead}, {"container_bytes", m.ContainerBytes, math.MaxInt64},
		{"threads", int64(m.Threads), math.MaxInt32},
	} {
		if f.n < 0 || f.n > f.most {
			return fieldError(at+f.name, f.n, fmt.Sprintf("0 to %d", f.most))
		}
	}
	if !(m.Seconds >= 0) || !(m.TokensPerSecond >= 0) {
		return fieldError(at+"seconds", m.Seconds, "0 or more")
	}
	o := &m.Outcomes
	digits := map[string]string{"acc": o.Acc}
	if completion {
		if o.AccNorm != "" || o.AccBytes != "" {
			return fieldError(at+"outcomes.acc_norm", o.AccNorm, "none: the task has completions")
		}
		if len(o.LogLikelihoods) != items {
			return fieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%d values", len(o.LogLikelihoods)), fmt.Sprintf("%d, one for each item", items))
		}
		for i, l := range o.LogLikelihoods {
			if l > 0 {
				return fieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%g at %d", l, i), "at most 0")
			}
		}
	} else {
		if o.LogLikelihoods != nil {
			return fieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%d values", len(o.LogLikelihoods)), "none: the task has choices")
		}
		digits["acc_norm"], digits["acc_bytes"] = o.AccNorm, o.AccBytes
	}
	for name, s := range digits {
		if len(s) != items || strings.Trim(s, "01") != "" {
			return fieldError(at+"outcomes."+name, fmt.Sprintf("%.40q of %d characters", s, len(s)), fmt.Sprintf("0 or 1 for each of the %d items", items))
		}
	}
	want := *m
	want.fill(completion)
	for _, f := range []struct {
		name       string
		have, want any
	}{
		{"acc", m.Acc, want.Acc}, {"acc_norm", m.AccNorm, want.AccNorm}, {"acc_bytes", m.AccBytes, want.AccBytes}, {"perplexity", m.Perplexity, want.Perplexity},
	} {
		if err := sameFigures(at+f.name, f.have, f.want); err != nil {
			return err
		}
	}
	return nil
}

// sameFigures compares two structures of numbers by their JSON. Numbers may differ by 1e-9, relative or, below 1, absolute: e^x and the
// logarithm of the gamma function of another architecture may differ in their last bits.
func sameFigures(name string, have, want any) error {
	a, err := figures(have)
	if err != nil {
		return fieldError(name, "no number", err.Error())
	}
	b, err := figures(want)
	if err != nil {
		return fieldError(name, "no number", err.Error())
	}
	return compareFigures(name, a, b)
}

func figures(v any) (out any, err error) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

func compareFigures(name string, have, want any) error {
	const tolerance = 1e-9
	differs := func() error {
		return fieldError(name, have, fmt.Sprintf("%v, which follows from the outcomes", want))
	}
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok || len(h) != len(w) {
			return differs()
		}
		for key, x := range w {
			if err := compareFigures(name+"."+key, h[key], x); err != nil {
				return err
			}
		}
	case float64:
		h, ok := have.(float64)
		if !ok || !(math.Abs(h-w) <= tolerance*max(1, math.Abs(w))) {
			return differs()
		}
	default:
		if have != want {
			return differs()
		}
	}
	return nil
}
