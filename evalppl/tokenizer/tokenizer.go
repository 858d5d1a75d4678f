package tokenizer

import (
	"fmt"
	"math"
	"sync"
)

// Tokenizer turns text into ids and ids into text. It is safe for concurrent use.
type Tokenizer struct {
	source      string // the file or files it was read from
	fingerprint string

	// The way of a text: plain added tokens, normalizer, normalized added tokens, pre-tokenizers, model, special tokens around it.
	plain      *tokenMatcher
	normalizer normalizer
	normalized *tokenMatcher
	stages     []preTokenizer
	model      model
	template   template

	added   map[uint32]*addedToken
	special map[string]bool // contents of special added tokens
	decoder tokenDecoder

	bos, eos       uint32
	hasBOS, hasEOS bool

	sessions sync.Pool
}

// EncodeOptions says how Encode works. The zero value adds the tokenizer's special tokens.
type EncodeOptions struct {
	// NoSpecial leaves out the tokens that the tokenizer puts around every text (BOS and the like). Special tokens written in the text
	// itself are recognized all the same.
	NoSpecial bool
}

// DecodeOptions says how Decode works. The zero value writes special tokens out.
type DecodeOptions struct {
	// SkipSpecial leaves special tokens out of the text (skip_special_tokens in transformers). SentencePiece's control pieces have no text
	// either way.
	SkipSpecial bool
}

// maxTextBytes bounds a text: positions are kept in 32 bits.
const maxTextBytes = math.MaxInt32 / 4

// New builds a tokenizer from its files. tokenizer.json is preferred, then vocab.json with merges.txt, then tokenizer.model. What the files
// ask for that is not built is an error that names it.
func New(files Files) (*Tokenizer, error) {
	has := map[string]bool{}
	for name, data := range files {
		has[name] = true
		if len(data) > maxFileBytes {
			return nil, fmt.Errorf("tokenizer: %s has %d bytes, at most %d are read", name, len(data), maxFileBytes)
		}
	}
	main, err := mainFiles(has)
	if err != nil {
		return nil, fmt.Errorf("%w (given: %s)", err, files.fileList())
	}
	t := &Tokenizer{fingerprint: fingerprint(files), added: map[uint32]*addedToken{}, special: map[string]bool{}}
	cfg, err := readConfig(files)
	if err != nil {
		return nil, err
	}
	switch main[0] {
	case fileJSON:
		t.source = fileJSON
		err = t.loadJSON(files[fileJSON])
	case fileVocab:
		t.source = fileVocab + " + " + fileMerges
		err = t.loadVocabMerges(files[fileVocab], files[fileMerges], cfg)
	default:
		t.source = fileModel
		err = t.loadSentencePiece(files[fileModel], cfg)
	}
	if err != nil {
		return nil, err
	}
	t.nameSpecials(cfg)
	t.sessions.New = func() any { return newSession(t) }
	return t, nil
}

// Encode returns the ids of text. Where text is not UTF-8, every maximal invalid subsequence counts as one U+FFFD, as in Python's
// decode(errors="replace"). An empty text has no ids but the special ones. An error comes only from limits: a text of more than 512 MB, or an
// expression in the tokenizer's files that takes too long.
func (t *Tokenizer) Encode(text []byte, opts EncodeOptions) ([]uint32, error) {
	if len(text) > maxTextBytes {
		return nil, fmt.Errorf("tokenizer: the text has %d bytes, at most %d are encoded at once", len(text), maxTextBytes)
	}
	s := t.sessions.Get().(*session)
	s.ids = make([]uint32, 0, len(text)/3+8)
	if !opts.NoSpecial {
		s.ids = append(s.ids, t.template.before...)
	}
	err := t.encodePart(s, text, false)
	if !opts.NoSpecial {
		s.ids = append(s.ids, t.template.after...)
	}
	ids := s.ids
	s.release()
	t.sessions.Put(s)
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// encodePart appends the ids of a text, or of the part of one behind a cut, to s.ids.
func (t *Tokenizer) encodePart(s *session, text []byte, continued bool) error {
	return t.plain.split(piece{text: validText(text), atStart: !continued, continued: continued}, s.addToken, s.normalizeAndSplit)
}

func (s *session) addToken(a *addedToken) { s.ids = append(s.ids, a.id) }

// normalizeAndSplit takes a piece between plain added tokens.
func (s *session) normalizeAndSplit(p piece) error {
	if s.t.normalizer != nil {
		var err error
		if p, err = s.t.normalizer.normalize(s, p); err != nil {
			return err
		}
	}
	return s.t.normalized.split(p, s.addToken, s.emit[0])
}

// Decode returns the text of ids. A tokenizer whose tokens are bytes may be given ids that do not add up to UTF-8 (a part of a character);
// like the reference it then writes U+FFFD. An id outside the vocabulary is an error that names its position.
func (t *Tokenizer) Decode(ids []uint32, opts DecodeOptions) ([]byte, error) {
	for i, id := range ids {
		if _, ok := t.TokenString(id); !ok {
			return nil, fmt.Errorf("tokenizer: decode: id %d at position %d is not in the vocabulary (ids below %d)", id, i, t.VocabSize())
		}
	}
	if sp, ok := t.model.(*sentencePiece); ok {
		return t.decodeSentencePiece(sp, ids, opts.SkipSpecial), nil
	}
	tokens := make([]string, 0, len(ids))
	for _, id := range ids {
		token, _ := t.TokenString(id)
		if a, ok := t.added[id]; ok {
			token = a.shown
		}
		if opts.SkipSpecial && t.special[token] {
			continue
		}
		tokens = append(tokens, token)
	}
	return t.decodeTokens(tokens)
}

// VocabSize is the largest id + 1, added tokens included: the number of rows an embedding needs at least.
func (t *Tokenizer) VocabSize() int {
	n := t.model.limit()
	for id := range t.added {
		n = max(n, int(id)+1)
	}
	return n
}

// TokenString returns the token of an id as the vocabulary spells it.
func (t *Tokenizer) TokenString(id uint32) (string, bool) {
	if a, ok := t.added[id]; ok {
		return a.content, true
	}
	return t.model.token(id)
}

// tokenID is the inverse of TokenString.
func (t *Tokenizer) tokenID(token string) (uint32, bool) {
	for _, a := range t.added {
		if a.content == token {
			return a.id, true
		}
	}
	return t.model.id(token)
}

// BOS returns the id of the token that begins a text, if the files name one.
func (t *Tokenizer) BOS() (uint32, bool) { return t.bos, t.hasBOS }

// EOS returns the id of the token that ends a text, if the files name one.
func (t *Tokenizer) EOS() (uint32, bool) { return t.eos, t.hasEOS }

// AddsBOS reports whether Encode with special tokens puts BOS in front.
func (t *Tokenizer) AddsBOS() bool {
	return t.hasBOS && len(t.template.before) > 0 && t.template.before[0] == t.bos
}

// Fingerprint is the SHA-256, in hexadecimal digits, over name and content of every file, sorted by name.
func (t *Tokenizer) Fingerprint() string { return t.fingerprint }

// Describe says in one line what the tokenizer is.
func (t *Tokenizer) Describe() string {
	n := t.model.size()
	for id := range t.added {
		if _, ok := t.model.token(id); !ok {
			n++
		}
	}
	return fmt.Sprintf("%s, %d tokens (%s)", t.model.kind(), n, t.source)
}
