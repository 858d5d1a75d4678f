package evalppl

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"sort"

	"nibble/evalppl/internal/spill"
)

// Text is a text as tokens: its documents one after the other, which are scored each on its own, or one that is a stream. It is read piece
// by piece and may be larger than memory.
type Text interface {
	// Documents is the number of documents, Length the number of tokens of document i.
	Documents() int
	Length(i int) int
	// ReadAt fills dst with the tokens from number at of the whole text on, all of which are there.
	ReadAt(dst []uint32, at int64) error
}

// sliceText is a text in memory.
type sliceText struct {
	docs [][]uint32
	ends []int64 // of each document in the whole text
}

// DocumentsText returns a text of documents that lie in memory.
func DocumentsText(docs [][]uint32) Text {
	t := &sliceText{docs: docs}
	end := int64(0)
	for _, d := range docs {
		end += int64(len(d))
		t.ends = append(t.ends, end)
	}
	return t
}

func (t *sliceText) Documents() int   { return len(t.docs) }
func (t *sliceText) Length(i int) int { return len(t.docs[i]) }

func (t *sliceText) ReadAt(dst []uint32, at int64) error {
	for i := sort.Search(len(t.ends), func(i int) bool { return t.ends[i] > at }); len(dst) > 0 && i < len(t.docs); i++ {
		d := t.docs[i]
		n := copy(dst, d[int64(len(d))-(t.ends[i]-at):])
		dst, at = dst[n:], at+int64(n)
	}
	if len(dst) > 0 {
		return fmt.Errorf("%d tokens behind the end of the text", len(dst))
	}
	return nil
}

// textMemory is how many bytes of tokens a [TokenStore] keeps in memory: 8 million of them.
const textMemory = 32 << 20

// TokenStore is a text that is written once, a few tokens at a time, and then read. Up to 8 million tokens stay in memory, the others go to a
// temporary file that leaves nothing behind: 4 bytes each. Beside them it holds 4 bytes for each document.
type TokenStore struct {
	store   *spill.Store
	tokens  *spill.List
	lengths []uint32
	long    map[int]int64 // documents whose length is longDocument or more
	open    int64         // tokens since the last EndDocument
}

const longDocument = math.MaxUint32

// NewTokenStore returns a store without documents.
func NewTokenStore() *TokenStore { return newTokenStore(textMemory) }

func newTokenStore(memory int64) *TokenStore {
	s := &TokenStore{store: spill.New("the tokens of a text", memory)}
	s.tokens = s.store.List()
	return s
}

// Append adds tokens to the document under way. Its errors are those of the temporary file.
func (s *TokenStore) Append(ids ...uint32) error {
	s.open += int64(len(ids))
	return s.tokens.Append(ids...)
}

// EndDocument ends a document, which may be empty.
func (s *TokenStore) EndDocument() {
	if s.open >= longDocument {
		if s.long == nil {
			s.long = map[int]int64{}
		}
		s.long[len(s.lengths)] = s.open
		s.open = longDocument
	}
	s.lengths = append(s.lengths, uint32(s.open))
	s.open = 0
}

// DropEmpty forgets documents without tokens.
func (s *TokenStore) DropEmpty() {
	kept, long := s.lengths[:0], map[int]int64{}
	for i, n := range s.lengths {
		if n == 0 {
			continue
		}
		if whole, ok := s.long[i]; ok {
			long[len(kept)] = whole
		}
		kept = append(kept, n)
	}
	s.lengths, s.long = kept, long
}

// Documents implements [Text]. Tokens behind the last EndDocument belong to none.
func (s *TokenStore) Documents() int { return len(s.lengths) }

// Length implements [Text].
func (s *TokenStore) Length(i int) int {
	if n := s.lengths[i]; n != longDocument {
		return int(n)
	}
	return int(s.long[i])
}

// ReadAt implements [Text].
func (s *TokenStore) ReadAt(dst []uint32, at int64) error { return s.tokens.ReadAt(dst, at) }

// Close gives memory and disk back. The text cannot be read afterwards.
func (s *TokenStore) Close() error { return s.store.Close() }

// CountTokens returns the number of tokens of a text.
func CountTokens(t Text) int {
	n := 0
	for i := range t.Documents() {
		n += t.Length(i)
	}
	return n
}

// TextSHA256 returns the SHA-256, in hex, of a text: of one document its tokens as little-endian uint32, of several each one's number of tokens,
// as little-endian uint64, and its tokens. Two results can only be compared where it is the same.
func TextSHA256(t Text) (string, error) {
	return scanText(context.Background(), t, math.MaxInt64)
}

// scanTokens is how many tokens are hashed at a time.
const scanTokens = 1 << 14

// scanText reads a text once: it returns its hash, and refuses tokens that a model with that vocabulary cannot score.
func scanText(ctx context.Context, t Text, vocab int64) (sum string, err error) {
	if t.Documents() == 0 {
		return "", fmt.Errorf("the text has no documents")
	}
	h := sha256.New()
	var tokens [scanTokens]uint32
	var b [4 * scanTokens]byte
	at := int64(0)
	for d := range t.Documents() {
		n := t.Length(d)
		if t.Documents() > 1 {
			h.Write(binary.LittleEndian.AppendUint64(b[:0], uint64(n)))
		}
		for first := 0; first < n; first += scanTokens {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			part := tokens[:min(scanTokens, n-first)]
			if err := t.ReadAt(part, at); err != nil {
				return "", err
			}
			at += int64(len(part))
			for i, id := range part {
				if int64(id) >= vocab {
					return "", vocabularyError(t, d, first+i, id, vocab)
				}
				binary.LittleEndian.PutUint32(b[4*i:], id)
			}
			h.Write(b[:4*len(part)])
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func vocabularyError(t Text, document, token int, id uint32, vocab int64) error {
	where := fmt.Sprintf("token %d", token)
	if t.Documents() > 1 {
		where = fmt.Sprintf("document %d: token %d", document, token)
	}
	return fmt.Errorf("%s has id %d, but the model's vocabulary has %d tokens (ids 0 to %d): was the text tokenized for another model?", where, id, vocab, vocab-1)
}
