package corpus

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// findText follows path into value, which is valid JSON and valid UTF-8. whole is the path from the top, for errors.
func findText(value []byte, path, whole string) ([]byte, error) {
	value = bytes.Trim(value, " \t\r\n")
	if value[0] != '{' {
		inside := strings.TrimSuffix(strings.TrimSuffix(whole, path), ".")
		if inside == "" {
			return nil, fmt.Errorf("found %s, want a JSON object with the field %q", jsonKind(value), whole)
		}
		return nil, fmt.Errorf("field %q: found %s, want an object with the field %q", inside, jsonKind(value), path)
	}
	_, rest, _ := strings.Cut(path, ".")
	exact, outer, names, err := findMember(value, path)
	if err != nil {
		return nil, err
	}
	switch {
	case exact != nil && exact[0] != '"':
		return nil, fmt.Errorf("field %q: found %s, want a string", whole, jsonKind(exact))
	case exact != nil:
		text, err := unquote(exact)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", whole, err)
		}
		return text, nil
	case outer != nil:
		return findText(outer, rest, whole)
	}
	inside := strings.TrimSuffix(strings.TrimSuffix(whole, path), ".")
	if inside != "" {
		return nil, fmt.Errorf("field %q: no field %q inside %q; the fields there are %s: name one of them (--field)", whole, path, inside, listNames(names))
	}
	return nil, fmt.Errorf("no field %q; the fields of the line are %s: name one of them (--field)", whole, listNames(names))
}

// findMember returns the value of the member of a valid JSON object that is named by a path, dots included, and that of the member
// named by what stands before the path's first dot; nil where there is none. names are those of all members up to an error.
func findMember(object []byte, path string) (exact, outer []byte, names []string, err error) {
	first, _, nested := strings.Cut(path, ".")
	for key, value := range members(object) {
		name, err := unquote(key)
		if err != nil {
			return nil, nil, names, fmt.Errorf("field name %s: %w", clip(string(key)), err)
		}
		names = append(names, string(name))
		var slot *[]byte
		switch {
		case string(name) == path:
			slot = &exact
		case nested && string(name) == first:
			slot = &outer
		default:
			continue
		}
		if *slot != nil {
			return nil, nil, names, fmt.Errorf("field %q stands twice in the same object: which one is meant cannot be told", name)
		}
		*slot = value
	}
	return exact, outer, names, nil
}

// members yields the key (with its quotes) and the value of each member of a valid JSON object, without space around them.
func members(object []byte) func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		i := skipSpace(object, 1)
		for object[i] != '}' {
			end := skipValue(object, i)
			key := object[i:end]
			i = skipSpace(object, skipSpace(object, end)+1) // the colon
			end = skipValue(object, i)
			if !yield(key, object[i:end]) {
				return
			}
			if i = skipSpace(object, end); object[i] == ',' {
				i = skipSpace(object, i+1)
			}
		}
	}
}

func skipSpace(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n' {
		i++
	}
	return i
}

// skipValue returns the end of the value that starts at i of valid JSON. It does not recurse.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i // the end of the object around a number or literal
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			i++
			continue
		default: // a number, a literal, a colon
			i++
			continue
		}
		i++
		if depth == 0 {
			return i
		}
	}
	return i
}

// jsonKind names a value's kind with a look at small ones.
func jsonKind(value []byte) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean (" + string(value) + ")"
	case 'n':
		return "null"
	}
	return "a number (" + clip(string(value)) + ")"
}

// unquote decodes a valid JSON string with its quotes. It refuses half a surrogate pair, which no UTF-8 text can hold; encoding/json would
// put U+FFFD in its place.
func unquote(quoted []byte) ([]byte, error) {
	s := quoted[1 : len(quoted)-1]
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(out, s...), nil
		}
		out = append(out, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(s)
			s = s[4:]
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					pair = utf16.DecodeRune(r, hex4(s[2:]))
				}
				if pair == utf8.RuneError {
					return nil, fmt.Errorf("\\u%04x is half a surrogate pair, which is no character: repair the text", r)
				}
				r, s = pair, s[6:]
			}
			out = utf8.AppendRune(out, r)
		default: // " \ /
			out = append(out, c)
		}
	}
	return out, nil
}

// hex4 reads the four hexadecimal digits that valid JSON has after \u.
func hex4(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 16)
	return rune(n)
}

// listNames lists names for an error, at most 20.
func listNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, n := range names {
		if i == 20 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(clip(n)))
	}
	return b.String()
}

// clip shortens what a file says for an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
