// Package schematest holds a JSON schema of docs/schema to the Go type that is written: for tests.
//
//	s := schematest.Compile(t, filepath.Join("..", "docs", "schema", "ppl-result.json"))
//	schematest.SameShape(t, "result", s, reflect.TypeFor[Result]())
package schematest
