package tasks

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"

	"nibble/evalppl/internal/resultfile"
)

// maxResultBytes bounds a result file: some millions of items.
const maxResultBytes = 1 << 28

// ReadResult reads a result file and checks it as [ParseResult] does. Errors name the file.
func ReadResult(path string) (Result, error) {
	return resultfile.Read(path, maxResultBytes, ParseResult)
}

// ParseResult reads a result's JSON. It refuses another schema, fields it does not know, fields that are missing or out of range, and
// figures that do not follow from the outcomes.
func ParseResult(b []byte) (Result, error) {
	var r Result
	if err := resultfile.Decode(b, &r, ResultSchema, "nibble task"); err != nil {
		return Result{}, err
	}
	if err := requireFields(b); err != nil {
		return Result{}, err
	}
	if err := r.validate(); err != nil {
		return Result{}, err
	}
	return r, nil
}

// Fields that must be in every result, and in each of its models.
var (
	requiredFields      = []string{"task", "items", "items_wanted", "items_sha256", "partial", "models", "paired"}
	requiredModelFields = []string{
		"acc", "context", "contexts_cut", "requests", "tokens_read", "tokens_computed", "seconds", "tokens_per_second", "os", "arch", "outcomes",
	}
)

func requireFields(b []byte) error {
	if err := resultfile.RequireFields(b, requiredFields, ""); err != nil {
		return err
	}
	var all struct{ Models []json.RawMessage }
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for i, m := range all.Models {
		if err := resultfile.RequireFields(m, requiredModelFields, fmt.Sprintf(" in models[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

var sha256Digits = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (r *Result) validate() error {
	if _, err := r.Task.compile(); err != nil {
		return fmt.Errorf("field \"task\": %w", err)
	}
	switch {
	case len(r.Models) == 0:
		return resultfile.FieldError("models", "empty", "at least one model")
	case r.Items < 1:
		return resultfile.FieldError("items", r.Items, "at least 1")
	case r.ItemsWanted < r.Items:
		return resultfile.FieldError("items_wanted", r.ItemsWanted, fmt.Sprintf("at least the %d items scored", r.Items))
	case r.Limit < 0 || r.Limit > 0 && r.ItemsWanted > r.Limit:
		return resultfile.FieldError("limit", r.Limit, fmt.Sprintf("0, or at least the %d items wanted", r.ItemsWanted))
	case r.Partial != (r.Items < r.ItemsWanted):
		return resultfile.FieldError("partial", r.Partial, fmt.Sprintf("what %d of %d items say", r.Items, r.ItemsWanted))
	case !sha256Digits.MatchString(r.ItemsSHA256):
		return resultfile.FieldError("items_sha256", r.ItemsSHA256, "64 hexadecimal digits")
	case r.DataSHA256 != "" && !sha256Digits.MatchString(r.DataSHA256):
		return resultfile.FieldError("data_sha256", r.DataSHA256, "64 hexadecimal digits")
	}
	for i := range r.Models {
		if err := r.Models[i].validate(fmt.Sprintf("models[%d].", i), r.Items, r.Task.Completion != ""); err != nil {
			return err
		}
	}
	want := pair(r.Models)
	if len(r.Paired) != len(want) {
		return resultfile.FieldError("paired", fmt.Sprintf("%d comparisons", len(r.Paired)), fmt.Sprintf("%d, of each model but the first", len(want)))
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
			return resultfile.FieldError(at+f.name, f.n, fmt.Sprintf("0 to %d", f.most))
		}
	}
	if !(m.Seconds >= 0) || !(m.TokensPerSecond >= 0) {
		return resultfile.FieldError(at+"seconds", m.Seconds, "0 or more")
	}
	o := &m.Outcomes
	digits := map[string]string{"acc": o.Acc}
	if completion {
		if o.AccNorm != "" || o.AccBytes != "" {
			return resultfile.FieldError(at+"outcomes.acc_norm", o.AccNorm, "none: the task has completions")
		}
		if len(o.LogLikelihoods) != items {
			return resultfile.FieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%d values", len(o.LogLikelihoods)), fmt.Sprintf("%d, one for each item", items))
		}
		for i, l := range o.LogLikelihoods {
			if l > 0 {
				return resultfile.FieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%g at %d", l, i), "at most 0")
			}
		}
	} else {
		if o.LogLikelihoods != nil {
			return resultfile.FieldError(at+"outcomes.log_likelihoods", fmt.Sprintf("%d values", len(o.LogLikelihoods)), "none: the task has choices")
		}
		digits["acc_norm"], digits["acc_bytes"] = o.AccNorm, o.AccBytes
	}
	for name, s := range digits {
		if len(s) != items || strings.Trim(s, "01") != "" {
			return resultfile.FieldError(at+"outcomes."+name, fmt.Sprintf("%.40q of %d characters", s, len(s)), fmt.Sprintf("0 or 1 for each of the %d items", items))
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
		return resultfile.FieldError(name, "no number", err.Error())
	}
	b, err := figures(want)
	if err != nil {
		return resultfile.FieldError(name, "no number", err.Error())
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
		return resultfile.FieldError(name, have, fmt.Sprintf("%v, which follows from the outcomes", want))
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
