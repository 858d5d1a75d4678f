package tasks

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nibble/evalppl/internal/schematest"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, filepath.Join("..", "..", "docs", "schema", "task-result.json"))
}

func TestSchemaHasTheTypesShape(t *testing.T) {
	schematest.SameShape(t, "result", schema(t), reflect.TypeFor[Result]())
	schematest.RequiredFields(t, reflect.TypeFor[Result](), requiredFields)
	schematest.RequiredFields(t, reflect.TypeFor[ModelResult](), requiredModelFields)
}

func TestResultsSatisfyTheSchema(t *testing.T) {
	s := schema(t)
	for _, r := range []Result{someResult(t, choicesSet(t, 9), 3), someResult(t, completionSet(t, 9), 2), someResult(t, completionSet(t, 1), 1)} {
		if err := s.Validate(schematest.Instance(t, r)); err != nil {
			t.Error(err)
		}
		r.Schema = "nibble-task/0"
		if s.Validate(schematest.Instance(t, r)) == nil {
			t.Error("the schema takes another schema")
		}
	}
}
