package schematest

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Compile reads a schema, and checks it against its draft.
func Compile(t testing.TB, path string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Instance returns v, written as JSON and read back, as a schema's Validate takes it.
func Instance(t testing.TB, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	x, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Fields lists the JSON names of a struct, sorted, and which of them are always written.
func Fields(typ reflect.Type) (all, required []string) {
	for _, f := range reflect.VisibleFields(typ) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		all = append(all, name)
		if option != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

// SameShape compares a schema with the type that is written: names, required names, nested structs and arrays.
func SameShape(t testing.TB, path string, s *jsonschema.Schema, typ reflect.Type) {
	t.Helper()
	for s.Ref != nil {
		s = s.Ref
	}
	switch typ.Kind() {
	case reflect.Pointer:
		SameShape(t, path, s, typ.Elem())
	case reflect.Slice:
		if s.Items2020 == nil {
			t.Errorf("%s: the schema says nothing of its items", path)
			return
		}
		SameShape(t, path+"[]", s.Items2020, typ.Elem())
	case reflect.Struct:
		all, required := Fields(typ)
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(s.Properties))); diff != "" {
			t.Errorf("%s: fields (-type +schema):\n%s", path, diff)
		}
		if diff := cmp.Diff(required, slices.Sorted(slices.Values(s.Required))); diff != "" {
			t.Errorf("%s: required fields (-type +schema):\n%s", path, diff)
		}
		if s.AdditionalProperties != false {
			t.Errorf("%s: the schema allows other fields", path)
		}
		for _, f := range reflect.VisibleFields(typ) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if p := s.Properties[name]; name != "" && p != nil {
				SameShape(t, path+"."+name, p, f.Type)
			}
		}
	}
}

// RequiredFields compares the fields that a type always writes, but for "schema", with the list that a reader demands.
func RequiredFields(t testing.TB, typ reflect.Type, list []string) {
	t.Helper()
	_, required := Fields(typ)
	want := slices.DeleteFunc(required, func(n string) bool { return n == "schema" })
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(list))); diff != "" {
		t.Errorf("%v: required fields (-type +list):\n%s", typ, diff)
	}
}
