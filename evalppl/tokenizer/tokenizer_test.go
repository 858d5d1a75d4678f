package tokenizer

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func TestAccessors(t *testing.T) {
	file := smallJSON(t, func(root, _ object) {
		root["added_tokens"] = []object{{"id": 263, "content": "<s>", "special": true}, {"id": 264, "content": "</s>", "special": true}}
		root["post_processor"] = object{
			"type": "TemplateProcessing", "single": []object{{"SpecialToken": object{"id": "<s>", "type_id": 0}}, {"Sequence": object{"id": "A", "type_id": 0}}}, "pair": []object{},
			"special_tokens": object{"<s>": object{"id": "<s>", "ids": []int{263}, "tokens": []string{"<s>"}}},
		}
	})
	config := []byte(`{"bos_token": {"content": "<s>"}, "eos_token": "</s>"}`)
	tok := mustNew(t, Files{fileJSON: file, fileConfig: config})
	if got, want := tok.Describe(), "byte-level BPE, 265 tokens (tokenizer.json)"; got != want {
		t.Errorf("Describe %q, want %q", got, want)
	}
	bos, hasBOS := tok.BOS()
	eos, hasEOS := tok.EOS()
	if tok.VocabSize() != 265 || !hasBOS || bos != 263 || !hasEOS || eos != 264 || !tok.AddsBOS() {
		t.Errorf("size %d, BOS %d %v, EOS %d %v, adds BOS %v", tok.VocabSize(), bos, hasBOS, eos, hasEOS, tok.AddsBOS())
	}
	if s, ok := tok.TokenString(258); s != "Ġthe" || !ok {
		t.Errorf("token 258 is %q, %v", s, ok)
	}
	if _, ok := tok.TokenString(265); ok {
		t.Error("token 265 exists")
	}
	other := mustNew(t, Files{fileJSON: file})
	if a, b := tok.Fingerprint(), other.Fingerprint(); a == b || len(a) != 64 || a != mustNew(t, Files{fileConfig: config, fileJSON: file}).Fingerprint() {
		t.Errorf("fingerprints %s and %s", a, b)
	}
	if _, err := tok.Decode([]uint32{1, 2, 700}, DecodeOptions{}); err == nil || !strings.Contains(err.Error(), "id 700 at position 2") {
		t.Errorf("decoding an unknown id: %v", err)
	}
	for _, c := range []struct {
		text      string
		noSpecial bool
		want      []uint32
	}{
		{"", false, []uint32{263}},
		{"", true, []uint32{}},
		{" the</s>in", false, []uint32{263, 258, 264, 259}},
		{" the</s>in", true, []uint32{258, 264, 259}},
	} {
		got, err := tok.Encode([]byte(c.text), EncodeOptions{NoSpecial: c.noSpecial})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q, NoSpecial %v: %d, %v, want %d", c.text, c.noSpecial, got, err, c.want)
		}
	}
}

func TestCollectFiles(t *testing.T) {
	file := func(names ...string) fstest.MapFS {
		m := fstest.MapFS{}
		for _, n := range names {
			m[n] = &fstest.MapFile{Data: []byte(n)}
		}
		return m
	}
	for _, c := range []struct {
		have, want []string
		message    string
	}{
		{have: []string{fileJSON, fileVocab, fileMerges, fileConfig, "config.json"}, want: []string{fileJSON, fileConfig}},
		{have: []string{fileVocab, fileMerges, fileSpecial, fileAdded}, want: []string{fileVocab, fileMerges, fileSpecial, fileAdded}},
		{have: []string{fileModel}, want: []string{fileModel}},
		{have: []string{fileVocab, fileModel}, want: []string{fileModel}},
		{have: []string{fileVocab}, message: "vocab.json is there without merges.txt"},
		{have: []string{fileMerges}, message: "merges.txt is there without vocab.json"},
		{have: []string{fileConfig}, message: "looked for tokenizer.json, for vocab.json with merges.txt, and for tokenizer.model"},
	} {
		got, err := CollectFiles(file(c.have...))
		if c.message != "" {
			if !errors.Is(err, ErrNoTokenizer) || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v: error %v, want %q", c.have, err, c.message)
			}
			continue
		}
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%v: %v, %v, want %v", c.have, got, err, c.want)
		}
		for _, n := range c.want {
			if string(got[n]) != n {
				t.Errorf("%v: no %s", c.have, n)
			}
		}
	}
	if _, err := New(Files{}); !errors.Is(err, ErrNoTokenizer) {
		t.Errorf("no files: %v", err)
	}
}

