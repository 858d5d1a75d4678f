package tokenizer

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// normalForm is NFC, NFD, NFKC or NFKD as the reference has it, whose tables are those of Unicode 9.0 (crate
// unicode-normalization-alignments): characters that came later stand for themselves. Package norm does the work, with Unicode's promise that
// normalization of assigned characters never changes; but it inserts U+034F into runs of more than 30 combining marks (Stream-Safe Text
// Format), so those runs are worked out here.
type normalForm struct {
	form, decomposed norm.Form
	compose          bool
}

// maxMarks is the number of combining marks in a row below which package norm is certain not to insert U+034F; a character decomposes
// into at most 18, few of them marks, so the count of undecomposed marks has a wide margin below its 30.
const maxMarks = 8

// assignedIn9 holds the characters of Unicode 9.0.
var assignedIn9 = sync.OnceValue(func() *unicode.RangeTable { return rangetable.Assigned("9.0.0") })

func (f normalForm) normalize(_ *session, p piece) (piece, error) {
	p.text = f.apply(p.text)
	return p, nil
}

func (f normalForm) apply(text string) string {
	// Parts of a normal text are normal, so characters of later versions do not matter here.
	if f.form.IsNormalString(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	old, start := assignedIn9(), 0
	for i, c := range text {
		if c >= 0x300 && !unicode.Is(old, c) {
			b.WriteString(f.applyOld(text[start:i]))
			b.WriteRune(c)
			start = i + utf8.RuneLen(c)
		}
	}
	b.WriteString(f.applyOld(text[start:]))
	return b.String()
}

// applyOld takes text of Unicode 9.0.
func (f normalForm) applyOld(text string) string {
	if !longMarkRun(text) {
		return f.form.String(text)
	}
	return f.applySlowly(text)
}

// longMarkRun reports a run of more than maxMarks characters that are not starters.
func longMarkRun(text string) bool {
	run := 0
	for i, c := range text {
		if c < 0x300 {
			run = 0
			continue
		}
		if p := norm.NFKD.PropertiesString(text[i:]); p.CCC() == 0 && p.LeadCCC() == 0 {
			run = 0
		} else if run++; run > maxMarks {
			return true
		}
	}
	return false
}

// applySlowly is the algorithm of Unicode 15.0 section 3.11: decompose, order by combining class, compose.
func (f normalForm) applySlowly(text string) string {
	var chars []rune
	for i, c := range text {
		if d := f.decomposed.PropertiesString(text[i:]).Decomposition(); d != nil {
			chars = append(chars, []rune(string(d))...)
		} else {
			chars = append(chars, []rune(f.decomposed.String(string(c)))...) // Hangul syllables have no table entry
		}
	}
	ccc := func(c rune) uint8 { return norm.NFD.PropertiesString(string(c)).CCC() }
	for i := 0; i < len(chars); {
		if ccc(chars[i]) == 0 {
			i++
			continue
		}
		end := i
		for end < len(chars) && ccc(chars[end]) != 0 {
			end++
		}
		slices.SortStableFunc(chars[i:end], func(a, b rune) int { return int(ccc(a)) - int(ccc(b)) })
		i = end
	}
	if f.compose {
		chars = composeChars(chars, ccc)
	}
	var b strings.Builder
	for _, c := range chars {
		b.WriteRune(c)
	}
	return b.String()
}

// composeChars is the canonical composition algorithm; package norm supplies the primary composites, pair by pair.
func composeChars(chars []rune, ccc func(rune) uint8) []rune {
	out := chars[:0]
	starter, last := -1, uint8(0)
	for _, c := range chars {
		class := ccc(c)
		// c is blocked from the starter by a character of the same or a higher class between them, or by another starter.
		if starter >= 0 && (last < class || starter == len(out)-1) {
			if pair := []rune(norm.NFC.String(string(out[starter]) + string(c))); len(pair) == 1 {
				out[starter] = pair[0]
				continue
			}
		}
		if class == 0 {
			starter = len(out)
		}
		last = class
		out = append(out, c)
	}
	return out
}
