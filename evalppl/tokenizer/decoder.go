package tokenizer

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokenDecoder rewrites the list of tokens on its way to a text; the text is the list's strings joined.
type tokenDecoder interface {
	decode(s *session, tokens []string) ([]string, error)
}

var decodersBuilt = []string{"Sequence", "ByteLevel", "Replace", "ByteFallback", "Fuse", "Strip", "Metaspace", "BPEDecoder", "WordPiece"}

// decodeTokens runs the decoder. Without one, tokens are joined with spaces, as in the reference.
func (t *Tokenizer) decodeTokens(tokens []string) ([]byte, error) {
	if t.decoder == nil {
		return []byte(strings.Join(tokens, " ")), nil
	}
	s := t.sessions.Get().(*session)
	parts, err := t.decoder.decode(s, tokens)
	s.release()
	t.sessions.Put(s)
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(parts, "")), nil
}

// readDecoder builds a decoder from tokenizer.json; nil where there is none.
func readDecoder(n node) (tokenDecoder, error) {
	if n.null() {
		return nil, nil
	}
	typ, err := n.typed()
	if err != nil {
		return nil, err
	}
	switch typ {
	case "Sequence":
		return readDecoderSequence(n)
	case "ByteLevel":
		return byteLevelDecoder{}, n.only("add_prefix_space", "trim_offsets", "use_regex")
	case "Replace":
		if err := n.only("pattern", "content"); err != nil {
			return nil, err
		}
		r, err := readReplace(n)
		return (*replaceDecoder)(r), err
	case "ByteFallback":
		return byteFallbackDecoder{}, n.only()
	case "Fuse":
		return fuseDecoder{}, n.only()
	case "Strip":
		return readStripDecoder(n)
	case "Metaspace":
		m, err := readMetaspaceSettings(n)
		return (*metaspaceDecoder)(m), err
	case "BPEDecoder":
		if err := n.only("suffix"); err != nil {
			return nil, err
		}
		suffix, err := n.get("suffix").str()
		if err == nil && suffix == "" {
			err = n.get("suffix").errorf("an empty suffix is not built")
		}
		return bpeDecoder(suffix), err
	case "WordPiece":
		if err := n.only("prefix", "cleanup"); err != nil {
			return nil, err
		}
		prefix, err := n.get("prefix").str()
		if err != nil {
			return nil, err
		}
		cleanup, err := n.get("cleanup").boolean()
		return wordPieceDecoder{prefix, cleanup}, err
	}
	return nil, n.notBuilt("a decoder", typ, decodersBuilt)
}

type decoderSequence []tokenDecoder

func readDecoderSequence(n node) (tokenDecoder, error) {
	if err := n.only("decoders"); err != nil {
		return nil, err
	}
	items, err := n.get("decoders").items()
	if err != nil {
		return nil, err
	}
	var seq decoderSequence
	for _, item := range items {
		one, err := readDecoder(item)
		if err != nil {
			return nil, err
		}
		if one != nil {
			seq = append(seq, one)
		}
	}
	return seq, nil
}

