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

// Measure compares the model with each of the parts, and all of them together, encoded as its type. Errors and a canceled ctx are
// those of [evalppl.CompareInTurn]: what has been measured is in the result, which is empty (no Parts) where nothing was. Within the first
// window that may be some of the parts; afterwards it is all of them on the windows done so far.
func Measure(ctx context.Context, m Model, by string, parts, together []Part, text evalppl.Text, o evalppl.Options) (Result, error) {
	all := slices.Concat(parts, together)
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
	c, err := evalppl.CompareInTurn(ctx, m, variants, text, o)
	if err != nil {
		err = named(err, all)
	}
	if len(c.Others) == 0 || c.TokensScored == 0 {
		return Result{}, err
	}
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
	return r, err
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
