package tokenizer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// pairFiles is the small tokenizer as vocab.json + merges.txt.
func pairFiles(t *testing.T, config string, more ...string) Files {
	t.Helper()
	vocab, merges := smallVocabulary()
	for _, token := range more {
		vocab[token] = len(vocab)
	}
	data, err := json.Marshal(vocab)
	if err != nil {
		t.Fatal(err)
	}
	f := Files{fileVocab: data, fileMerges: []byte("#version: 0.2\n" + strings.Join(merges, "\n") + "\n")}
	if config != "" {
		f[fileConfig] = []byte(config)
	}
	return f
}

func TestVocabMerges(t *testing.T) {
	for _, c := range []struct {
		name, config, text string
		more               []string
		want               []uint32
	}{
		{"plain", "", " the in", nil, nil},
		{"prefix space", `{"add_prefix_space": true}`, "the", nil, []uint32{258}},
		{"default special", "", "in<|endoftext|>in", []string{"<|endoftext|>"}, []uint32{259, 263, 259}},
		{"bos", `{"bos_token": "<b>", "add_bos_token": true}`, "in", []string{"<b>"}, []uint32{263, 259}},
		{"roberta", `{"tokenizer_class": "RobertaTokenizerFast"}`, "in  <mask>", []string{"<s>", "</s>", "<mask>"}, []uint32{263, 259, 265, 264}},
		{"nfc and single digits", `{"tokenizer_class": "Qwen2Tokenizer"}`, "e\u0301", nil, []uint32{262}},
		{"added", `{"added_tokens_decoder": {"263": {"content": "<x>", "rstrip": true}}}`, "<x> in", nil, []uint32{263, 259}},
	} {
		f := pairFiles(t, c.config, c.more...)
		if c.name == "plain" {
			f[fileMerges] = []byte(strings.ReplaceAll(string(f[fileMerges]), "\n", "\r\n"))
		}
		tok := mustNew(t, f)
		got, err := tok.Encode([]byte(c.text), EncodeOptions{})
		want := c.want
		if c.name == "plain" {
			space := slices.IndexFunc([]rune(string(byteRunes[:])), func(r rune) bool { return r == 'Ġ' })
			want = []uint32{258, uint32(space), 259}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d, %v, want %d", c.name, got, err, want)
		}
	}
	for name, c := range map[string]struct {
		f    Files
		want string
	}{
		"class":      {pairFiles(t, `{"tokenizer_class": "CLIPTokenizer"}`), `tokenizer_class "CLIPTokenizer"`},
		"merge line": {Files{fileVocab: []byte(`{"a":0}`), fileMerges: []byte("#version\na")}, "merges.txt: line 2"},
		"no vocab":   {Files{fileVocab: []byte(`{}`), fileMerges: nil}, "vocab.json: the vocabulary is empty"},
		"other id":   {pairFiles(t, `{"added_tokens_decoder": {"5": {"content": "<x>"}}}`), "has id 5"},
		"no bos":     {pairFiles(t, `{"bos_token": "<b>", "add_bos_token": true}`), "the vocabulary in vocab.json + merges.txt does not have it"},
	} {
		if _, err := New(c.f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSentencePieceConfig(t *testing.T) {
	for _, c := range []struct {
		name, config, text string
		want               []uint32
	}{
		{"bos", ``, "ab", []uint32{1, 259, 263}},
		{"no bos, eos", `{"add_bos_token": false, "add_eos_token": true}`, "ab", []uint32{259, 263, 2}},
		{"control piece in the text", ``, "<s>", append([]uint32{1, 261}, 3+'<', 3+'s', 3+'>')},
		{"listed in the configuration", `{"added_tokens_decoder": {"1": {"content": "<s>"}}}`, "<s>a", []uint32{1, 1, 259}},
		{"legacy false", `{"legacy": false, "added_tokens_decoder": {"1": {"content": "<s>"}}}`, "<s>a", []uint32{1, 1, 262}},
		{"empty", ``, "", []uint32{1}},
		{"extra spaces", ``, "  a   b ", []uint32{1, 259, 261, 263}},
		{"bytes", ``, "é", []uint32{1, 261, 3 + 0xC3, 3 + 0xA9}},
	} {
		f := Files{fileModel: smallModel(nil)}
		if c.config != "" {
			f[fileConfig] = []byte(c.config)
		}
		got, err := mustNew(t, f).Encode([]byte(c.text), EncodeOptions{})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %d, %v, want %d", c.name, got, err, c.want)
		}
	}
}

// TestCharsmap uses a trie made by hand, with x -> "b" and xx -> "a". A unit's bits: 0-7 label, 8 leaf, 10-30 offset; a leaf's value has bit 31.
func TestCharsmap(t *testing.T) {
	units := make([]uint32, 512)
	units[0] = 256 << 10                         // root: children at 256 ^ label
	at := uint32(256 ^ 'x')                      // first x
	next := uint32(1)                            // its children: at ^ 1<<10>>10 ...
	units[at] = 'x' | 1<<8 | next<<10            // offset next, with a leaf
	base := at ^ next                            // where its leaf lies
	units[base] = 1 << 31                        // x -> block[0:]
	second := base ^ 'x'                         // xx
	units[second] = 'x' | 1<<8 | (2 << 10)       // offset 2
	units[second^2] = 1<<31 | uint32(len("b")+1) // xx -> block[2:]
	blob := []byte{0, 8, 0, 0}                   // 2048 bytes of units
	for _, u := range units {
		blob = append(blob, byte(u), byte(u>>8), byte(u>>16), byte(u>>24))
	}
	blob = append(blob, "b\x00a\x00"...)
	m, err := parseCharsmap(blob)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		replacement string
		length      int
	}{"x": {"b", 1}, "xx": {"a", 2}, "xxx": {"a", 2}, "xa": {"b", 1}, "a": {"", 0}, "": {"", 0}} {
		if r, n := m.longest(text); r != want.replacement || n != want.length {
			t.Errorf("%q: %q, %d, want %q, %d", text, r, n, want.replacement, want.length)
		}
	}
	got, err := mustNew(t, Files{fileModel: smallModel(protoField(nil, 2, blob))}).Encode([]byte("xxx a"), EncodeOptions{NoSpecial: true})
	if want := []uint32{259, 263, 259}; err != nil || !slices.Equal(got, want) { // "ab a"
		t.Errorf("%d, %v, want %d", got, err, want)
	}
}
