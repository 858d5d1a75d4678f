package evalppl

import (
	"bytes"
	"context"
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

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(filepath.Join("..", "docs", "schema", name)) // checks it against the draft too
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instance(t *testing.T, v any) any {
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

// fields lists the JSON names of a struct, and which of them are always written.
func fields(typ reflect.Type) (all, required []string) {
	for _, f := range reflect.VisibleFields(typ) {
		tag := f.Tag.Get("json")
		if tag == "" {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		all = append(all, name)
		if option != "omitempty" {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

// resolve follows a reference.
func resolve(s *jsonschema.Schema) *jsonschema.Schema {
	for s.Ref != nil {
		s = s.Ref
	}
	return s
}

// sameShape compares a schema with the type that is written: names, required names, nested structs and arrays.
func sameShape(t *testing.T, path string, s *jsonschema.Schema, typ reflect.Type) {
	t.Helper()
	s = resolve(s)
	switch typ.Kind() {
	case reflect.Pointer:
		sameShape(t, path, s, typ.Elem())
	case reflect.Slice:
		items, ok := s.Items2020, true
		if items == nil {
			t.Errorf("%s: the schema says nothing of its items", path)
			ok = false
		}
		if ok {
			sameShape(t, path+"[]", items, typ.Elem())
		}
	case reflect.Struct:
		all, required := fields(typ)
		names := slices.Sorted(maps.Keys(s.Properties))
		if diff := cmp.Diff(all, names); diff != "" {
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
	sameShape(t, "result", schema(t, "ppl-result.json"), reflect.TypeFor[Result]())
	sameShape(t, "comparison", schema(t, "comparison.json"), reflect.TypeFor[Comparison]())
	_, required := fields(reflect.TypeFor[Result]())
	want := slices.DeleteFunc(required, func(n string) bool { return n == "schema" })
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(requiredFields))); diff != "" {
		t.Errorf("requiredFields (-type +list):\n%s", diff)
	}
}

func TestResultsSatisfyTheSchema(t *testing.T) {
	s := schema(t, "ppl-result.json")
	m := newTable(1, 20, 16, 2)
	for name, c := range cases(m) {
		for _, change := range []func(*Options){func(*Options) {}, func(o *Options) { o.Shard = Shard{2, 900} }, func(o *Options) { o.UntilError = 9 }} {
			o := c.o
			change(&o)
			r, err := RunDocuments(context.Background(), m, c.docs, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(instance(t, r)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	bad := someResult(t)
	bad.TokenStreamSHA256 = "x"
	if s.Validate(instance(t, bad)) == nil {
		t.Error("the schema takes a hash of x")
	}
	bad = someResult(t)
	bad.Schema = "nibble-ppl/0"
	if s.Validate(instance(t, bad)) == nil {
		t.Error("the schema takes another schema")
	}
}

func TestComparisonsSatisfyTheSchema(t *testing.T) {
	s := schema(t, "comparison.json")
	base := newTable(1, 20, 16, 2)
	for name, c := range cases(base) {
		if c.o.Protocol == HF {
			continue
		}
		r, err := CompareDocuments(context.Background(), base, []DistributionModel{base.noisy(1, 0.1), base.noisy(2, 0)}, c.docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(instance(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := Compare(context.Background(), base, []DistributionModel{base.noisy(1, 0.1)}, randomTokens(base, 1, 9), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(instance(t, r)); err != nil {
		t.Error(err)
	}
}
