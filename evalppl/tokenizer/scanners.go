package tokenizer

// The published expressions that have a scanner of their own. A scanner is taken only where the file's expression is this very string.
const (
	// exprGPT2 is GPT-2's (openai/gpt-2 encoder.py), and what ByteLevel means by use_regex.
	exprGPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	// exprLlama3 is that of Llama 3 (cl100k_base without its possessive quantifiers).
	exprLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	// exprQwen2 differs from it in taking digits one by one.
	exprQwen2 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// scanner returns the end of the match that starts at text[i:]. All three expressions match at every place, so matches follow each other
// without gaps.
type scanner func(t *[1 << 16]charClass, text string, i int) int

// scannerFor returns the scanner of an expression, or nil.
func scannerFor(expr string) scanner {
	switch expr {
	case exprGPT2:
		return scanGPT2
	case exprLlama3:
		return func(t *[1 << 16]charClass, text string, i int) int { return scanLlama3(t, text, i, 3) }
	case exprQwen2:
		return func(t *[1 << 16]charClass, text string, i int) int { return scanLlama3(t, text, i, 1) }
	}
	return nil
}

// scanRun returns the end of the run of characters of one class at text[i:].
func scanRun(t *[1 << 16]charClass, text string, i int, class charClass) int {
	for i < len(text) {
		c, n := classAt(t, text, i)
		if c != class {
			break
		}
		i += n
	}
	return i
}

func scanGPT2(t *[1 << 16]charClass, text string, i int) int {
	if text[i] == '\'' {
		if n := contraction(text[i:], false); n > 0 {
			return i + n
		}
	}
	class, n := classAt(t, text, i)
	start := i
	if text[i] == ' ' && i+1 < len(text) {
		if next, m := classAt(t, text, i+1); next < classSpace {
			class, n, start = next, m, i+1
		}
	}
	if class < classSpace {
		return scanRun(t, text, start+n, class)
	}
	end, last := scanSpace(t, text, i)
	if end < len(text) && last > i {
		return last // \s+(?!\S) leaves one for what follows
	}
	return end
}

// scanSpace returns the end of the white space at text[i:] and where its last character starts.
func scanSpace(t *[1 << 16]charClass, text string, i int) (end, last int) {
	last = i
	for i < len(text) {
		c, n := classAt(t, text, i)
		if c < classSpace {
			break
		}
		last = i
		i += n
	}
	return i, last
}

func scanLlama3(t *[1 << 16]charClass, text string, i, digits int) int {
	if text[i] == '\'' {
		if n := contraction(text[i:], true); n > 0 {
			return i + n
		}
	}
	class, n := classAt(t, text, i)
	switch class {
	case classLetter:
		return scanRun(t, text, i+n, classLetter)
	case classNumber:
		end := i + n
		for k := 1; k < digits && end < len(text); k++ {
			c, n := classAt(t, text, end)
			if c != classNumber {
				break
			}
			end += n
		}
		return end
	case classBreak:
		return scanLines(t, text, i)
	}
	if i+n == len(text) {
		return i + n
	}
	next, m := classAt(t, text, i+n)
	if next == classLetter {
		return scanRun(t, text, i+n+m, classLetter)
	}
	if class == classOther {
		return scanBreaks(text, scanRun(t, text, i+n, classOther))
	}
	if text[i] == ' ' && next == classOther {
		return scanBreaks(text, scanRun(t, text, i+n+m, classOther))
	}
	return scanLines(t, text, i)
}

// scanBreaks is [\r\n]*.
func scanBreaks(text string, i int) int {
	for i < len(text) && (text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}

// scanLines is \s*[\r\n]+|\s+(?!\S)|\s+ where text[i:] starts with white space.
func scanLines(t *[1 << 16]charClass, text string, i int) int {
	end, last, lineEnd := i, i, 0
	for end < len(text) {
		c, n := classAt(t, text, end)
		if c < classSpace {
			break
		}
		last = end
		end += n
		if c == classBreak {
			lineEnd = end
		}
	}
	if lineEnd > 0 {
		return lineEnd
	}
	if end < len(text) && last > i {
		return last
	}
	return end
}

// contraction returns the length of 's, 't, 're, 've, 'm, 'll or 'd at the start of text, 0 if there is none. Folded, ſ (U+017F) is an s.
func contraction(text string, fold bool) int {
	if len(text) < 2 {
		return 0
	}
	lower := func(c byte) byte {
		if fold && c >= 'A' && c <= 'Z' {
			return c | 0x20
		}
		return c
	}
	switch a := lower(text[1]); a {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v', 'l':
		want := byte('e')
		if a == 'l' {
			want = 'l'
		}
		if len(text) > 2 && lower(text[2]) == want {
			return 3
		}
	case 0xC5:
		if fold && len(text) > 2 && text[2] == 0xBF {
			return 3
		}
	}
	return 0
}
