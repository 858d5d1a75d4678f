package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// spaceMark is what SentencePiece writes for a space, U+2581.
const spaceMark = "▁"

// maxPieceBytes bounds pieces that merges make: every way to cut one in two is looked at once. SentencePiece's trainer stops at 16 characters
// unless told otherwise.
const maxPieceBytes = 512

// sentencePiece is SentencePiece's BPE (sentencepiece, bpe_model.cc): of all neighbours whose join is a piece, those of the highest score are
// joined first, of equal ones the leftmost.
type sentencePiece struct {
	proto   *spModel
	vocab   *vocabulary
	pairs   *pairTable
	chars   map[rune]uint32 // also characters that only occur inside pieces, with ids from unknownFrom up
	ascii   [utf8.RuneSelf]uint32
	joints  *runeSet
	user    *tokenMatcher // user-defined pieces, which stay whole
	bytes   [256]uint32
	unknown uint32
}

func (m *sentencePiece) token(id uint32) (string, bool) { return m.vocab.token(id) }
func (m *sentencePiece) size() int                      { return len(m.vocab.ids) }
func (m *sentencePiece) limit() int                     { return len(m.vocab.tokens) }

func (m *sentencePiece) id(token string) (uint32, bool) {
	id, ok := m.vocab.ids[token]
	return id, ok
}

func (m *sentencePiece) kind() string {
	if m.proto.byteFallback {
		return "SentencePiece BPE with byte fallback"
	}
	return "SentencePiece BPE"
}

func newSentencePiece(p *spModel) (*sentencePiece, error) {
	names := map[int64]string{1: "unigram", 3: "word", 4: "char"}
	if name, ok := names[p.modelType]; ok {
		return nil, fmt.Errorf("model type %s is not built (built: bpe)", name)
	}
	if p.modelType != 2 {
		return nil, fmt.Errorf("model type %d is not known (built: bpe)", p.modelType)
	}
	if p.denormalizer {
		return nil, fmt.Errorf("a denormalizer with rules is not built")
	}
	m := &sentencePiece{proto: p, vocab: &vocabulary{ids: make(map[string]uint32, len(p.pieces))}, chars: map[rune]uint32{}, unknown: noSymbol}
	for b := range m.bytes {
		m.bytes[b] = noSymbol
	}
	var user []*addedToken
	var userText []string
	for i, piece := range p.pieces {
		id := uint32(i)
		if err := m.vocab.add(piece.text, id); err != nil {
			return nil, err
		}
		switch piece.kind {
		case pieceUnknown:
			if m.unknown != noSymbol {
				return nil, fmt.Errorf("pieces %d and %d are both of type unknown", m.unknown, i)
			}
			m.unknown = id
		case pieceUnused:
			return nil, fmt.Errorf("piece %d (%q): type unused is not built", i, piece.text)
		case pieceByte:
			b, ok := byteOf(piece.text)
			if !ok || byteToken(b) != piece.text || !p.byteFallback {
				return nil, fmt.Errorf("piece %d (%q) is of type byte, want <0x00> to <0xFF> in a model with byte_fallback", i, piece.text)
			}
			m.bytes[b] = id
		case pieceUserDefined:
			user = append(user, &addedToken{id: id, content: piece.text})
			userText = append(userText, piece.text)
		case pieceNormal:
			if len(piece.text) > maxPieceBytes {
				return nil, fmt.Errorf("piece %d has %d bytes, at most %d are read", i, len(piece.text), maxPieceBytes)
			}
		}
	}
	if m.unknown == noSymbol {
		return nil, fmt.Errorf("no piece is of type unknown")
	}
	if p.byteFallback && slices.Contains(m.bytes[:], noSymbol) {
		return nil, fmt.Errorf("byte_fallback is set, but not all 256 byte pieces are there")
	}
	var err error
	if m.user, err = newTokenMatcher(user, userText); err != nil {
		return nil, err
	}
	m.buildPairs()
	return m, nil
}

// buildPairs lists every way to make a piece of two.
func (m *sentencePiece) buildPairs() {
	pieces := m.proto.pieces
	var scores []float32
	for _, p := range pieces {
		if p.kind == pieceNormal {
			scores = append(scores, p.score)
		}
	}
	slices.Sort(scores)
	scores = slices.Compact(scores)
	rank := func(score float32) uint32 {
		at, _ := slices.BinarySearch(scores, score)
		return uint32(len(scores) - 1 - at)
	}
	type join struct {
		left, right, rank, merged uint32
		a, b                      rune
	}
	var joins []join
	for id, p := range pieces {
		if p.kind != pieceNormal {
			continue
		}
		text := p.text
		if c, n := utf8.DecodeRuneInString(text); n == len(text) {
			m.chars[c] = uint32(id)
		}
		for i := range text {
			if i == 0 {
				continue
			}
			left, right := m.symbolOf(text[:i]), m.symbolOf(text[i:])
			if left != noSymbol && right != noSymbol {
				a, _ := utf8.DecodeLastRuneInString(text[:i])
				b, _ := utf8.DecodeRuneInString(text[i:])
				joins = append(joins, join{left, right, rank(p.score), uint32(id), a, b})
			}
		}
	}
	m.pairs, m.joints = newPairTable(len(joins)), newRuneSet(len(joins))
	for _, j := range joins {
		m.pairs.set(j.left, j.right, j.rank, j.merged)
		m.joints.add(j.a, j.b)
	}
	for c := range m.ascii {
		m.ascii[c] = noSymbol
		if id, ok := m.chars[rune(c)]; ok {
			m.ascii[c] = id
		}
	}
}

