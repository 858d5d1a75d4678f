package sensitivity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nibble/evalppl"
)

// Model is a model that can run with some matrices encoded as other types. A variant reads a window right after the model itself
// has read it, as [evalppl.CompareInTurn] does.
type Model interface {
	evalppl.DistributionModel
	// Variant returns the model with the named tensors encoded as the given types.
	Variant(types map[string]string) (evalppl.DistributionModel, error)
}

// Options of [MeasureWith].
type Options struct {
	evalppl.Options
	// Earlier is an unfinished result of the same measurement to go on from. Its Base.Conditions are compared with Conditions.
	Earlier *Result
	// SoFar is called after each pass of the model with a part changed. get returns the result so far, as an interruption would leave it; it may
	// only be called before SoFar returns.
	SoFar func(get func() (Result, error))
}

// Measure is [MeasureWith] from the beginning.
func Measure(ctx context.Context, m Model, by string, parts, together []Part, text evalppl.Text, o evalppl.Options) (Result, error) {
	return MeasureWith(ctx, m, by, parts, together, text, Options{Options: o})
}

// MeasureWith compares the model with each of the parts, and all of them together, encoded as its type. Errors and a canceled ctx are
// those of [evalppl.CompareInTurn]: what has been measured is in the result, which is empty (no Parts) where nothing was. Within the first
// windows read together that may be some of the parts; afterwards it is all of them on the windows done so far. Such a result has a State: given as
// Options.Earlier it leads to exactly the result of a measurement that was never interrupted.
func MeasureWith(ctx context.Context, m Model, by string, parts, together []Part, text evalppl.Text, mo Options) (Result, error) {
	all := slices.Concat(parts, together)
	o := mo.Options
	if len(all) == 0 {
		return Result{}, errors.New("no part of the model to measure")
	}
	var variants []evalppl.DistributionModel
	for _, p := range all {
		types := map[string]string{}
		for _, name := range p.Tensors {
			types[name] = p.Type
		}
		v, err := m.Variant(types)
		if err != nil {
			return Result{}, fmt.Errorf("%s as %s: %w", p.Name, p.Type, err)
		}
		variants = append(variants, v)
	}
	if mo.Earlier != nil {
		if err := mo.Earlier.sameMeasurement(by, parts, together, o); err != nil {
			return Result{}, fmt.Errorf("the measurement cannot go on from the earlier result: %w", err)
		}
		o.ResumeComparison = mo.Earlier.resumed(o)
	}
	var state *evalppl.ComparisonState
	o.Unfinished = func(s evalppl.ComparisonState) { state = &s }
	if mo.SoFar != nil {
		o.SoFar = func(get func() (evalppl.Comparison, evalppl.ComparisonState, error)) {
			mo.SoFar(func() (Result, error) {
				c, s, err := get()
				if err == nil && c.TokensScored == 0 {
					err = errors.New("nothing has been scored yet")
				}
				if err != nil {
					return Result{}, err
				}
				return newResult(by, parts, together, c, &s), nil
			})
		}
	}
	c, err := evalppl.CompareInTurn(ctx, m, variants, text, o)
	if err != nil {
		err = named(err, all)
	}
	if len(c.Others) == 0 || c.TokensScored == 0 {
		return Result{}, err
	}
	return newResult(by, parts, together, c, state), err
}

// newResult makes a result of a comparison; state is that of an unfinished one.
func newResult(by string, parts, together []Part, c evalppl.Comparison, state *evalppl.ComparisonState) Result {
	all := slices.Concat(parts, together)
	r := Result{
		Schema: Schema, By: by, Protocol: c.Protocol, Ctx: c.Ctx, Stride: c.Stride, BOS: c.BOS, Documents: c.Documents, DocumentsTooShort: c.DocumentsTooShort,
		Tokens: c.Tokens, TokenStreamSHA256: c.TokenStreamSHA256, TokensScored: c.TokensScored, Windows: c.Windows, TotalWindows: c.TotalWindows,
		TotalParts: len(parts), Partial: c.Partial || len(c.Others) < len(all), WindowsLeftOut: c.WindowsLeftOut,
		Intervals: c.Intervals, Base: c.Base, Parts: []Part{}, Together: []Part{}, Seconds: c.Seconds,
	}
	for _, place := range c.NonFinite {
		r.NonFinite = append(r.NonFinite, nameModels(place, all))
	}
	for _, p := range all {
		if !slices.Contains(r.Types, p.Type) {
			r.Types = append(r.Types, p.Type)
		}
	}
	for i, a := range c.Others {
		p := all[i]
		p.KL, p.SameTop, p.LogRatio = a.KL, a.SameTop, a.LogRatio
		p.KLPerBitSaved = p.klPerBitSaved()
		if i < len(parts) {
			r.Parts = append(r.Parts, p)
		} else {
			r.Together = append(r.Together, p)
		}
	}
	if r.Partial {
		r.State = state
	}
	return r
}

// namedError is an error with the parts' names in place of the models' numbers.
type namedError struct {
	error
	text string
}

func (e namedError) Error() string { return e.text }
func (e namedError) Unwrap() error { return e.error }

func named(err error, parts []Part) error { return namedError{err, nameModels(err.Error(), parts)} }

var numbered = regexp.MustCompile(`\bmodel (\d+)\b`)

// nameModels puts parts' names in a text that speaks of models by number, as package evalppl does.
func nameModels(text string, parts []Part) string {
	text = strings.ReplaceAll(text, "the base model", "the unmodified model")
	return numbered.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(numbered.FindStringSubmatch(s)[1])
		if err != nil || n < 1 || n > len(parts) {
			return s
		}
		return fmt.Sprintf("the model with %s as %s", parts[n-1].Name, parts[n-1].Type)
	})
}
