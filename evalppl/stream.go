package evalppl

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// StreamSHA256 returns the SHA-256, in hex, of a token stream as little-endian uint32: two results can only be compared where
// it is the same.
func StreamSHA256(tokens []uint32) string {
	h := sha256.New()
	var b [4096]byte
	for len(tokens) > 0 {
		n := min(len(tokens), len(b)/4)
		for i, id := range tokens[:n] {
			binary.LittleEndian.PutUint32(b[4*i:], id)
		}
		h.Write(b[:4*n])
		tokens = tokens[n:]
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkStream refuses streams that cannot be scored.
func checkStream(tokens []uint32, vocab int) error {
	if len(tokens) < 2 {
		return fmt.Errorf("the text has %d tokens: at least 2 are needed, one to predict the other from", len(tokens))
	}
	for i, id := range tokens {
		if int64(id) >= int64(vocab) {
			return fmt.Errorf("token %d has id %d, but the model's vocabulary has %d tokens (ids 0 to %d): was the text tokenized for another model?", i, id, vocab, vocab-1)
		}
	}
	return nil
}