func (q decoderSequence) decode(s *session, tokens []string) ([]string, error) {
	var err error
	for _, one := range q {
		if tokens, err = one.decode(s, tokens); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// mapTokens rewrites each token in place.
func mapTokens(tokens []string, f func(i int, token string) string) []string {
	for i, token := range tokens {
		tokens[i] = f(i, token)
	}
	return tokens
}

// byteLevelDecoder turns characters back into bytes; bytes that are no UTF-8 become U+FFFD.
type byteLevelDecoder struct{}

func (byteLevelDecoder) decode(_ *session, tokens []string) ([]string, error) {
	var b []byte
	for _, token := range tokens {
		b = appendUnmapped(b, token)
	}
	return []string{lossyString(b)}, nil
}

type replaceDecoder replacer

func (r *replaceDecoder) decode(s *session, tokens []string) ([]string, error) {
	var err error
	for i, token := range tokens {
		if tokens[i], err = (*replacer)(r).replace(s, token); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// byteFallbackDecoder joins runs of <0xNN>: to their characters if they are UTF-8, else to one U+FFFD a byte.
type byteFallbackDecoder struct{}

func (byteFallbackDecoder) decode(_ *session, tokens []string) ([]string, error) {
	out := make([]string, 0, len(tokens))
	var run []byte
	flush := func() {
		switch {
		case len(run) == 0:
		case utf8.Valid(run):
			out = append(out, string(run))
		default:
			for range run {
				out = append(out, "\uFFFD")
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if b, ok := byteOf(token); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, token)
	}
	flush()
	return out, nil
}

// byteOf reads a byte token such as <0x0A>.
func byteOf(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	digits := token[3:5]
	if digits[0] == '+' { // Rust's from_str_radix, which the reference calls, takes a plus sign
		digits = digits[1:]
	}
	v, err := strconv.ParseUint(digits, 16, 8)
	return byte(v), err == nil
}

type fuseDecoder struct{}

func (fuseDecoder) decode(_ *session, tokens []string) ([]string, error) {
	return []string{strings.Join(tokens, "")}, nil
}

// stripDecoder takes up to start characters c from the front of each token and up to stop from its end.
type stripDecoder struct {
	content     string
	start, stop uint32
}

func readStripDecoder(n node) (tokenDecoder, error) {
	if err := n.only("content", "start", "stop"); err != nil {
		return nil, err
	}
	c, err := n.get("content").char()
	if err != nil {
		return nil, err
	}
	start, err := n.get("start").uint32()
	if err != nil {
		return nil, err
	}
	stop, err := n.get("stop").uint32()
	return stripDecoder{string(c), start, stop}, err
}

func (d stripDecoder) decode(_ *session, tokens []string) ([]string, error) {
	return mapTokens(tokens, func(_ int, token string) string {
		for i := uint32(0); i < d.start && strings.HasPrefix(token, d.content); i++ {
			token = token[len(d.content):]
		}
		for i := uint32(0); i < d.stop && strings.HasSuffix(token, d.content); i++ {
			token = token[:len(token)-len(d.content)]
		}
		return token
	}), nil
}

// metaspaceDecoder turns marks into spaces and drops those of the first token, where Encode may have put one.
type metaspaceDecoder metaspace

func (m *metaspaceDecoder) decode(_ *session, tokens []string) ([]string, error) {
	return mapTokens(tokens, func(i int, token string) string {
		space := " "
		if i == 0 && m.when != prependNever {
			space = ""
		}
		return strings.ReplaceAll(token, m.mark, space)
	}), nil
}

// bpeDecoder turns the end-of-word suffix into a space, but for the last token's.
type bpeDecoder string

func (d bpeDecoder) decode(_ *session, tokens []string) ([]string, error) {
	return mapTokens(tokens, func(i int, token string) string {
		space := " "
		if i == len(tokens)-1 {
			space = ""
		}
		return strings.ReplaceAll(token, string(d), space)
	}), nil
}

// wordPieceDecoder joins tokens that start with the prefix to what is before them and puts spaces before the others.
type wordPieceDecoder struct {
	prefix  string
	cleanup bool
}

func (d wordPieceDecoder) decode(_ *session, tokens []string) ([]string, error) {
	// The order counts: tokenizers, decoders/wordpiece.rs, cleanup.
	rules := []string{" .", ".", " ?", "?", " !", "!", " ,", ",", " ' ", "'", " n't", "n't", " 'm", "'m", " do not", " don't", " 's", "'s", " 've", "'ve", " 're", "'re"}
	return mapTokens(tokens, func(i int, token string) string {
		if i > 0 {
			if rest, ok := strings.CutPrefix(token, d.prefix); ok {
				token = rest
			} else {
				token = " " + token
			}
		}
		if d.cleanup {
			for k := 0; k < len(rules); k += 2 {
				token = strings.ReplaceAll(token, rules[k], rules[k+1])
			}
		}
		return token
	}), nil
}
