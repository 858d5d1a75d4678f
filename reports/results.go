package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// Limits on a results file. A record with 1,000 tensors takes about 150 kB, so
// these leave room for every study one would look at on a page.
const (
	maxResultsBytes = 256 << 20
	maxRecords      = 4096
)

// requiredFields are the keys without which a record says nothing; a record may
// hold a 0 in some of them, so that they were written at all is checked apart
// from their values.
var requiredFields = []string{
	"model", "variant", "bytes", "perplexity", "nll", "standard_error", "tokens_scored",
	"protocol", "ctx", "stride", "token_stream_sha256", "machine",
}

// Read reads and validates a results file. It refuses another schema, unknown
// fields, and missing, negative, infinite or contradictory numbers; the error
// names the file, the record's index and the field.
func Read(path string) (Study, error) {
	f, err := os.Open(path)
	if err != nil {
		return Study{}, fmt.Errorf("read results: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxResultsBytes+1))
	if err != nil {
		return Study{}, fmt.Errorf("read results %s: %w", path, err)
	}
	if len(data) > maxResultsBytes {
		return Study{}, fmt.Errorf("read results %s: larger than %d MB, the limit for a results file", path, maxResultsBytes>>20)
	}
	s, err := decode(data)
	if err != nil {
		return Study{}, fmt.Errorf("read results %s: %w", path, err)
	}
	return s, nil
}

// decode parses the bytes of a results file.
func decode(data []byte) (Study, error) {
	var head struct {
		Schema  *string           `json:"schema"`
		Title   string            `json:"title"`
		Command string            `json:"command"`
		Records []json.RawMessage `json:"records"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Study{}, describeJSON(data, err)
	}
	// The schema comes first: a newer file may hold anything.
	switch {
	case head.Schema == nil:
		return Study{}, fmt.Errorf("no \"schema\": not a results file of nibble (want %q)", Schema)
	case *head.Schema != Schema && *head.Schema != earlierSchema:
		return Study{}, fmt.Errorf("schema is %q, this version of nibble knows %q and %q", *head.Schema, Schema, earlierSchema)
	}
	if len(head.Records) > maxRecords {
		return Study{}, fmt.Errorf("%d records, the limit is %d", len(head.Records), maxRecords)
	}
	s := Study{Schema: Schema, Title: head.Title, Command: head.Command}
	if err := strict(data, &struct {
		Schema, Title, Command string
		Records                []json.RawMessage
	}{}); err != nil {
		return Study{}, err
	}
	for i, raw := range head.Records {
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
			return Study{}, fmt.Errorf("records[%d]: not a JSON object", i)
		}
		for _, k := range requiredFields {
			if v, ok := keys[k]; !ok || string(v) == "null" {
				return Study{}, fmt.Errorf("records[%d]: %s is missing", i, k)
			}
		}
		var r Record
		if err := strict(raw, &r); err != nil {
			return Study{}, fmt.Errorf("records[%d]: %w", i, err)
		}
		s.Records = append(s.Records, r)
	}
	if err := s.check(); err != nil {
		return Study{}, err
	}
	return s, nil
}

// strict decodes JSON and refuses unknown fields.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		return nil
	}
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		return fmt.Errorf("%s is a %s, want %s", te.Field, te.Value, jsonKind(te.Type.Kind().String()))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown field %s: not part of %s", name, Schema)
	}
	return err
}

func jsonKind(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "bool":
		return "true or false"
	case kind == "slice":
		return "a list"
	case kind == "struct" || kind == "ptr":
		return "an object"
	}
	return "a " + kind
}

// describeJSON says where a syntax error is: the line, and the path to the value
// that was being read. Python writes NaN and Infinity, which JSON has not; that
// case is named.
func describeJSON(data []byte, err error) error {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		if te.Field == "" {
			return fmt.Errorf("the file holds a %s, want an object with \"schema\" and \"records\"", te.Value)
		}
		return fmt.Errorf("%s is a %s, want %s", te.Field, te.Value, jsonKind(te.Type.Kind().String()))
	}
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		return err
	}
	at := min(max(int(se.Offset)-1, 0), len(data))
	line := 1 + bytes.Count(data[:at], []byte("\n"))
	where := ""
	if p := pathAt(data); p != "" {
		where = " at " + p
	}
	// The decoder may stop one letter into the word.
	for back := 0; back <= 1 && at-back >= 0; back++ {
		rest := strings.TrimPrefix(string(data[at-back:min(at-back+10, len(data))]), "-")
		for _, word := range []string{"NaN", "Infinity", "Inf"} {
			if strings.HasPrefix(rest, word) {
				return fmt.Errorf("line %d%s: %s is not a finite number", line, where, word)
			}
		}
	}
	if at >= len(data) {
		return fmt.Errorf("line %d%s: the file ends in the middle of the JSON text: it is truncated", line, where)
	}
	return fmt.Errorf("line %d%s: %w", line, where, se)
}

// pathAt walks the tokens of broken JSON and returns the path, such as
// records[2].perplexity, of the value at which the walk stops.
func pathAt(data []byte) string {
	type level struct {
		array bool
		index int
		key   string
		value bool // an object's key was read, its value comes next
	}
	var stack []level
	d := json.NewDecoder(bytes.NewReader(data))
	next := func() {
		if n := len(stack); n > 0 {
			stack[n-1].index++
			stack[n-1].value = false
		}
	}
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		n := len(stack)
		switch t := tok.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				stack = append(stack, level{array: t == '['})
			default:
				stack = stack[:n-1]
				next()
			}
		case string:
			if n > 0 && !stack[n-1].array && !stack[n-1].value {
				stack[n-1].key, stack[n-1].value = t, true
				continue
			}
			next()
		default:
			next()
		}
	}
	var b strings.Builder
	for _, l := range stack {
		switch {
		case l.array:
			fmt.Fprintf(&b, "[%d]", l.index)
		case l.value:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(l.key)
		}
	}
	return b.String()
}

// encode returns the bytes of results.json. NaN and infinities never get this
// far: check names the record that holds one.
func encode(s Study) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// normalized returns a copy of s with the schema filled in and the infinite SQNR
// of exactly stored tensors, which JSON cannot hold, set to 0.
func (s Study) normalized() Study {
	if s.Schema == "" {
		s.Schema = Schema
	}
	s.Records = slices.Clone(s.Records)
	for i := range s.Records {
		r := &s.Records[i]
		r.Tensors = slices.Clone(r.Tensors)
		for j := range r.Tensors {
			if t := &r.Tensors[j]; t.exact() && math.IsInf(t.SQNRdB, 1) {
				t.SQNRdB = 0
			}
		}
	}
	return s
}
