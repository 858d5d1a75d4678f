package tokenizer

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The shorthand sets of Oniguruma in Unicode mode, as the inside of a class.
const (
	setSpace = `\u0009-\u000D \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000`
	setDigit = `\p{Nd}`
	setHex   = `0-9A-Fa-f`
	// setAlpha is Alphabetic. What Other_Alphabetic (Unicode 15.0) adds to the letters and letter numbers besides marks are the circled and
	// squared letters; the marks are setAlphaMarks.
	setAlpha = `\p{L}\p{Nl}\u24B6-\u24E9` + "\U0001F130-\U0001F149\U0001F150-\U0001F169\U0001F170-\U0001F189"
	setWord  = setAlpha + `\p{M}\p{Nd}\p{Pc}`
)

// longCategories maps long names of general categories to the short ones.
var longCategories = map[string]string{
	"letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm", "otherletter": "Lo",
	"mark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me",
	"punct": "P", "number": "N", "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No",
	"punctuation": "P", "connectorpunctuation": "Pc", "dashpunctuation": "Pd", "openpunctuation": "Ps", "closepunctuation": "Pe",
	"initialpunctuation": "Pi", "finalpunctuation": "Pf", "otherpunctuation": "Po",
	"symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk", "othersymbol": "So",
	"separator": "Z", "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp",
	"control": "Cc", "format": "Cf", "privateuse": "Co",
}

// property returns the inside of a class for \p{name}; categories C and Cn are not among Go's tables in the same sense and are refused.
func property(name string) (string, error) {
	plain := strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(name))
	if short, ok := longCategories[plain]; ok {
		return `\p{` + short + `}`, nil
	}
	for short := range unicode.Categories {
		if strings.ToLower(short) == plain && plain != "c" && plain != "cn" && plain != "cs" && plain != "lc" && len(short) <= 2 {
			return `\p{` + short + `}`, nil
		}
	}
	for script := range unicode.Scripts {
		if strings.ToLower(strings.ReplaceAll(script, "_", "")) == plain {
			return `\p{` + script + `}`, nil
		}
	}
	return "", fmt.Errorf("property \\p{%s} is not built (built: general categories, scripts and Alphabetic)", name)
}

// classEscape reads what follows a backslash, for use inside a class: a set (the inside of a class), or one character.
func (r *patternReader) classEscape() (set string, c rune, err error) {
	if !r.more() {
		return "", 0, fmt.Errorf("the expression ends with a backslash")
	}
	switch c := r.next(); c {
	case 's':
		return setSpace, 0, nil
	case 'd':
		return setDigit, 0, nil
	case 'h':
		return setHex, 0, nil
	case 'w':
		return setWord, 0, nil
	case 'S':
		return setNotSpace(), 0, nil
	case 'D':
		return `\P{Nd}`, 0, nil
	case 'W':
		return setNotWord(), 0, nil
	case 'n':
		return "", '\n', nil
	case 'r':
		return "", '\r', nil
	case 't':
		return "", '\t', nil
	case 'f':
		return "", '\f', nil
	case 'v':
		return "", '\v', nil
	case 'a':
		return "", '\a', nil
	case 'e':
		return "", 0x1B, nil
	case 'p', 'P':
		return r.propertyEscape(c == 'P')
	case 'x', 'u':
		c, err := r.codeEscape(c)
		return "", c, err
	default:
		if c >= utf8.RuneSelf || unicode.IsLetter(c) || unicode.IsDigit(c) {
			return "", 0, fmt.Errorf("escape \\%c is not built", c)
		}
		return "", c, nil
	}
}

// complementSet writes, as the inside of a class, all characters that are not in a set.
func complementSet(in func(rune) bool) string {
	var b strings.Builder
	start := rune(-1)
	for c := rune(0); c <= unicode.MaxRune+1; c++ {
		out := c <= unicode.MaxRune && !in(c)
		if out && start < 0 {
			start = c
		} else if !out && start >= 0 {
			writeRune(&b, start)
			b.WriteByte('-')
			writeRune(&b, c-1)
			start = -1
		}
	}
	return b.String()
}

func (r *patternReader) propertyEscape(negate bool) (string, rune, error) {
	end := strings.IndexByte(r.src[r.i:], '}')
	if !r.at("{") || end < 0 {
		return "", 0, fmt.Errorf("\\p without {name}")
	}
	name := r.src[r.i+1 : r.i+end]
	r.i += end + 1
	if strings.HasPrefix(name, "^") {
		name, negate = name[1:], !negate
	}
	if strings.EqualFold(name, "alphabetic") && !negate {
		return setAlpha + setAlphaMarks(), 0, nil
	}
	set, err := property(name)
	if err == nil && negate {
		set = `\P` + set[2:]
	}
	return set, 0, err
}

