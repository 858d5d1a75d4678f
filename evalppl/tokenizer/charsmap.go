package tokenizer

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// charsmap is SentencePiece's precompiled character map: a double-array trie (darts-clone) from spellings to offsets into a block of
// NUL-terminated replacements. Layout: uint32 size of the trie in bytes, the trie's units of uint32, the block (sentencepiece,
// normalizer.cc, DecodePrecompiledCharsMap).
type charsmap struct {
	units []uint32
	block string
}

func parseCharsmap(blob []byte) (*charsmap, error) {
	if len(blob) < 8 {
		return nil, fmt.Errorf("precompiled_charsmap has %d bytes, too few for a trie", len(blob))
	}
	size := uint64(binary.LittleEndian.Uint32(blob))
	if size%4 != 0 || size == 0 || size >= uint64(len(blob)-4) {
		return nil, fmt.Errorf("precompiled_charsmap: a trie of %d bytes in %d", size, len(blob))
	}
	m := &charsmap{units: make([]uint32, size/4), block: string(blob[4+size:])}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(blob[4+4*i:])
	}
	if !strings.HasSuffix(m.block, "\x00") {
		return nil, fmt.Errorf("precompiled_charsmap: the replacements do not end with a zero byte")
	}
	if !utf8.ValidString(m.block) {
		return nil, fmt.Errorf("precompiled_charsmap: the replacements are not UTF-8")
	}
	return m, nil
}

// maxCharsmapResults is how many prefixes the reference looks at.
const maxCharsmapResults = 32

// longest returns the replacement of the longest spelling that text starts with, and its length; 0 where there is none.
func (m *charsmap) longest(text string) (replacement string, length int) {
	// A unit: bit 8 has a leaf; bits 0-7 label; bits 10-30 offset, shifted by 8 more if bit 9 is set. A leaf's value is in bits 0-30.
	offset := func(u uint32) uint32 { return u >> 10 << (u & (1 << 9) >> 6) }
	pos := offset(m.units[0])
	value, results := uint32(0), 0
	for i := 0; i < len(text) && results < maxCharsmapResults; i++ {
		pos ^= uint32(text[i])
		if uint64(pos) >= uint64(len(m.units)) {
			break
		}
		unit := m.units[pos]
		if unit&(1<<31|0xFF) != uint32(text[i]) {
			break
		}
		pos ^= offset(unit)
		if unit>>8&1 != 0 {
			if uint64(pos) >= uint64(len(m.units)) {
				break
			}
			value, length = m.units[pos]&(1<<31-1), i+1
			results++
		}
	}
	if length == 0 || uint64(value) >= uint64(len(m.block)) {
		return "", 0
	}
	replacement = m.block[value:]
	return validText([]byte(replacement[:strings.IndexByte(replacement, 0)])), length // a damaged map may lead into a character
}
