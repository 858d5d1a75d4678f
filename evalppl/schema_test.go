package evalppl

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nibble/evalppl/internal/schematest"
)

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, filepath.Join("..", "docs", "schema", name))
}

func TestSchemaHasTheTypesShape(t *testing.T) {
	schematest.SameShape(t, "result", schema(t, "ppl-result.json"), reflect.TypeFor[Result]())
	schematest.SameShape(t, "comparison", schema(t, "comparison.json"), reflect.TypeFor[Comparison]())
	schematest.RequiredFields(t, reflect.TypeFor[Result](), requiredFields)
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
			if err := s.Validate(schematest.Instance(t, r)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	bad := someResult(t)
	bad.TokenStreamSHA256 = "x"
	if s.Validate(schematest.Instance(t, bad)) == nil {
		t.Error("the schema takes a hash of x")
	}
	bad = someResult(t)
	bad.Schema = "nibble-ppl/0"
	if s.Validate(schematest.Instance(t, bad)) == nil {
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
		if err := s.Validate(schematest.Instance(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := Compare(context.Background(), base, []DistributionModel{base.noisy(1, 0.1)}, randomTokens(base, 1, 9), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(schematest.Instance(t, r)); err != nil {
		t.Error(err)
	}
}
