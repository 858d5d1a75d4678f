package corpus

import (
	"bytes"
	"fmt"
	"strings"
)

// NewRecord makes a record of one JSON object, such as a line of a file.
func NewRecord(id string, object []byte) (Record, error) {
	object = bytes.Trim(object, " \t\r\n")
	if len(object) == 0 {
		return Record{}, fmt.Errorf("%s: found nothing, want a JSON object", id)
	}
	err := checkJSON(object)
	if err == nil {
		err = checkObject(object)
	}
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", id, err)
	}
	return Record{ID: id, object: bytes.Clone(object)}, nil
}

// Text returns the string in a field. Dots in its name go into objects; a field whose own name is the whole of it, dots included, comes
// first. Errors name the record and the field, what was found and what is wanted.
func (r Record) Text(field string) (string, error) {
	value, err := r.value(field)
	if err == nil && value[0] != '"' {
		err = r.errorf(field, "found %s, want a string", jsonKind(value))
	}
	if err != nil {
		return "", err
	}
	return r.unquote(field, value)
}

// Texts returns the strings of the array in a field.
func (r Record) Texts(field string) ([]string, error) {
	value, err := r.value(field)
	if err == nil && value[0] != '[' {
		err = r.errorf(field, "found %s, want an array of strings", jsonKind(value))
	}
	if err != nil {
		return nil, err
	}
	texts := []string{}
	for element := range elements(value) {
		if element[0] != '"' {
			return nil, r.errorf(field, "element %d is %s, want a string", len(texts), jsonKind(element))
		}
		s, err := r.unquote(field, element)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	return texts, nil
}

// IsArray says whether the field is there and holds an array.
func (r Record) IsArray(field string) bool {
	value, err := r.value(field)
	return err == nil && value[0] == '['
}

// Scalar returns the string in a field, or its number as it is written.
func (r Record) Scalar(field string) (string, error) {
	value, err := r.value(field)
	if err != nil {
		return "", err
	}
	switch c := value[0]; {
	case c == '"':
		return r.unquote(field, value)
	case c == '-' || c >= '0' && c <= '9':
		return string(value), nil
	}
	return "", r.errorf(field, "found %s, want a number or a string", jsonKind(value))
}

// errorf is an error about a field.
func (r Record) errorf(field, format string, args ...any) error {
	return fmt.Errorf("%s: field %q: %w", r.ID, field, fmt.Errorf(format, args...))
}

func (r Record) unquote(field string, value []byte) (string, error) {
	s, err := unquote(value)
	if err != nil {
		return "", r.errorf(field, "%w", err)
	}
	return string(s), nil
}

// value returns the JSON value of a field.
func (r Record) value(field string) ([]byte, error) {
	object, path := r.object, field
	for {
		first, rest, _ := strings.Cut(path, ".")
		exact, outer, names, err := findMember(object, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.ID, err)
		}
		switch {
		case exact != nil:
			return exact, nil
		case outer == nil:
			return nil, r.errorf(field, "not found; the fields are %s", listNames(names))
		case outer[0] != '{':
			return nil, r.errorf(field, "%q holds %s, want an object with the field %q", first, jsonKind(outer), rest)
		}
		object, path = outer, rest
	}
}

// elements yields the values of a valid JSON array, without space around them.
func elements(array []byte) func(yield func(value []byte) bool) {
	return func(yield func(value []byte) bool) {
		i := skipSpace(array, 1)
		for array[i] != ']' {
			end := skipValue(array, i)
			if !yield(array[i:end]) {
				return
			}
			if i = skipSpace(array, end); array[i] == ',' {
				i = skipSpace(array, i+1)
			}
		}
	}
}
