package sensitivity

import (
	"bytes"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(filepath.Join("..", "..", "docs", "schema", "sensitivity.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameShape compares a schema with the type that is written: names, required names, nested structs and arrays.
func sameShape(t *testing.T, path string, s *jsonschema.Schema, typ reflect.Type) {
	t.Helper()
	for s.Ref != nil {
		s = s.Ref
	}
	switch typ.Kind() {
	case reflect.Pointer:
		sameShape(t, path, s, typ.Elem())
	case reflect.Slice:
		if s.Items2020 == nil {
			t.Errorf("%s: the schema says nothing of its items", path)
			return
		}
		sameShape(t, path+"[]", s.Items2020, typ.Elem())
	case reflect.Struct:
		var all, required []string
		for _, f := range reflect.VisibleFields(typ) {
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				continue
			}
			all = append(all, name)
			if option != "omitempty" {
				required = append(required, name)
			}
			if p := s.Properties[name]; p != nil {
				sameShape(t, path+"."+name, p, f.Type)
			}
		}
		slices.Sort(all)
		slices.Sort(required)
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(s.Properties))); diff != "" {
			t.Errorf("%s: fields (-type +schema):\n%s", path, diff)
		}
		if diff := cmp.Diff(required, slices.Sorted(slices.Values(s.Required))); diff != "" {
			t.Errorf("%s: required fields (-type +schema):\n%s", path, diff)
		}
		if s.AdditionalProperties != false {
			t.Errorf("%s: the schema allows other fields", path)
		}
	}
}

func TestSchema(t *testing.T) {
	s := schema(t)
	sameShape(t, "result", s, reflect.TypeFor[Result]())
	check := func(r Result) error {
		x, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(x)
	}
	for _, by := range Divisions() {
		if err := check(measured(t, by, "int4-g32", "f16")); err != nil {
			t.Errorf("%s: %v", by, err)
		}
	}
	for name, change := range map[string]func(*Result){
		"schema": func(r *Result) { r.Schema = "nibble-sensitivity/0" }, "by": func(r *Result) { r.By = "row" },
		"hash": func(r *Result) { r.TokenStreamSHA256 = "x" }, "divergence": func(r *Result) { r.Parts[0].KL.Mean = -1 },
		"tensors": func(r *Result) { r.Parts[0].Tensors = []string{} },
	} {
		r := measured(t, ByTensor, "int4-g32")
		change(&r)
		if check(r) == nil {
			t.Errorf("the schema takes a bad %s", name)
		}
	}
}
