package resultfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Read parses the file at path, which may have at most limit bytes. Errors name the file.
func Read[T any](path string, limit int64, parse func([]byte) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return none, err
	}
	if int64(len(b)) > limit {
		return none, fmt.Errorf("%s: more than %d bytes: not a result file", path, limit)
	}
	r, err := parse(b)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Decode reads JSON into v, a pointer to the result that command ("nibble ppl") writes. It refuses another schema and fields that v
// does not have.
func Decode(b []byte, v any, schema, command string) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return fmt.Errorf("not a result's JSON: %w", err)
	}
	if head.Schema == nil {
		return fmt.Errorf("field \"schema\" is missing, want %q: not a result of %s", schema, command)
	}
	if *head.Schema != schema {
		return fmt.Errorf("schema %q, this program reads %q: measure again, or use the version that wrote the file", *head.Schema, schema)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("not a result's JSON: %w", err)
	}
	return nil
}

// RequireFields makes sure that a JSON object has the fields, and none of them null. The place of the object in the file (" in models[2]",
// "" for the whole) goes into the error.
func RequireFields(object []byte, names []string, place string) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(object, &all); err != nil {
		return err
	}
	for _, name := range names {
		if v, ok := all[name]; !ok || string(v) == "null" {
			return fmt.Errorf("field %q is missing%s: the file is not complete, measure again", name, place)
		}
	}
	return nil
}

// FieldError is a field that is not what it must be.
func FieldError(name string, have any, want string) error {
	return fmt.Errorf("field %q is %v, want %s: the file was changed or is damaged", name, have, want)
}
