package tokenizer

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a JSON value with the path that leads to it, so that every complaint says where it is.
type node struct {
	path string
	v    any
}

// parseNode reads a whole JSON file into a node.
func parseNode(file string, data []byte) (node, error) {
	r, err := newJSONReader(data)
	if err != nil {
		return node{}, fmt.Errorf("tokenizer: %s: %w", file, err)
	}
	v, err := r.value()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return node{}, fmt.Errorf("tokenizer: %s: %w", file, err)
	}
	return node{path: file + ":", v: v}, nil
}

func (n node) errorf(format string, args ...any) error {
	return fmt.Errorf("tokenizer: %s: %s", strings.TrimSuffix(n.path, ":"), fmt.Sprintf(format, args...))
}

func (n node) null() bool { return n.v == nil }

// get returns the member of an object; a null node where it is missing.
func (n node) get(key string) node {
	path := n.path + "." + key
	if strings.HasSuffix(n.path, ":") {
		path = n.path + " " + key
	}
	m, _ := n.v.(map[string]any)
	return node{path: path, v: m[key]}
}

func (n node) items() ([]node, error) {
	list, ok := n.v.([]any)
	if !ok {
		return nil, n.errorf("found %s, want a list", n.kind())
	}
	out := make([]node, len(list))
	for i, v := range list {
		out[i] = node{path: n.path + "[" + strconv.Itoa(i) + "]", v: v}
	}
	return out, nil
}

func (n node) kind() string {
	switch v := n.v.(type) {
	case nil:
		return "nothing"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case jsonNumber:
		return "the number " + string(v)
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

func (n node) str() (string, error) {
	s, ok := n.v.(string)
	if !ok {
		return "", n.errorf("found %s, want a string", n.kind())
	}
	return s, nil
}

// strOr returns the string, or def where there is none.
func (n node) strOr(def string) (string, error) {
	if n.null() {
		return def, nil
	}
	return n.str()
}

func (n node) char() (rune, error) {
	s, err := n.str()
	if err != nil {
		return 0, err
	}
	if utf8.RuneCountInString(s) != 1 {
		return 0, n.errorf("found %q, want one character", s)
	}
	c, _ := utf8.DecodeRuneInString(s)
	return c, nil
}

func (n node) boolean() (bool, error) {
	b, ok := n.v.(bool)
	if !ok {
		return false, n.errorf("found %s, want true or false", n.kind())
	}
	return b, nil
}

// boolOr returns the truth value, or def where there is none.
func (n node) boolOr(def bool) (bool, error) {
	if n.null() {
		return def, nil
	}
	return n.boolean()
}

func (n node) uint32() (uint32, error) {
	s, ok := n.v.(jsonNumber)
	v, err := strconv.ParseUint(string(s), 10, 32)
	if !ok || err != nil {
		return 0, n.errorf("found %s, want a whole number of 32 bits", n.kind())
	}
	return uint32(v), nil
}

// typed returns the "type" of a pipeline part.
func (n node) typed() (string, error) {
	if _, ok := n.v.(map[string]any); !ok {
		return "", n.errorf("found %s, want an object with a type", n.kind())
	}
	return n.get("type").str()
}

// only refuses members other than those named: a setting that nibble does not know might change the ids. Members that are null ask for nothing.
func (n node) only(known ...string) error {
	m, _ := n.v.(map[string]any)
	var odd []string
	for key, v := range m {
		found := key == "type" || v == nil
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			odd = append(odd, strconv.Quote(key))
		}
	}
	if odd == nil {
		return nil
	}
	sort.Strings(odd)
	return n.errorf("type %q: setting %s is not built (built: %s)", m["type"], strings.Join(odd, ", "), strings.Join(known, ", "))
}

// notBuilt refuses a part of the pipeline by name.
func (n node) notBuilt(what, typ string, built []string) error {
	return n.errorf("%s of type %q is not built (built: %s)", what, typ, strings.Join(built, ", "))
}
