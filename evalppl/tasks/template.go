package tasks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"nibble/evalppl/corpus"
)

// template is a text with places for fields.
type template []part

// part is a piece of text, or a field and what is done to it.
type part struct {
	text    string
	field   string // "" for a piece of text
	filters []filter
}

// filter makes another text of one.
type filter func(string) string

// filters are those that lm-evaluation-harness's tasks need, under names of our own.
var filters = map[string]filter{
	// strip takes white space off both ends, as Python's str.strip.
	"strip": func(s string) string { return strings.TrimFunc(s, pythonSpace) },
	// capitalize is Python's str.capitalize: the first character in title case, all others in lower case.
	"capitalize": capitalize,
	// last_word is what stands behind the last space, but_last_word what stands before it: "" where there is none.
	"last_word":     func(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] },
	"but_last_word": func(s string) string { return s[:max(0, strings.LastIndexByte(s, ' '))] },
	// wikihow takes away the marks of the WikiHow part of HellaSwag, as lm-evaluation-harness's preprocess of that task.
	"wikihow": func(s string) string {
		s = strings.TrimFunc(s, pythonSpace)
		s = strings.ReplaceAll(s, " [title]", ". ")
		s = brackets.ReplaceAllString(s, "")
		return strings.ReplaceAll(s, "  ", " ")
	},
}

var brackets = regexp.MustCompile(`\[.*?\]`)

// pythonSpace says whether Python's str.isspace takes r: Unicode's white space and the separators U+001C to U+001F.
func pythonSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func capitalize(s string) string {
	if s == "" {
		return ""
	}
	_, n := utf8.DecodeRuneInString(s)
	lower := cases.Lower(language.Und)
	// The case of a final sigma depends on what stands before it, so the whole is made lower case. The first character stands at
	// the beginning either way, and so has the same length.
	rest := lower.String(s)[len(lower.String(s[:n])):]
	return cases.Title(language.Und).String(s[:n]) + rest
}

func findFilter(name string) (filter, error) {
	if f := filters[name]; f != nil {
		return f, nil
	}
	names := make([]string, 0, len(filters))
	for n := range filters {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("filter %q is not known: want one of %s", name, strings.Join(names, ", "))
}

// parseTemplate reads "text {field|filter} text".
func parseTemplate(s string) (template, error) {
	var t template
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			t = append(t, part{text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); {
		c := s[i]
		doubled := i+1 < len(s) && s[i+1] == c
		switch {
		case (c == '{' || c == '}') && doubled:
			text.WriteByte(c)
			i += 2
		case c == '}':
			return nil, fmt.Errorf("%q has a } at %d that closes nothing: write }} for the character itself", s, i)
		case c == '{':
			end := strings.IndexAny(s[i+1:], "{}")
			if end < 0 || s[i+1+end] != '}' {
				return nil, fmt.Errorf("%q has a { at %d that is not closed: write {{ for the character itself", s, i)
			}
			flush()
			p, err := parseField(s[i+1 : i+1+end])
			if err != nil {
				return nil, fmt.Errorf("%q: %w", s, err)
			}
			t = append(t, p)
			i += end + 2
		default:
			text.WriteByte(c)
			i++
		}
	}
	flush()
	return t, nil
}

func parseField(s string) (part, error) {
	names := strings.Split(s, "|")
	p := part{field: names[0]}
	if p.field == "" {
		return p, fmt.Errorf("{%s} names no field", s)
	}
	for _, name := range names[1:] {
		f, err := findFilter(name)
		if err != nil {
			return p, err
		}
		p.filters = append(p.filters, f)
	}
	return p, nil
}

func (p *part) apply(s string) string {
	for _, f := range p.filters {
		s = f(s)
	}
	return s
}

// single returns the field of a template that is nothing but one, "" for others.
func (t template) single() string {
	if len(t) == 1 {
		return t[0].field
	}
	return ""
}

func (t template) fields() (names []string) {
	for _, p := range t {
		if p.field != "" {
			names = append(names, p.field)
		}
	}
	return names
}

// expand fills the fields in from a record.
func (t template) expand(r corpus.Record) (string, error) {
	var out strings.Builder
	for i := range t {
		p := &t[i]
		if p.field == "" {
			out.WriteString(p.text)
			continue
		}
		s, err := r.Text(p.field)
		if err != nil {
			return "", err
		}
		out.WriteString(p.apply(s))
	}
	return out.String(), nil
}

// list is expand for a choice: several texts where the template is a field with an array.
func (t template) list(r corpus.Record) ([]string, error) {
	field := t.single()
	if field == "" || !r.IsArray(field) {
		s, err := t.expand(r)
		return []string{s}, err
	}
	texts, err := r.Texts(field)
	for i := range texts {
		texts[i] = t[0].apply(texts[i])
	}
	return texts, err
}
