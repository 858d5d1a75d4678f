package tasks

import (
	"bytes"
	"encoding/json"
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
	s, err := c.Compile(filepath.Join("..", "..", "docs", "schema", "task-result.json")) // checks it against the draft too
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fields lists the JSON names of a struct, and which of them are always written.
func fields(typ reflect.Type) (all, required []string) {
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
		all, required := fields(typ)
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
				sameShape(t, path+"."+name, p, f.Type)
			}
		}
	}
}

func TestSchemaHasTheTypesShape(t *testing.T) {
	sameShape(t, "result", schema(t), reflect.TypeFor[Result]())
	for typ, list := range map[reflect.Type][]string{reflect.TypeFor[Result](): requiredFields, reflect.TypeFor[ModelResult](): requiredModelFields} {
		_, required := fields(typ)
		want := slices.DeleteFunc(required, func(n string) bool { return n == "schema" })
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(list))); diff != "" {
			t.Errorf("%v: required fields (-type +list):\n%s", typ, diff)
		}
	}
}

func TestResultsSatisfyTheSchema(t *testing.T) {
	s := schema(t)
	valid := func(r Result) error {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		x, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(x)
	}
	for _, r := range []Result{someResult(t, choicesSet(t, 9), 3), someResult(t, completionSet(t, 9), 2), someResult(t, completionSet(t, 1), 1)} {
		if err := valid(r); err != nil {
			t.Error(err)
		}
		r.Schema = "nibble-task/0"
		if valid(r) == nil {
			t.Error("the schema takes another schema")
		}
	}
}
