package sensitivity

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nibble/evalppl"
)

// sameMeasurement refuses to go on from the result of another measurement, and names the field that differs. What depends on the text and the
// model is compared when they are known: see [Result.resumed].
func (r *Result) sameMeasurement(by string, parts, together []Part, o evalppl.Options) error {
	if !r.Partial {
		return errors.New("it is whole: nothing is left to be measured")
	}
	if r.State == nil {
		return errors.New("field \"state\" is missing: it was written by a version that could not go on; measure again")
	}
	var types []string
	for _, p := range together {
		types = append(types, p.Type)
	}
	resamples := o.Resamples
	if resamples == 0 {
		resamples = r.Intervals.Resamples // the default
	}
	for _, f := range []struct{ name, earlier, now string }{
		{"by", r.By, by},
		{"types", strings.Join(r.Types, ","), strings.Join(types, ",")},
		{"total_parts", strconv.Itoa(r.TotalParts), strconv.Itoa(len(parts))},
		{"intervals.seed", strconv.FormatUint(r.Intervals.Seed, 10), strconv.FormatUint(o.Seed, 10)},
		{"intervals.resamples", strconv.Itoa(r.Intervals.Resamples), strconv.Itoa(resamples)},
	} {
		if f.earlier != f.now {
			return fmt.Errorf("field %q is %q in the earlier result and %q in this run", f.name, f.earlier, f.now)
		}
	}
	for i, p := range r.Parts {
		if q := parts[i]; p.Name != q.Name || p.Type != q.Type || !slices.Equal(p.Tensors, q.Tensors) {
			return fmt.Errorf("field \"parts[%d].name\" is %q in the earlier result and %q in this run", i, p.Name+" "+p.Type, q.Name+" "+q.Type)
		}
	}
	return nil
}

// resumed returns what the comparison goes on from.
func (r *Result) resumed(o evalppl.Options) *evalppl.ResumedComparison {
	return &evalppl.ResumedComparison{
		Settings: evalppl.Result{
			Protocol: r.Protocol, Ctx: r.Ctx, Stride: r.Stride, BOS: r.BOS, Documents: r.Documents, Tokens: r.Tokens, TokenStreamSHA256: r.TokenStreamSHA256,
			// The text's words and bytes are not kept; its hash stands for them.
			Words: o.Words, Bytes: o.Bytes, TotalWindows: r.TotalWindows, Conditions: r.Base.Conditions,
		},
		State: *r.State,
	}
}
