package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// reader reads JSON by tokens, each checked against what must stand there.
type reader struct{ dec *json.Decoder }

func newReader(data []byte) *reader {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return &reader{dec}
}

func (r *reader) more() bool { return r.dec.More() }

func (r *reader) token() (json.Token, error) {
	t, err := r.dec.Token()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("JSON ends at byte %d in the middle of a value", r.dec.InputOffset())
	}
	if err != nil {
		return nil, fmt.Errorf("not valid JSON near byte %d: %w", r.dec.InputOffset(), err)
	}
	return t, nil
}

func (r *reader) open(delim json.Delim, what string) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	if t != delim {
		return fmt.Errorf("%s is %s, expected %s", what, kind(t), kind(delim))
	}
	return nil
}

func (r *reader) close(delim json.Delim) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	if t != delim {
		return fmt.Errorf("found %s near byte %d, expected '%s'", kind(t), r.dec.InputOffset(), delim)
	}
	return nil
}

// key reads an object's key; one that was there before is an error.
func (r *reader) key(seen map[string]bool) (string, error) {
	t, err := r.token()
	if err != nil {
		return "", err
	}
	k, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("key near byte %d is %s, expected a string", r.dec.InputOffset(), kind(t))
	}
	if seen[k] {
		return "", fmt.Errorf("duplicate key %q", k)
	}
	seen[k] = true
	return k, nil
}

func (r *reader) str(what string) (string, error) {
	t, err := r.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%s is %s, expected a string", what, kind(t))
	}
	return s, nil
}

// integers reads an array of non-negative integers.
func (r *reader) integers(what string) ([]int64, error) {
	if err := r.open('[', what); err != nil {
		return nil, err
	}
	out := []int64{}
	for r.more() {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%s holds %s, expected non-negative integers", what, kind(t))
		}
		v, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil || v < 0 {
			return nil, fmt.Errorf("%s holds %s, expected non-negative integers below 2^63", what, n)
		}
		out = append(out, v)
	}
	return out, r.close(']')
}

// strings reads an object of strings.
func (r *reader) strings(what string) (map[string]string, error) {
	if err := r.open('{', what); err != nil {
		return nil, err
	}
	out, seen := map[string]string{}, map[string]bool{}
	for r.more() {
		k, err := r.key(seen)
		if err != nil {
			return nil, err
		}
		if out[k], err = r.str(fmt.Sprintf("value of %q", k)); err != nil {
			return nil, err
		}
	}
	return out, r.close('}')
}

// kind names a token for people.
func kind(t json.Token) string {
	switch t := t.(type) {
	case json.Delim:
		switch t {
		case '{':
			return "an object"
		case '[':
			return "an array"
		}
		return fmt.Sprintf("'%s'", t)
	case string:
		return fmt.Sprintf("the string %q", t)
	case json.Number:
		return "the number " + t.String()
	case bool:
		return strconv.FormatBool(t)
	case nil:
		return "null"
	}
	return fmt.Sprint(t)
}