// The wanted texts are those of Python 3.11, bytes.decode("utf-8", "replace").
func TestValidText(t *testing.T) {
	for in, want := range map[string]string{
		"a\xffb": "a\uFFFDb", "\xe2\x82": "\uFFFD", "\xe2\x82a": "\uFFFDa", "\xf0\x9f\x99": "\uFFFD", "\xf0\x9f\x99\xf0\x9f": "\uFFFD\uFFFD",
		"\xc0\x80": "\uFFFD\uFFFD", "\xed\xa0\x80": "\uFFFD\uFFFD\uFFFD", "\xe0\x80\x80": "\uFFFD\uFFFD\uFFFD", "\xf4\x90\x80\x80": "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\xf5": "\uFFFD", "\x80\x80": "\uFFFD\uFFFD", "\xc3": "\uFFFD", "\xef\xbf\xbd": "\uFFFD", "é": "é", "\xf1\x80\x80\xe1\x80\xc2b": "\uFFFD\uFFFD\uFFFDb",
	} {
		if got := validText([]byte(in)); got != want {
			t.Errorf("%+q: %+q, want %+q", in, got, want)
		}
	}
	tok := mustNew(t, Files{fileJSON: smallJSON(t, nil)})
	got, err := tok.Encode([]byte("in\xff"), EncodeOptions{})
	want, _ := tok.Encode([]byte("in\uFFFD"), EncodeOptions{})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("invalid text: %d, %v, want %d", got, err, want)
	}
}

// A long word takes n log n time: at n² steps this test would not end.
func TestLongWord(t *testing.T) {
	tok := mustNew(t, Files{fileJSON: smallJSON(t, nil)})
	text := bytes.Repeat([]byte("a"), 2<<20)
	ids, err := tok.Encode(text, EncodeOptions{})
	if err != nil || len(ids) != len(text)/4 {
		t.Fatalf("%d ids, %v, want %d", len(ids), err, len(text)/4)
	}
	back, err := tok.Decode(ids, DecodeOptions{})
	if err != nil || !bytes.Equal(back, text) {
		t.Errorf("decoding gives %d bytes, %v", len(back), err)
	}
	sp := mustNew(t, Files{fileModel: smallModel(nil)})
	ids, err = sp.Encode(bytes.Repeat([]byte("ab"), 1<<20), EncodeOptions{NoSpecial: true})
	// "▁a" scores above "ab": one for "▁a", one for the b behind it, then "ab" again and again.
	if err != nil || len(ids) != 1<<20+1 || ids[0] != 259 || ids[1] != 263 || ids[2] != 260 {
		t.Errorf("%d ids, %v, from %d", len(ids), err, ids[:3])
	}
}

func TestConcurrentUse(t *testing.T) {
	tok := mustNew(t, Files{fileJSON: smallJSON(t, nil)})
	text := []byte(strings.Repeat("the thing in the aaaa é ", 50))
	want, err := tok.Encode(text, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := tok.Encode(text, EncodeOptions{})
				back, err2 := tok.Decode(got, DecodeOptions{})
				if err != nil || err2 != nil || !slices.Equal(got, want) || !bytes.Equal(back, text) {
					t.Errorf("%d ids, %v, %v", len(got), err, err2)
				}
			}
		})
	}
	wg.Wait()
}
