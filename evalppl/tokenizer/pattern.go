package tokenizer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The expressions of tokenizer.json are written for Oniguruma with its Ruby syntax, and regexp2 reads .NET's. translatePattern rewrites one for
// the other construct by construct and refuses what it does not know, because many constructs are valid in both and mean different things
// (`^`, `$`, `(?m:`, `\h`, `\w`, `{,n}`, `[a&&b]`, `{n}+`). Source: Oniguruma's doc/RE, syntax ONIG_SYNTAX_RUBY.

const (
	maxPatternBytes = 1 << 14
	maxPatternDepth = 64
	maxTranslated   = 1 << 20
	maxRepeat       = 1000
)

// patternReader holds the state of one translation.
type patternReader struct {
	src   string
	i     int
	out   strings.Builder
	fold  bool
	depth int
	prev  rune // the literal just before, with fold: two letters may fold together
}

func translatePattern(src string) (string, error) {
	if len(src) > maxPatternBytes {
		return "", fmt.Errorf("the expression has %d bytes, at most %d are read", len(src), maxPatternBytes)
	}
	r := &patternReader{src: src}
	if err := r.alternatives(); err != nil {
		return "", fmt.Errorf("expression %q, byte %d: %w", src, r.i, err)
	}
	if r.i < len(src) {
		return "", fmt.Errorf("expression %q, byte %d: ')' without '('", src, r.i)
	}
	return r.out.String(), nil
}

func (r *patternReader) more() bool            { return r.i < len(r.src) }
func (r *patternReader) at(prefix string) bool { return strings.HasPrefix(r.src[r.i:], prefix) }

func (r *patternReader) take(prefix string) bool {
	if r.at(prefix) {
		r.i += len(prefix)
		return true
	}
	return false
}

func (r *patternReader) next() rune {
	c, n := utf8.DecodeRuneInString(r.src[r.i:])
	r.i += n
	return c
}

// alternatives reads up to the end of the group or expression.
func (r *patternReader) alternatives() error {
	if r.depth++; r.depth > maxPatternDepth {
		return fmt.Errorf("nested deeper than %d", maxPatternDepth)
	}
	defer func() { r.depth-- }()
	r.prev = 0
	for r.more() && r.src[r.i] != ')' {
		if r.take("|") {
			r.out.WriteByte('|')
			r.prev = 0
			continue
		}
		before := r.out.String()
		if err := r.atom(); err != nil {
			return err
		}
		if r.out.Len() > maxTranslated {
			return fmt.Errorf("the sets it names are too large together")
		}
		atom := r.out.String()[len(before):]
		repeated, err := r.quantifiers(atom)
		if err != nil {
			return err
		}
		if repeated != atom {
			r.prev = 0
			r.out.Reset()
			r.out.WriteString(before)
			r.out.WriteString(repeated)
		}
	}
	return nil
}

// quantifiers reads what repeats the atom and returns the atom with it.
func (r *patternReader) quantifiers(atom string) (string, error) {
	if !r.more() {
		return atom, nil
	}
	if strings.IndexByte("*+?", r.src[r.i]) >= 0 {
		q := r.src[r.i : r.i+1]
		r.i++
		switch {
		case r.take("+"):
			atom = "(?>" + atom + q + ")"
		case r.take("?"):
			atom += q + "?"
		default:
			atom += q
		}
	} else if r.src[r.i] == '{' {
		low, high, n, ok := interval(r.src[r.i:])
		if !ok {
			return atom, nil // a brace that stands for itself
		}
		if low > maxRepeat || high > maxRepeat || high >= 0 && low > high {
			return "", fmt.Errorf("repetition %s: want {low,high}, at most %d", r.src[r.i:r.i+n], maxRepeat)
		}
		r.i += n
		q := "{" + strconv.Itoa(low) + "}"
		if high < 0 {
			q = "{" + strconv.Itoa(low) + ",}"
		} else if high != low {
			q = "{" + strconv.Itoa(low) + "," + strconv.Itoa(high) + "}"
		}
		atom += q
		if r.more() && r.src[r.i] == '?' {
			if high == low {
				return "", fmt.Errorf("%s? is not built", q)
			}
			r.i++
			atom += "?"
		} else if r.take("+") { // in Ruby's syntax this repeats the repetition
			atom = "(?:" + atom + ")+"
		}
	} else {
		return atom, nil
	}
	if r.more() && strings.IndexByte("*+?", r.src[r.i]) >= 0 {
		return "", fmt.Errorf("a quantifier on a quantifier is not built")
	}
	if r.more() && r.src[r.i] == '{' {
		if _, _, _, ok := interval(r.src[r.i:]); ok {
			return "", fmt.Errorf("a quantifier on a quantifier is not built")
		}
	}
	return atom, nil
}

