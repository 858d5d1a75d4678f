package sensitivity

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"nibble/evalppl"
	"nibble/evalppl/internal/resultfile"
	"nibble/quant"
)

// maxResultBytes bounds a result file: about a kilobyte for each part and type.
const maxResultBytes = 256 << 20

// Read reads a result file and checks it as [Parse] does. Errors name the file.
func Read(path string) (Result, error) {
	return resultfile.Read(path, maxResultBytes, Parse)
}

// Parse reads a result's JSON. It refuses another schema, fields it does not know, fields that are missing or out of range, and numbers
// that contradict each other; the error names the field.
func Parse(b []byte) (Result, error) {
	var r Result
	if err := resultfile.Decode(b, &r, Schema, "nibble sensitivity"); err != nil {
		return Result{}, err
	}
	if err := complete("", b, reflect.TypeFor[Result]()); err != nil {
		return Result{}, err
	}
	return r, r.validate()
}

// complete demands that every field of a type that is always written is there.
func complete(path string, raw json.RawMessage, typ reflect.Type) error {
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return err
		}
		for i, item := range items {
			if err := complete(fmt.Sprintf("%s[%d]", path, i), item, typ.Elem()); err != nil {
				return err
			}
		}
	case typ.Kind() == reflect.Pointer:
		return complete(path, raw, typ.Elem())
	case typ.Kind() == reflect.Struct:
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return err
		}
		for _, f := range reflect.VisibleFields(typ) {
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				continue
			}
			at := strings.TrimPrefix(path+"."+name, ".")
			v, ok := fields[name]
			switch {
			case ok && string(v) != "null":
				if err := complete(at, v, f.Type); err != nil {
					return err
				}
			case option != "omitempty":
				return fmt.Errorf("field %q is missing: the file is not complete, measure again", at)
			}
		}
	}
	return nil
}

func (r *Result) validate() error {
	if !slices.Contains(Divisions(), r.By) {
		return resultfile.FieldError("by", fmt.Sprintf("%q", r.By), fmt.Sprintf("one of %q", Divisions()))
	}
	if len(r.Types) == 0 {
		return resultfile.FieldError("types", r.Types, "at least one")
	}
	for _, typ := range r.Types {
		if !slices.Contains(quant.MatrixNames(), typ) {
			return resultfile.FieldError("types", r.Types, fmt.Sprintf("some of %q", quant.MatrixNames()))
		}
	}
	if !slices.Contains(evalppl.Protocols(), r.Protocol) {
		return resultfile.FieldError("protocol", fmt.Sprintf("%q", r.Protocol), fmt.Sprintf("one of %q", evalppl.Protocols()))
	}
	if evalppl.HasStride(r.Protocol) != (r.Stride > 0) || r.Stride > r.Ctx {
		return resultfile.FieldError("stride", r.Stride, fmt.Sprintf("1 to ctx (%d) where the protocol has one", r.Ctx))
	}
	for _, f := range []struct {
		name        string
		n, low, top int
	}{
		{"ctx", r.Ctx, 2, math.MaxInt}, {"documents", r.Documents, 1, math.MaxInt}, {"documents_too_short", r.DocumentsTooShort, 0, r.Documents},
		{"tokens", r.Tokens, 1, math.MaxInt}, {"tokens_scored", r.TokensScored, 1, r.Tokens}, {"windows", r.Windows, 1, r.TotalWindows},
		{"windows_left_out", r.WindowsLeftOut, 0, r.Windows}, {"total_parts", r.TotalParts, len(r.Parts), math.MaxInt},
		{"together", len(r.Together), 0, len(r.Types)},
	} {
		if f.n < f.low || f.n > f.top {
			return resultfile.FieldError(f.name, f.n, fmt.Sprintf("%d to %d", f.low, f.top))
		}
	}
	if whole := r.Windows == r.TotalWindows && len(r.Parts) == r.TotalParts && len(r.Together) == len(r.Types); r.Partial == whole {
		return resultfile.FieldError("partial", r.Partial, fmt.Sprintf("%v, which follows from the windows and parts", !whole))
	}
	if r.State != nil && !r.Partial {
		return resultfile.FieldError("state", "there", "nothing in a result that is whole")
	}
	if !(r.Seconds >= 0) {
		return resultfile.FieldError("seconds", r.Seconds, "0 or more")
	}
	return errors.Join(r.validateParts("parts", r.Parts), r.validateParts("together", r.Together))
}

func (r *Result) validateParts(list string, parts []Part) error {
	seen := map[[2]string]bool{}
	for i, p := range parts {
		field := func(name string) string { return fmt.Sprintf("%s[%d].%s", list, i, name) }
		if !slices.Contains(r.Types, p.Type) {
			return resultfile.FieldError(field("type"), fmt.Sprintf("%q", p.Type), fmt.Sprintf("one of \"types\" %q", r.Types))
		}
		if id := [2]string{p.Name, p.Type}; p.Name == "" || seen[id] {
			return resultfile.FieldError(field("name"), fmt.Sprintf("%q", p.Name), "a name that no other part of the type has")
		} else {
			seen[id] = true
		}
		if len(p.Tensors) == 0 {
			return resultfile.FieldError(field("tensors"), p.Tensors, "at least one")
		}
		const most = math.MaxInt64 / 16
		if p.Weights < 1 || p.BytesBefore < 1 || p.Bytes < 1 || p.BytesBefore > most || p.Bytes > most {
			return resultfile.FieldError(field("weights, bytes_before, bytes"), []int64{p.Weights, p.BytesBefore, p.Bytes}, "1 or more")
		}
		if want := 8 * (p.BytesBefore - p.Bytes); p.BitsSaved != want {
			return resultfile.FieldError(field("bits_saved"), p.BitsSaved, fmt.Sprintf("%d, which follows from the bytes", want))
		}
		if p.Layer != nil && *p.Layer < 0 {
			return resultfile.FieldError(field("layer"), *p.Layer, "0 or more")
		}
		if !(p.KL.Mean >= 0 && p.KL.Max >= p.KL.Mean) {
			return resultfile.FieldError(field("kl"), p.KL.Mean, "0 or more, and at most its maximum")
		}
		if !(p.SameTop.Fraction >= 0 && p.SameTop.Fraction <= 1) {
			return resultfile.FieldError(field("same_top.fraction"), p.SameTop.Fraction, "0 to 1")
		}
		have, want := p.KLPerBitSaved, p.klPerBitSaved()
		if (have == nil) != (want == nil) || have != nil && math.Abs(*have-*want) > 1e-9**want {
			return resultfile.FieldError(field("kl_per_bit_saved"), text(have), text(want)+", which follows from the divergence and the bits")
		}
	}
	return nil
}

func text(x *float64) string {
	if x == nil {
		return "absent"
	}
	return fmt.Sprint(*x)
}
