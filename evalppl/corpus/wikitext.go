package corpus

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// WikitextDetokenize undoes the spaces that wikitext's tokenization put round punctuation, exactly as the function wikitext_detokenizer of
// EleutherAI's lm-evaluation-harness 0.4 does (lm_eval/tasks/wikitext/preprocess_wikitext.py), its quirks included:
//
//   - "/' 7/" becomes "/'[0-9]/": a replacement there is written as if it were a pattern;
//   - quotes are paired from the start of the text, across lines, so an apostrophe pairs with the next one;
//   - every " N " becomes " 1 ".
//
// The argument is not changed. Bytes that are not UTF-8 are letters; the reference cannot be given any.
func WikitextDetokenize(text []byte) []byte {
	replace := func(old, new string) { text = bytes.ReplaceAll(text, []byte(old), []byte(new)) }
	replace("s '", "s'")
	text = replaceSlashed(text)
	for _, mark := range []string{"-", ",", "."} {
		replace(" @"+mark+"@ ", mark)
	}
	for _, mark := range []string{":", ";", ".", "!", "?", ","} {
		replace(" "+mark+" ", mark+" ")
	}
	for _, pair := range []string{"()", "[]", "{}", `""`, "''"} {
		text = trimInside(text, pair[0], pair[1])
	}
	replace("= = = =", "====")
	replace("= = =", "===")
	replace("= =", "==")
	replace(" ° ", "°")
	replace(" \n", "\n")
	replace("\n ", "\n")
	replace(" N ", " 1 ")
	replace(" 's", "'s")
	return text
}

// replaceSlashed does re.sub(r"/' [0-9]/", r"/'[0-9]/", text).
func replaceSlashed(text []byte) []byte {
	const length = len("/' 0/")
	var out []byte
	rest := text
	for {
		i := bytes.Index(rest, []byte("/' "))
		if i < 0 || i+length > len(rest) {
			return append(out, rest...)
		}
		if d := rest[i+3]; d < '0' || d > '9' || rest[i+4] != '/' {
			out = append(out, rest[:i+1]...)
			rest = rest[i+1:]
			continue
		}
		out = append(out, rest[:i]...)
		out = append(out, "/'[0-9]/"...)
		rest = rest[i+length:]
	}
}

// trimInside takes the white space away behind each opening mark and before the closing mark that is next after it. It is the
// substitution of OPEN \s* ([^CLOSE]*?) \s* CLOSE by OPEN \1 CLOSE: the group holds no closing mark, so the match ends at the first.
func trimInside(text []byte, open, closing byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, open)
		if i < 0 {
			return append(out, text...)
		}
		n := bytes.IndexByte(text[i+1:], closing)
		if n < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i+1]...)
		out = append(out, bytes.TrimFunc(text[i+1:i+1+n], isPythonSpace)...)
		out = append(out, closing)
		text = text[i+1+n+1:]
	}
}

// isPythonSpace is \s of Python's re on str (str.isspace): Unicode's white space and the four separators U+001C to U+001F.
func isPythonSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}

// Words counts as the lm-evaluation-harness does for word perplexity: len(re.split(r"\s+", text)), which is the number of runs of white
// space plus one, so a space at either end counts one more. The harness counts on the text before WikitextDetokenize.
func Words(text []byte) int {
	var w WordCounter
	w.Write(text)
	return int(w.Words())
}

// WordCounter counts the words of a text that is written to it in pieces of any size, as [Words] does of the whole.
type WordCounter struct {
	runs    int64 // of white space
	inside  bool
	partial []byte // the start of a character at the end of the last piece
}

// Write adds a piece. It never fails.
func (w *WordCounter) Write(text []byte) (int, error) {
	n := len(text)
	for len(w.partial) > 0 && len(text) > 0 {
		w.partial, text = append(w.partial, text[0]), text[1:]
		for len(w.partial) > 0 && utf8.FullRune(w.partial) {
			w.partial = w.partial[w.next(w.partial):]
		}
	}
	for len(text) > 0 {
		if len(text) < utf8.UTFMax && !utf8.FullRune(text) {
			w.partial = append(w.partial[:0:0], text...)
			break
		}
		text = text[w.next(text):]
	}
	return n, nil
}

// next counts the first character of text and returns its length.
func (w *WordCounter) next(text []byte) int {
	r, n := utf8.DecodeRune(text)
	space := isPythonSpace(r)
	if space && !w.inside {
		w.runs++
	}
	w.inside = space
	return n
}

// Words returns the count for the text so far. Bytes that are not UTF-8 are letters.
func (w *WordCounter) Words() int64 { return w.runs + 1 }
