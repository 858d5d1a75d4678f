package evalppl

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// StreamSHA256 returns the SHA-256, in hex, of a token stream as little-endian uint32: two results can only be compared where
// it is the same.
func StreamSHA256(tokens []uint32) string {
	h := sha256.New()
	hashTokens(h, tokens)
	return hex.EncodeToString(h.Sum(nil))
}

// DocumentsSHA256 returns that of a text of documents: [StreamSHA256] where there is one document, otherwise the hash of each
// document's number of tokens, as little-endian uint64, and its tokens.
func DocumentsSHA256(docs [][]uint32) string {
	if len(docs) == 1 {
		return StreamSHA256(docs[0])
	}
	h := sha256.New()
	for _, d := range docs {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(d)))
		h.Write(n[:])
		hashTokens(h, d)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashTokens(h hash.Hash, tokens []uint32) {
	var b [4096]byte
	for len(tokens) > 0 {
		n := min(len(tokens), len(b)/4)
		for i, id := range tokens[:n] {
			binary.LittleEndian.PutUint32(b[4*i:], id)
		}
		h.Write(b[:4*n])
		tokens = tokens[n:]
	}
}

// checkDocuments refuses tokens that cannot be scored.
func checkDocuments(docs [][]uint32, vocab int) error {
	if len(docs) == 0 {
		return fmt.Errorf("the text has no documents")
	}
	for d, tokens := range docs {
		for i, id := range tokens {
			if int64(id) >= int64(vocab) {
				where := fmt.Sprintf("token %d", i)
				if len(docs) > 1 {
					where = fmt.Sprintf("document %d: token %d", d, i)
				}
				return fmt.Errorf("%s has id %d, but the model's vocabulary has %d tokens (ids 0 to %d): was the text tokenized for another model?", where, id, vocab, vocab-1)
			}
		}
	}
	return nil
}

func countTokens(docs [][]uint32) int {
	n := 0
	for _, d := range docs {
		n += len(d)
	}
	return n
}
