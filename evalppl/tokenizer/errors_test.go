package tokenizer

import (
	"strings"
	"testing"
)

// TestRefused tries what tokenizer.json may ask for that is not built, and what is broken.
func TestRefused(t *testing.T) {
	level := object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}
	added := func(id int, content string) []object { return []object{{"id": id, "content": content}} }
	for _, c := range []struct {
		want   string
		change func(root, model object)
	}{
		{`tokenizer.json: pre_tokenizer.pretokenizers[1]: a pre-tokenizer of type "X" is not built (built: Sequence, ByteLevel`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{level, {"type": "X"}}}
		}},
		{`normalizer: a normalizer of type "Precompiled" is not built`, func(root, _ object) { root["normalizer"] = object{"type": "Precompiled"} }},
		{`decoder.decoders[0]: a decoder of type "CTC" is not built`, func(root, _ object) {
			root["decoder"] = object{"type": "Sequence", "decoders": []object{{"type": "CTC"}}}
		}},
		{`post_processor: a post-processor of type "X" is not built`, func(root, _ object) { root["post_processor"] = object{"type": "X"} }},
		{`model: a model of type "Unigram" is not built (built: BPE)`, func(_, model object) {
			model["type"], model["vocab"] = "Unigram", []any{[]any{"a", 0.5}}
		}},
		{`model: a model of type "WordPiece"`, func(_, model object) { model["type"] = "WordPiece" }},
		{`model.dropout: found the number 0.1`, func(_, model object) { model["dropout"] = 0.1 }},
		{`setting "new_trick" is not built`, func(_, model object) { model["new_trick"] = true }},
		{`setting "add_suffix" is not built`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "ByteLevel", "add_prefix_space": false, "add_suffix": true}
		}},
		{`pre_tokenizer.add_prefix_space: found nothing, want true or false`, func(root, _ object) { root["pre_tokenizer"] = object{"type": "ByteLevel"} }},
		{`pre_tokenizer.behavior: found "isolated", want Removed`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "Split", "pattern": object{"String": "a"}, "behavior": "isolated", "invert": false}
		}},
		{`pre_tokenizer.pattern.Regex: expression "(a", byte 2: '(' without ')'`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "Split", "pattern": object{"Regex": "(a"}, "behavior": "Isolated", "invert": false}
		}},
		{`contradict each other`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "Metaspace", "replacement": "▁", "add_prefix_space": false, "prepend_scheme": "always"}
		}},
		{`Metaspace with prepend_scheme first behind`, func(root, _ object) {
			root["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": []object{level, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}}}
		}},
		{`merge 7 ("t" + "zz"): "zz" is not in the vocabulary`, func(_, model object) { model["merges"] = append(model["merges"].([]string), "t zz") }},
		{`the result "tt" is not in the vocabulary`, func(_, model object) { model["merges"] = append(model["merges"].([]string), "t t") }},
		{`want two tokens with one space between`, func(_, model object) { model["merges"] = []string{"tt"} }},
		{`merges[0]: 3 tokens, want two`, func(_, model object) { model["merges"] = [][]string{{"t", "h", "e"}} }},
		{`both have id 1`, func(_, model object) { model["vocab"].(map[string]int)["zz"] = 1 }},
		{`far beyond`, func(_, model object) { model["vocab"].(map[string]int)["zz"] = 4_000_000_000 }},
		{`not a whole number`, func(_, model object) { model["vocab"].(map[string]int)["zz"] = -1 }},
		{`needs vocab`, func(_, model object) { model["vocab"] = nil }},
		{`needs vocab`, func(_, model object) { model["vocab"] = map[string]int{} }},
		{`tokenizer.json: model: found nothing`, func(root, _ object) { delete(root, "model") }},
		{`token "t" has id 9, but the reference tokenizer gives it 116`, func(root, _ object) { root["added_tokens"] = added(9, "t") }},
		{`token "<x>" has id 300, but the reference tokenizer gives it 263`, func(root, _ object) { root["added_tokens"] = added(300, "<x>") }},
		{`is empty or comes twice`, func(root, _ object) { root["added_tokens"] = append(added(263, "<x>"), added(264, "<x>")...) }},
		{`is empty once normalized`, func(root, _ object) {
			root["normalizer"] = object{"type": "Strip", "strip_left": true, "strip_right": true}
			root["added_tokens"] = []object{{"id": 263, "content": "  ", "normalized": true}}
		}},
		{`special token id 999 is not in the vocabulary`, func(root, _ object) {
			root["post_processor"] = object{"type": "BertProcessing", "sep": []any{"x", 999}, "cls": []any{"y", 1}}
		}},
		{`the text must come once`, func(root, _ object) {
			root["post_processor"] = object{"type": "TemplateProcessing", "single": []object{}, "pair": []object{}, "special_tokens": object{}}
		}},
	} {
		_, err := New(Files{fileJSON: smallJSON(t, c.change)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tokenizer: tokenizer.json") {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestBrokenJSON tries texts that are no JSON, or not one that may be read.
func TestBrokenJSON(t *testing.T) {
	for text, want := range map[string]string{
		``: "found the end of the file", `[]`: "want '{'", `{"a":1,"a":2}`: "comes twice", `{"model":{"vocab":{"a":0},"vocab":{}}}`: "comes twice", `{"a":1} x`: "behind the end",
		"{\"a\":\"\x01\"}": "control character", `{"a":"\ud800"}`: "surrogate", `{"a":"\q"}`: "unknown escape", `{"a":"`: "ends inside a string", `{"a":+1}`: "want a number", `{"a":tru}`: "want a JSON value",
		"{\"a\":\"\xff\"}": "not UTF-8", `{"a":` + strings.Repeat("[", 1000): "nested deeper", `{"a":1,}`: "want '\"'", `{"model":{"vocab":{"a":0,"a":1},"merges":[]}}`: "comes twice",
		`{"model":{"vocab":{"a":1.5},"merges":[]}}`: "not a whole number",
	} {
		_, err := New(Files{fileJSON: []byte(text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

// TestBrokenModel tries tokenizer.model files.
func TestBrokenModel(t *testing.T) {
	good := smallModel(nil)
	if _, err := New(Files{fileModel: good}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":     {nil, "model type unigram is not built"},
		"truncated": {good[:len(good)-1], "longer than what is left"},
		"unused":    {smallModel(nil, protoPiece(nil, "x", 0, byte(pieceUnused))), "type unused is not built"},
		"twice":     {smallModel(nil, protoPiece(nil, "a", 0, byte(pieceNormal))), "comes twice"},
		"two unk":   {smallModel(nil, protoPiece(nil, "x", 0, byte(pieceUnknown))), "both of type unknown"},
		"nan":       {smallModel(nil, protoPiece(nil, "x", 0x7FC00000, byte(pieceNormal))), "no number as score"},
		"type 9":    {smallModel(nil, protoPiece(nil, "x", 0, 9)), "piece type 9"},
		"no text":   {smallModel(nil, protoPiece(nil, "", 0, byte(pieceNormal))), "empty or not UTF-8"},
		"not a map": {smallModel(protoField(nil, 2, []byte{1, 2, 3})), "precompiled_charsmap has 3 bytes"},
		"bad trie":  {smallModel(protoField(nil, 2, []byte{200, 0, 0, 0, 1, 1, 1, 1, 0})), "a trie of 200 bytes in 9"},
		"unigram":   {append(good[:len(good):len(good)], protoField(nil, 2, []byte{3 << 3, 1})...), "model type unigram is not built (built: bpe)"},
		"no bytes":  {protoField(protoPiece(nil, "<unk>", 0, 2), 2, []byte{3 << 3, 2, 35<<3&0x7F | 0x80, 35 >> 4, 1}), "not all 256 byte pieces"},
	} {
		_, err := New(Files{fileModel: c.data})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tokenizer: tokenizer.model: ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := New(Files{fileModel: good, fileConfig: []byte(`{"tokenizer_class": "T5Tokenizer"}`)}); err == nil || !strings.Contains(err.Error(), `"T5Tokenizer"`) {
		t.Errorf("class T5Tokenizer: %v", err)
	}
}
