package sensitivity

import (
	"path/filepath"
	"reflect"
	"testing"

	"nibble/evalppl/internal/schematest"
)

func TestSchema(t *testing.T) {
	s := schematest.Compile(t, filepath.Join("..", "..", "docs", "schema", "sensitivity.json"))
	schematest.SameShape(t, "result", s, reflect.TypeFor[Result]())
	check := func(r Result) error { return s.Validate(schematest.Instance(t, r)) }
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
