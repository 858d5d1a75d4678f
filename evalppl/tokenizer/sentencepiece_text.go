package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// spNormalizer is SentencePiece's normalizer (sentencepiece, normalizer.cc, Normalize).
type spNormalizer struct {
	proto    *spModel
	charsmap *charsmap
	user     *tokenMatcher
	prefix   bool // a space in front of the text
	// prefixOnlyAtStart: text behind an added token gets none (LlamaTokenizer with legacy false).
	prefixOnlyAtStart bool
}

func (n *spNormalizer) normalize(_ *session, p piece) (piece, error) {
	prefix := n.prefix && !p.continued && (p.atStart || !n.prefixOnlyAtStart)
	p.text = n.apply(p.text, prefix, p.continued)
	return p, nil
}

func (n *spNormalizer) apply(text string, prefix, continued bool) string {
	mark := " "
	if n.proto.escapeSpace {
		mark = spaceMark
	}
	if n.charsmap == nil && n.user == nil && !n.proto.removeExtraSpaces {
		if text == "" {
			return ""
		}
		text = strings.ReplaceAll(text, " ", mark)
		switch {
		case !prefix:
		case n.proto.suffixSpace:
			text += mark
		default:
			text = mark + text
		}
		return text
	}
	return n.applySteps(text, mark, prefix, continued)
}

func (n *spNormalizer) applySteps(text, mark string, prefix, continued bool) string {
	trim := n.proto.removeExtraSpaces
	for trim && !continued && text != "" {
		s, length := n.step(text)
		if s != " " {
			break
		}
		text = text[length:]
	}
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/2 + len(mark))
	if prefix && !n.proto.suffixSpace {
		b.WriteString(mark)
	}
	afterSpace := trim && !continued
	for text != "" {
		s, length := n.step(text)
		text = text[length:]
		if afterSpace {
			s = strings.TrimLeft(s, " ")
		}
		if s != "" {
			afterSpace = trim && s[len(s)-1] == ' '
			for i := 0; i < len(s); i++ {
				if s[i] == ' ' {
					b.WriteString(mark)
				} else {
					b.WriteByte(s[i])
				}
			}
		}
	}
	out := b.String()
	if trim {
		for strings.HasSuffix(out, mark) {
			out = out[:len(out)-len(mark)]
		}
	}
	if prefix && n.proto.suffixSpace {
		out += mark
	}
	return out
}

// step returns what the start of text becomes, and its length: a user-defined piece as it is, a spelling of the map, or one character.
func (n *spNormalizer) step(text string) (string, int) {
	if n.user != nil {
		if found, end := n.user.longestAt(text, 0); found != nil {
			return text[:end], end
		}
	}
	if n.charsmap != nil {
		if s, length := n.charsmap.longest(text); length > 0 {
			return s, length
		}
	}
	_, size := utf8.DecodeRuneInString(text)
	return text[:size], size
}

// decodeSentencePiece is SentencePiece's Decode (sentencepiece_processor.cc). Control pieces such as BOS have no text there, so skipSpecial
// only concerns added tokens that the model itself does not know.
func (t *Tokenizer) decodeSentencePiece(m *sentencePiece, ids []uint32, skipSpecial bool) []byte {
	var out, run []byte
	flush := func() {
		for len(run) > 0 {
			// One U+FFFD for each byte that starts no character.
			c, n := utf8.DecodeRune(run)
			out = utf8.AppendRune(out, c)
			run = run[n:]
		}
	}
	p := m.proto
	atStart, prefixSeen := true, false
	for _, id := range ids {
		if int(id) < len(p.pieces) && p.pieces[id].kind == pieceByte {
			b, _ := byteOf(p.pieces[id].text)
			run = append(run, b)
			continue
		}
		flush()
		if prefixSeen || len(out) > 0 {
			atStart = false
		}
		var text string
		text, prefixSeen = t.pieceText(m, id, atStart, skipSpecial)
		out = append(out, text...)
	}
	flush()
	return out
}

// pieceText returns a piece's text, and whether the space was taken from it that the normalizer puts in front of a text.
func (t *Tokenizer) pieceText(m *sentencePiece, id uint32, atStart, skipSpecial bool) (string, bool) {
	p := m.proto
	if int(id) >= len(p.pieces) {
		a := t.added[id]
		if a.special && skipSpecial {
			return "", false
		}
		return a.content, false
	}
	text := p.pieces[id].text
	switch p.pieces[id].kind {
	case pieceControl:
		return "", false
	case pieceUnknown:
		return p.unkSurface, false
	}
	seen := false
	if atStart && (p.addDummyPrefix || p.removeExtraSpaces) {
		text, seen = strings.CutPrefix(text, spaceMark)
		if p.removeExtraSpaces {
			seen = false
		}
	}
	return strings.ReplaceAll(text, spaceMark, " "), seen
}