// symbolOf returns the symbol of one side of a join: a normal piece, or a character that is none and gets an id behind the vocabulary.
func (m *sentencePiece) symbolOf(text string) uint32 {
	if id, ok := m.vocab.ids[text]; ok && m.proto.pieces[id].kind == pieceNormal {
		return id
	}
	c, n := utf8.DecodeRuneInString(text)
	if n != len(text) {
		return noSymbol
	}
	id, ok := m.chars[c]
	if !ok {
		id = uint32(m.limit() + len(m.chars))
		m.chars[c] = id
	}
	return id
}

// char returns the symbol of a character, or noSymbol-1, which joins with nothing.
func (m *sentencePiece) char(c rune) uint32 {
	id := noSymbol
	if c < utf8.RuneSelf {
		id = m.ascii[c]
	} else if known, ok := m.chars[c]; ok {
		id = known
	}
	if id == noSymbol {
		return noSymbol - 1
	}
	return id
}

// encode takes normalized text.
func (m *sentencePiece) encode(s *session, text string) error {
	known := func(c rune) bool { return m.char(c) < uint32(m.limit()) }
	word := func(w string) error {
		m.word(s, w)
		return nil
	}
	plain := func(p string) error {
		if p == "" {
			return nil
		}
		return cutAtJoints(m.joints, p, known, word)
	}
	if m.user == nil {
		return plain(text)
	}
	start := 0
	for i := 0; i < len(text); {
		found, end := m.user.longestAt(text, i)
		if found == nil {
			_, n := utf8.DecodeRuneInString(text[i:])
			i += n
			continue
		}
		if err := plain(text[start:i]); err != nil {
			return err
		}
		s.ids = append(s.ids, found.id)
		i, start = end, end
	}
	return plain(text[start:])
}

func (m *sentencePiece) word(s *session, text string) {
	if s.cached(text) {
		return
	}
	from := len(s.ids)
	s.symbols, s.offsets = s.symbols[:0], s.offsets[:0]
	for i, c := range text {
		s.symbols = append(s.symbols, symbol{id: m.char(c)})
		s.offsets = append(s.offsets, int32(i))
	}
	s.merge(m.pairs)
	unknownBefore := false
	for i := int32(0); i >= 0; i = s.symbols[i].next {
		id := s.symbols[i].id
		if id < uint32(m.limit()) {
			s.ids = append(s.ids, id)
			unknownBefore = false
			continue
		}
		c := text[s.offsets[i]:]
		_, n := utf8.DecodeRuneInString(c)
		if id, ok := m.vocab.ids[c[:n]]; ok { // a control piece of one character
			s.ids = append(s.ids, id)
			unknownBefore = false
			continue
		}
		if m.proto.byteFallback {
			for k := range n {
				s.ids = append(s.ids, m.bytes[c[k]])
			}
		} else if !unknownBefore { // a run of unknown characters is one unknown token
			s.ids = append(s.ids, m.unknown)
		}
		unknownBefore = true
	}
	s.remember(text, from)
}

// loadSentencePiece reads tokenizer.model. Added tokens that tokenizer_config.json and added_tokens.json list are looked for in the text first;
// control pieces that they do not list are never read from a text, as in SentencePiece.
func (t *Tokenizer) loadSentencePiece(data []byte, cfg *config) error {
	switch strings.TrimSuffix(cfg.class, "Fast") {
	case "", "LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer":
	default:
		return fmt.Errorf("tokenizer: %s: tokenizer_class %q with %s is not built (built: LlamaTokenizer, CodeLlamaTokenizer, GemmaTokenizer); save it as %s", fileConfig, cfg.class, fileModel, fileJSON)
	}
	proto, err := parseSentencePiece(data)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileModel, err)
	}
	m, err := newSentencePiece(proto)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileModel, err)
	}
	t.model = m
	n := &spNormalizer{proto: proto, user: m.user, prefixOnlyAtStart: cfg.legacy != nil && !*cfg.legacy}
	n.prefix = proto.addDummyPrefix && (cfg.prefixSpace == nil || *cfg.prefixSpace)
	if len(proto.charsmap) > 0 {
		if n.charsmap, err = parseCharsmap(proto.charsmap); err != nil {
			return fmt.Errorf("tokenizer: %s: %w", fileModel, err)
		}
	}
	t.normalizer = n
	for name, token := range map[string]string{"bos_token": proto.bosPiece, "eos_token": proto.eosPiece} {
		if cfg.specials[name] == "" {
			cfg.specials[name] = token
		}
	}
	list, err := t.configTokens(cfg)
	if err != nil {
		return err
	}
	for _, a := range list {
		a.normalized = false // SentencePiece's normalizer knows nothing of them
	}
	if err := t.addTokens(list); err != nil {
		return err
	}
	// LlamaTokenizer and GemmaTokenizer add BOS unless told otherwise.
	return t.templateFromConfig(cfg, cfg.addBOS == nil || *cfg.addBOS, isTrue(cfg.addEOS))
}
