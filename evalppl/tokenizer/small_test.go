package tokenizer

import (
	"encoding/json"
	"testing"
)

// object is a part of a tokenizer.json under construction.
type object map[string]any

// smallVocabulary is a byte-level vocabulary with a few merges.
func smallVocabulary() (vocab map[string]int, merges []string) {
	vocab = map[string]int{}
	for b := range 256 {
		vocab[string(byteRunes[b])] = b
	}
	for _, m := range [][2]string{{"t", "h"}, {"th", "e"}, {"Ġ", "the"}, {"i", "n"}, {"a", "a"}, {"aa", "aa"}, {"Ã", "©"}} {
		vocab[m[0]+m[1]] = len(vocab)
		merges = append(merges, m[0]+" "+m[1])
	}
	return vocab, merges
}

// smallJSON is a byte-level BPE tokenizer.json; change may alter it.
func smallJSON(tb testing.TB, change func(root, model object)) []byte {
	tb.Helper()
	vocab, merges := smallVocabulary()
	model := object{"type": "BPE", "vocab": vocab, "merges": merges}
	level := object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	root := object{"version": "1.0", "added_tokens": []object{}, "normalizer": nil, "pre_tokenizer": level, "post_processor": nil, "decoder": level, "model": model}
	if change != nil {
		change(root, model)
	}
	data, err := json.Marshal(root)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustNew(tb testing.TB, files Files) *Tokenizer {
	tb.Helper()
	tok, err := New(files)
	if err != nil {
		tb.Fatal(err)
	}
	return tok
}

// protoField appends a length-delimited field.
func protoField(dst []byte, number byte, data []byte) []byte {
	dst = append(dst, number<<3|2, byte(len(data))|0x80, byte(len(data)>>7))
	return append(dst, data...)
}

// protoPiece appends a piece: scores are small whole numbers as float32 bits.
func protoPiece(dst []byte, text string, bits uint32, kind byte) []byte {
	p := protoField(nil, 1, []byte(text))
	p = append(p, 2<<3|5, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24), 3<<3, kind)
	return protoField(dst, 1, p)
}

// smallModel is a tokenizer.model with byte fallback; normalizer is its normalizer_spec.
func smallModel(normalizer []byte, extra ...[]byte) []byte {
	var m []byte
	m = protoPiece(m, "<unk>", 0, byte(pieceUnknown))
	m = protoPiece(m, "<s>", 0, byte(pieceControl))
	m = protoPiece(m, "</s>", 0, byte(pieceControl))
	for b := range 256 {
		m = protoPiece(m, byteToken(byte(b)), 0, byte(pieceByte))
	}
	const minus1, minus2, minus9 = 0xBF800000, 0xC0000000, 0xC1100000
	m = protoPiece(m, "▁a", minus1, byte(pieceNormal)) // 259
	m = protoPiece(m, "ab", minus2, byte(pieceNormal)) // 260
	for _, c := range []string{"▁", "a", "b"} {        // 261, 262, 263
		m = protoPiece(m, c, minus9, byte(pieceNormal))
	}
	for _, e := range extra {
		m = append(m, e...)
	}
	m = protoField(m, 2, []byte{3 << 3, 2, 35<<3&0x7F | 0x80, 35 >> 4, 1}) // model_type BPE, byte_fallback
	return protoField(m, 3, normalizer)
}
