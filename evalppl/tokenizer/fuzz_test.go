package tokenizer

import (
	"bytes"
	"testing"
)

// useAll calls everything on a tokenizer that New let through.
func useAll(t *testing.T, tok *Tokenizer, text []byte) {
	ids, err := tok.Encode(text, EncodeOptions{})
	if err != nil {
		return
	}
	for _, id := range ids {
		if _, ok := tok.TokenString(id); !ok || int(id) >= tok.VocabSize() {
			t.Fatalf("%s: id %d of a text is not in the vocabulary", tok.Describe(), id)
		}
	}
	for _, skip := range []bool{false, true} {
		if _, err := tok.Decode(ids, DecodeOptions{SkipSpecial: skip}); err != nil {
			t.Fatalf("%s: decode its own ids: %v", tok.Describe(), err)
		}
	}
}

const fuzzText = "the thing in  the 12 aaaa é\u0301 <s>▁x\n\n"

func FuzzNew(f *testing.F) {
	f.Add(smallJSON(f, nil), []byte(nil))
	f.Add(smallJSON(f, func(root, model object) {
		root["normalizer"] = object{"type": "Sequence", "normalizers": []object{{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": object{"Regex": " +"}, "content": "▁"}, {"type": "NFKC"}}}
		root["pre_tokenizer"] = object{"type": "Split", "pattern": object{"Regex": `\s?\p{L}++|[^\s\p{L}]{1,3}|\s+(?!\S)`}, "behavior": "MergedWithNext", "invert": true}
		root["decoder"] = object{"type": "Sequence", "decoders": []object{{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 1}}}
		root["added_tokens"] = []object{{"id": 263, "content": "<s>", "special": true, "lstrip": true, "single_word": true, "normalized": true}}
		model["unk_token"], model["byte_fallback"], model["continuing_subword_prefix"] = "a", true, "h"
	}), []byte(`{"bos_token": "<s>", "added_tokens_decoder": {"263": {"content": "<s>"}}}`))
	f.Fuzz(func(t *testing.T, file, config []byte) {
		files := Files{fileJSON: file}
		if len(config) > 0 {
			files[fileConfig] = config
		}
		if tok, err := New(files); err == nil {
			useAll(t, tok, []byte(fuzzText))
		}
	})
}

func FuzzSentencePiece(f *testing.F) {
	f.Add(smallModel(nil), []byte("ab  a"))
	f.Add(smallModel([]byte{3 << 3, 0, 4 << 3, 0}, protoPiece(nil, "<sep>", 0, byte(pieceUserDefined))), []byte("a<sep>b\xffé"))
	f.Add(smallModel(protoField(nil, 2, []byte{4, 0, 0, 0, 0, 1, 0, 0, 'a', 0})), []byte("a"))
	f.Fuzz(func(t *testing.T, file, text []byte) {
		if tok, err := New(Files{fileModel: file}); err == nil {
			useAll(t, tok, text)
		}
	})
}

// FuzzEncodeDecode: a byte-level tokenizer that has all bytes gives every valid text back.
func FuzzEncodeDecode(f *testing.F) {
	tok := mustNew(f, Files{fileJSON: smallJSON(f, func(root, _ object) {
		root["added_tokens"] = []object{{"id": 263, "content": "<s>", "special": true}, {"id": 264, "content": "<x>"}}
	})})
	f.Add([]byte(fuzzText))
	f.Add([]byte("\xff\xe2\x82 'll<s><x> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ids, err := tok.Encode(text, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		back, err := tok.Decode(ids, DecodeOptions{})
		if want := []byte(validText(text)); err != nil || !bytes.Equal(back, want) {
			t.Fatalf("%q: %q, %v, want %q", text, back, err, want)
		}
	})
}
