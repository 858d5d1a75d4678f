package tokenizer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds the nesting of arrays and objects; real tokenizer files stay under ten.
const maxJSONDepth = 64

// jsonReader is a strict pull parser over one JSON text. encoding/json would read qwen's 11 MB several times (once for each RawMessage), accept
// duplicate keys and replace lone surrogates in silence; a vocabulary must not lose a token that way. Reading methods leave the reader
// behind the value they return.
type jsonReader struct {
	s     string
	i     int
	depth int
}

func (r *jsonReader) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", r.i, fmt.Sprintf(format, args...))
}

func (r *jsonReader) space() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\n', '\t', '\r':
			r.i++
		default:
			return
		}
	}
}

// peek returns the first byte of the next value, 0 at the end of the text.
func (r *jsonReader) peek() byte {
	r.space()
	if r.i >= len(r.s) {
		return 0
	}
	return r.s[r.i]
}

func (r *jsonReader) expect(c byte) error {
	if got := r.peek(); got != c {
		return r.errorf("found %s, want %q", describeByte(got), c)
	}
	r.i++
	return nil
}

func describeByte(c byte) string {
	if c == 0 {
		return "the end of the file"
	}
	return strconv.QuoteRune(rune(c))
}

// object calls member for every key, which must read the value. A key that comes twice is an error.
func (r *jsonReader) object(member func(key string) error) error {
	return r.members('{', '}', func() error {
		key, err := r.str()
		if err != nil {
			return err
		}
		if err := r.expect(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for every element, which must read it.
func (r *jsonReader) array(element func(i int) error) error {
	i := -1
	return r.members('[', ']', func() error {
		i++
		return element(i)
	})
}

func (r *jsonReader) members(open, end byte, one func() error) error {
	if err := r.expect(open); err != nil {
		return err
	}
	if r.depth++; r.depth > maxJSONDepth {
		return r.errorf("nested deeper than %d", maxJSONDepth)
	}
	defer func() { r.depth-- }()
	if r.peek() == end {
		r.i++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		switch c := r.peek(); c {
		case ',':
			r.i++
		case end:
			r.i++
			return nil
		default:
			return r.errorf("found %s, want ',' or %q", describeByte(c), end)
		}
	}
}

// str reads a string. Without escapes it is a slice of the file's text: clone what is kept.
func (r *jsonReader) str() (string, error) {
	if err := r.expect('"'); err != nil {
		return "", err
	}
	start := r.i
	for r.i < len(r.s) {
		switch c := r.s[r.i]; {
		case c == '"':
			s := r.s[start:r.i]
			r.i++
			return s, nil
		case c == '\\':
			return r.strEscaped(start)
		case c < 0x20:
			return "", r.errorf("control character %#02x inside a string", c)
		}
		r.i++
	}
	return "", r.errorf("the file ends inside a string")
}

func (r *jsonReader) strEscaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(r.s[start:r.i])
	for r.i < len(r.s) {
		c := r.s[r.i]
		switch {
		case c == '"':
			r.i++
			return b.String(), nil
		case c < 0x20:
			return "", r.errorf("control character %#02x inside a string", c)
		case c != '\\':
			b.WriteByte(c)
			r.i++
		default:
			c, err := r.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(c)
		}
	}
	return "", r.errorf("the file ends inside a string")
}

func (r *jsonReader) escape() (rune, error) {
	if r.i+1 >= len(r.s) {
		return 0, r.errorf("the file ends inside a string")
	}
	c := r.s[r.i+1]
	if c == 'u' {
		first, err := r.hex4()
		if err != nil {
			return 0, err
		}
		if !utf16.IsSurrogate(first) {
			return first, nil
		}
		if strings.HasPrefix(r.s[r.i:], `\u`) {
			second, err := r.hex4()
			if err != nil {
				return 0, err
			}
			if full := utf16.DecodeRune(first, second); full != utf8.RuneError {
				return full, nil
			}
		}
		return 0, r.errorf("half of a surrogate pair in a string")
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	at := strings.IndexByte(from, c)
	if at < 0 {
		return 0, r.errorf("unknown escape \\%c in a string", c)
	}
	r.i += 2
	return rune(to[at]), nil
}

// hex4 reads \uXXXX.
func (r *jsonReader) hex4() (rune, error) {
	if r.i+6 > len(r.s) {
		return 0, r.errorf("the file ends inside a string")
	}
	n := rune(0)
	for _, c := range []byte(r.s[r.i+2 : r.i+6]) {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, r.errorf("bad \\u escape in a string")
		}
	}
	r.i += 6
	return n, nil
}

// number reads a number and returns its text.
func (r *jsonReader) number() (string, error) {
	r.space()
	start := r.i
	for r.i < len(r.s) && strings.IndexByte("+-.0123456789eE", r.s[r.i]) >= 0 {
		r.i++
	}
	text := r.s[start:r.i]
	// strconv takes forms that JSON does not; those that matter for ids are refused by uint32.
	if v, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(v, 0) || text[0] == '+' || text[0] == '.' {
		r.i = start
		return "", r.errorf("want a number")
	}
	return text, nil
}

// uint32 reads a whole number of 0 to 2^32-1.
func (r *jsonReader) uint32() (uint32, error) {
	start := r.i
	text, err := r.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		r.i = start
		return 0, r.errorf("%s is not a whole number of 32 bits", text)
	}
	return uint32(v), nil
}

func (r *jsonReader) word(w string) error {
	if !strings.HasPrefix(r.s[r.i:], w) {
		return r.errorf("found %s, want a JSON value", describeByte(r.s[r.i]))
	}
	r.i += len(w)
	return nil
}

// value reads any value: nil, bool, string, jsonNumber, []any or map[string]any.
func (r *jsonReader) value() (any, error) {
	switch c := r.peek(); c {
	case '{':
		m := map[string]any{}
		err := r.object(func(key string) error {
			if _, twice := m[key]; twice {
				return r.errorf("key %q comes twice", key)
			}
			v, err := r.value()
			m[key] = v
			return err
		})
		return m, err
	case '[':
		var list []any
		err := r.array(func(int) error {
			v, err := r.value()
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		s, err := r.str()
		return s, err
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	case 0:
		return nil, r.errorf("the file ends where a value should come")
	default:
		text, err := r.number()
		return jsonNumber(text), err
	}
}

type jsonNumber string

// end reports what follows the last value.
func (r *jsonReader) end() error {
	if c := r.peek(); r.i < len(r.s) {
		return r.errorf("found %s behind the end of the JSON value", describeByte(c))
	}
	return nil
}

// newJSONReader checks that the text is UTF-8 and starts a reader behind a byte order mark, if any.
func newJSONReader(data []byte) (*jsonReader, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("not UTF-8")
	}
	return &jsonReader{s: strings.TrimPrefix(string(data), "\ufeff")}, nil
}
