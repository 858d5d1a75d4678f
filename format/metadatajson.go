package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on metadata.
const (
	maxList  = 1 << 16 // entries of a JSON array
	maxDepth = 16      // of JSON values
	maxText  = 4096    // bytes of a string
)

// encodeMetadata writes fields in the order of the Go structs, without spaces, HTML characters as they are: the bytes depend
// on the values alone.
func encodeMetadata(m Metadata) ([]byte, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	if m.Sources == nil {
		m.Sources = []Source{} // [], not null
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("format: metadata: %w", err)
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(out) > maxMetadata {
		return nil, fmt.Errorf("format: metadata: %d bytes of JSON, at most %d", len(out), maxMetadata)
	}
	return out, nil
}

// decodeMetadata reads JSON that has been bounded in length. Unknown fields of the spec are refused, as each would change what
// the model computes; unknown fields elsewhere are provenance of a later release and are skipped.
func decodeMetadata(b []byte) (Metadata, error) {
	var m Metadata
	if err := scanJSON(b); err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, err
	}
	var raw struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return m, err
	}
	if raw.Spec == nil {
		return m, errors.New("spec is missing")
	}
	dec := json.NewDecoder(bytes.NewReader(raw.Spec))
	dec.DisallowUnknownFields()
	if err := dec.Decode(new(Spec)); err != nil {
		return m, fmt.Errorf("spec: %w", err)
	}
	return m, m.validate()
}

// scanJSON refuses what programs disagree about or what costs out of proportion: invalid UTF-8, keys given twice (case not
// counting), depth, long arrays. It holds nothing but the open objects' keys.
func scanJSON(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	type level struct {
		keys  map[string]bool // nil in an array
		isKey bool
		n     int
	}
	var stack []level
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			if len(stack) > 0 || len(bytes.TrimSpace(b)) == 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if d, ok := tok.(json.Delim); ok && (d == '}' || d == ']') {
			stack = stack[:len(stack)-1]
			continue
		}
		if n := len(stack); n > 0 {
			top := &stack[n-1]
			if top.n++; top.n > 2*maxList {
				return fmt.Errorf("at byte %d: more than %d values in one array or object", dec.InputOffset(), maxList)
			}
			if top.keys != nil {
				top.isKey = !top.isKey
				if top.isKey {
					key := strings.ToLower(tok.(string))
					if top.keys[key] {
						return fmt.Errorf("at byte %d: key %q is given twice", dec.InputOffset(), key)
					}
					top.keys[key] = true
					continue
				}
			} else if top.n > maxList {
				return fmt.Errorf("at byte %d: more than %d values in one array or object", dec.InputOffset(), maxList)
			}
		}
		if d, ok := tok.(json.Delim); ok {
			if len(stack) == maxDepth {
				return fmt.Errorf("at byte %d: deeper than %d", dec.InputOffset(), maxDepth)
			}
			l := level{}
			if d == '{' {
				l.keys = map[string]bool{}
			}
			stack = append(stack, l)
		}
	}
}

// validate checks the spec and everything else that is written or read.
func (m Metadata) validate() error {
	if err := m.Spec.Validate(); err != nil {
		return err
	}
	var c checker
	c.text("model", m.Model, maxText)
	c.text("tool", m.Tool, maxText)
	c.text("recipe.type", m.Recipe.Type, 256)
	c.text("recipe.embed", m.Recipe.Embed, 256)
	c.text("recipe.head", m.Recipe.Head, 256)
	c.text("recipe.method", m.Recipe.Method, 256)
	c.text("source_dtype", m.SourceDType, 256)
	if m.Parameters < 0 || m.Parameters > math.MaxInt64/8 {
		c.fail("parameters", "%d, must lie in 0..%d", m.Parameters, int64(math.MaxInt64/8))
	}
	if len(m.Sources) > maxList {
		c.fail("sources", "%d entries, at most %d", len(m.Sources), maxList)
	}
	for i, s := range m.Sources[:min(len(m.Sources), maxList)] {
		field := fmt.Sprintf("sources[%d]", i)
		c.text(field+".name", s.Name, maxText)
		if s.Bytes < 0 {
			c.fail(field+".bytes", "%d, must not be negative", s.Bytes)
		}
		if len(s.SHA256) != 64 || strings.Trim(s.SHA256, "0123456789abcdef") != "" {
			c.fail(field+".sha256", "%.80q, must be 64 lower-case hexadecimal digits", s.SHA256)
		}
	}
	if len(m.Ignored) > maxList {
		c.fail("ignored", "%d entries, at most %d", len(m.Ignored), maxList)
	}
	for i, t := range m.Ignored[:min(len(m.Ignored), maxList)] {
		c.text(fmt.Sprintf("ignored[%d].name", i), t.Name, maxText)
		c.text(fmt.Sprintf("ignored[%d].reason", i), t.Reason, maxText)
	}
	if err := errors.Join(c.errs...); err != nil {
		return fmt.Errorf("format: metadata: %w", err)
	}
	return nil
}

// text admits UTF-8 that a terminal prints as it is: no control characters, nothing that reverses the direction.
func (c *checker) text(field, s string, limit int) {
	if len(s) > limit {
		c.fail(field, "%d bytes, at most %d", len(s), limit)
		return
	}
	if !utf8.ValidString(s) {
		c.fail(field, "%q is not UTF-8", s)
		return
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			c.fail(field, "%q holds the control character %U", s, r)
			return
		}
	}
}