// interval reads {n}, {n,}, {,m} or {n,m}; high is -1 without a bound.
func interval(s string) (low, high, length int, ok bool) {
	end := strings.IndexByte(s, '}')
	if end < 2 || end > 16 {
		return 0, 0, 0, false
	}
	a, b, comma := strings.Cut(s[1:end], ",")
	number := func(t string) (int, bool) {
		if t == "" || strings.Trim(t, "0123456789") != "" {
			return 0, false
		}
		n, err := strconv.Atoi(t)
		return n, err == nil
	}
	lowOK, highOK := false, false
	low, lowOK = number(a)
	high, highOK = number(b)
	switch {
	case !comma:
		high, highOK = low, lowOK
	case a == "" && highOK:
		low, lowOK = 0, true
	case b == "" && lowOK:
		high, highOK = -1, true
	}
	return low, high, end + 1, lowOK && highOK
}

// atom reads one thing that a quantifier may follow, or an anchor.
func (r *patternReader) atom() error {
	prev := r.prev
	r.prev = 0
	switch c := r.next(); c {
	case '(':
		return r.group()
	case '[':
		return r.class()
	case '\\':
		return r.escape()
	case '.':
		r.out.WriteString(`[^\n]`)
	case '^':
		r.out.WriteString(`(?:\A|(?<=\n)(?!\z))`)
	case '$':
		r.out.WriteString(`(?=\n|\z)`)
	case '*', '+', '?':
		return fmt.Errorf("%q repeats nothing", c)
	default:
		return r.literal(c, prev)
	}
	return nil
}

// literal writes one character that stands for itself; folded, all characters of its case.
func (r *patternReader) literal(c, prev rune) error {
	if !r.fold || unicode.SimpleFold(c) == c {
		writeRune(&r.out, c)
		return nil
	}
	if c >= utf8.RuneSelf {
		return fmt.Errorf("%q without regard to case is not built (built: ASCII letters)", c)
	}
	// Full case folding maps single characters (ß, ﬁ, ...) to these pairs, and the reference would match them.
	switch strings.ToLower(string(prev) + string(c)) {
	case "ss", "ff", "fi", "fl", "st":
		return fmt.Errorf("%q without regard to case is not built (a ligature folds to it)", string(prev)+string(c))
	}
	r.prev = c
	r.out.WriteByte('[')
	writeRune(&r.out, c)
	for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
		writeRune(&r.out, f)
	}
	r.out.WriteByte(']')
	return nil
}

// writeRune writes a character so that it stands for itself, inside a class or outside.
func writeRune(b *strings.Builder, c rune) {
	switch {
	case c < 0x20 || c >= 0x7F && c < 0x10000:
		fmt.Fprintf(b, `\u%04X`, c)
	case c >= 0x10000, c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		b.WriteRune(c)
	default:
		fmt.Fprintf(b, `\x%02X`, c)
	}
}

func (r *patternReader) group() error {
	fold := r.fold
	opener := "(?:"
	if r.take("?") {
		switch {
		case r.take(":"):
		case r.take("="):
			opener = "(?="
		case r.take("!"):
			opener = "(?!"
		case r.take(">"):
			opener = "(?>"
		case r.take("<="):
			opener = "(?<="
		case r.take("<!"):
			opener = "(?<!"
		case r.take("i:"):
			r.fold = true
		case r.take("-i:"):
			r.fold = false
		case r.take("i)"):
			if r.i != len("(?i)") {
				return fmt.Errorf("(?i) anywhere but at the start of the expression is not built")
			}
			r.fold = true
			return nil
		default:
			return fmt.Errorf("group (?%.8s is not built (built: (?: (?= (?! (?> (?<= (?<! (?i: (?-i: and (?i) at the start)", r.src[r.i:])
		}
	}
	r.out.WriteString(opener)
	if err := r.alternatives(); err != nil {
		return err
	}
	if !r.take(")") {
		return fmt.Errorf("'(' without ')'")
	}
	r.out.WriteByte(')')
	r.fold, r.prev = fold, 0
	return nil
}

// escape reads what follows a backslash outside a class.
func (r *patternReader) escape() error {
	if !r.more() {
		return fmt.Errorf("the expression ends with a backslash")
	}
	switch {
	case r.take("A"):
		r.out.WriteString(`\A`)
		return nil
	case r.take("z"):
		r.out.WriteString(`\z`)
		return nil
	case r.take("Z"):
		r.out.WriteString(`(?=\n?\z)`)
		return nil
	case r.take("b"):
		r.out.WriteString(`(?:(?<=[` + setWord + `])(?![` + setWord + `])|(?<![` + setWord + `])(?=[` + setWord + `]))`)
		return nil
	}
	if r.at("w") || r.at("W") {
		// Outside a class Oniguruma's \w also holds the superscripts and fractions of Latin-1.
		set := "[" + setWord + "²³¹¼½¾]"
		if r.take("W") {
			set = "[^" + set[1:]
		} else {
			r.i++
		}
		r.out.WriteString(set)
		return nil
	}
	set, c, err := r.classEscape()
	if err != nil {
		return err
	}
	if set != "" {
		r.out.WriteString("[" + set + "]")
		return nil
	}
	return r.literal(c, 0)
}