// codeEscape reads \xH, \xHH, \x{H...} and \uHHHH behind the letter.
func (r *patternReader) codeEscape(kind rune) (rune, error) {
	digits := 0
	rest := r.src[r.i:]
	isHex := func(i int) bool { return i < len(rest) && strings.IndexByte("0123456789abcdefABCDEF", rest[i]) >= 0 }
	hex := ""
	if kind == 'x' && strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 2 || end > 9 {
			return 0, fmt.Errorf("bad \\x{}")
		}
		hex = rest[1:end]
		r.i += end + 1
	} else {
		want := 2
		if kind == 'u' {
			want = 4
		}
		for digits < want && isHex(digits) {
			digits++
		}
		if digits == 0 || kind == 'u' && digits < 4 {
			return 0, fmt.Errorf("bad \\%c escape", kind)
		}
		hex = rest[:digits]
		r.i += digits
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) || v > unicode.MaxRune {
		return 0, fmt.Errorf("\\%c%s is no character", kind, hex)
	}
	if kind == 'x' && v >= 0x80 && !strings.HasPrefix(rest, "{") {
		return 0, fmt.Errorf("\\x%s is a byte, not a character: not built", hex)
	}
	return rune(v), nil
}

// class reads a bracketed class behind its '['.
func (r *patternReader) class() error {
	var set strings.Builder
	negate := r.take("^")
	if r.at("]") {
		return fmt.Errorf("a class that starts with ']' is not built")
	}
	for !r.take("]") {
		if err := r.classItem(&set); err != nil {
			return err
		}
	}
	r.out.WriteByte('[')
	if negate {
		r.out.WriteByte('^')
	}
	r.out.WriteString(set.String())
	r.out.WriteByte(']')
	return nil
}

func (r *patternReader) classItem(set *strings.Builder) error {
	if !r.more() {
		return fmt.Errorf("'[' without ']'")
	}
	if r.at("&&") {
		return fmt.Errorf("an intersection (&&) in a class is not built")
	}
	if r.at("[") {
		return r.posixClass(set)
	}
	low, isSet, err := r.classChar(set)
	if err != nil || isSet {
		return err
	}
	high := low
	// A '-' before ']' or a set stands for itself.
	if r.at("-") && !r.at("-]") && r.i+1 < len(r.src) {
		if r.at("-[") {
			return fmt.Errorf("a class inside a class is not built")
		}
		mark := r.i
		r.i++
		var inner strings.Builder
		if high, isSet, err = r.classChar(&inner); err != nil {
			return err
		}
		if isSet {
			r.i, high = mark, low
		}
	}
	if high < low {
		return fmt.Errorf("range %q-%q is upside down", low, high)
	}
	return r.classRange(set, low, high)
}

// classChar reads one character of a class, or writes the set that an escape names.
func (r *patternReader) classChar(set *strings.Builder) (c rune, isSet bool, err error) {
	if !r.take(`\`) {
		return r.next(), false, nil
	}
	if r.take("b") {
		return '\b', false, nil
	}
	name, c, err := r.classEscape()
	set.WriteString(name)
	return c, name != "", err
}

func (r *patternReader) classRange(set *strings.Builder, low, high rune) error {
	writeRune(set, low)
	if high != low {
		set.WriteByte('-')
		writeRune(set, high)
	}
	if !r.fold {
		return nil
	}
	if high >= utf8.RuneSelf {
		return fmt.Errorf("range %q-%q without regard to case is not built (built: ASCII)", low, high)
	}
	for c := low; c <= high; c++ {
		for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
			writeRune(set, f)
		}
	}
	return nil
}

// posixClass reads [:name:] inside a class.
func (r *patternReader) posixClass(set *strings.Builder) error {
	for name, inside := range posixSets {
		if r.take("[:" + name + ":]") {
			set.WriteString(inside())
			return nil
		}
	}
	return fmt.Errorf("a class inside a class is not built, other than [:alnum:], [:alpha:], [:cntrl:], [:digit:], [:lower:], [:punct:], [:space:], [:upper:], [:word:], [:xdigit:]")
}

// posixSets are the sets of Oniguruma's doc/RE, "Unicode case".
var posixSets = map[string]func() string{
	"alnum":  func() string { return setAlpha + setAlphaMarks() + setDigit },
	"alpha":  func() string { return setAlpha + setAlphaMarks() },
	"cntrl":  func() string { return `\p{Cc}` },
	"digit":  func() string { return setDigit },
	"lower":  func() string { return `\p{Ll}` + setOtherLower() },
	"punct":  func() string { return `\p{P}\p{S}` },
	"space":  func() string { return setSpace },
	"upper":  func() string { return `\p{Lu}` + setOtherUpper() },
	"word":   func() string { return setWord },
	"xdigit": func() string { return setHex },
}

// These sets are written from Go's tables, once.
var (
	setNotSpace   = sync.OnceValue(func() string { return complementSet(unicode.IsSpace) })
	setNotWord    = sync.OnceValue(func() string { return complementSet(isWord) })
	setOtherLower = sync.OnceValue(func() string { return propertySet(unicode.Other_Lowercase) })
	setOtherUpper = sync.OnceValue(func() string { return propertySet(unicode.Other_Uppercase) })
	// setAlphaMarks is the part of Alphabetic that are marks. The combining Latin letters belong to it since Unicode 16.0, which Oniguruma
	// follows.
	setAlphaMarks = sync.OnceValue(func() string { return propertySet(unicode.Other_Alphabetic) + `\u0363-\u036F\u1DD3-\u1DE6` })
)

// propertySet writes a table as the inside of a class.
func propertySet(t *unicode.RangeTable) string {
	return complementSet(func(c rune) bool { return !unicode.Is(t, c) })
}
