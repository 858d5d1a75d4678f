package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// encodeCut encodes text cut at every place where it may be cut, and counts the places.
func encodeCut(tb testing.TB, tok *Tokenizer, text []byte) (ids []uint32, cuts int) {
	tb.Helper()
	e := tok.NewEncoder(EncodeOptions{}, func(part []uint32) error {
		ids = append(ids, part...)
		return nil
	})
	start := 0
	for i := 1; i < len(text); i++ {
		before, n := utf8.DecodeLastRune(text[:i])
		if before == utf8.RuneError && n < 2 || !tok.canCut(before, rune(text[i])) {
			continue
		}
		e.buf = append(e.buf[:0], text[start:i]...)
		if err := e.encode(i-start, false); err != nil {
			tb.Fatal(err)
		}
		start = i
		cuts++
	}
	e.buf = append(e.buf[:0], text[start:]...)
	if err := e.End(); err != nil {
		tb.Fatal(err)
	}
	return ids, cuts
}

// encodeInPieces writes text in random pieces to an Encoder with small chunks, and counts what it hands on.
func encodeInPieces(tb testing.TB, tok *Tokenizer, text []byte, r *rand.Rand, chunk int) (ids []uint32, parts int) {
	tb.Helper()
	e := tok.newEncoder(EncodeOptions{}, chunk, func(part []uint32) error {
		ids = append(ids, part...)
		parts++
		return nil
	})
	for len(text) > 0 {
		n := min(len(text), 1+r.IntN(2*chunk))
		if _, err := e.Write(text[:n]); err != nil {
			tb.Fatal(err)
		}
		text = text[n:]
	}
	if err := e.End(); err != nil {
		tb.Fatal(err)
	}
	return ids, parts
}

// checkPieces compares every way of cutting with the whole.
func checkPieces(tb testing.TB, name string, tok *Tokenizer, text []byte, seed uint64) (cuts int) {
	tb.Helper()
	want, err := tok.Encode(text, EncodeOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	got, cuts := encodeCut(tb, tok, text)
	if !slices.Equal(got, want) {
		tb.Errorf("%s, cut in %d places: %s", name, cuts, difference(tok, text, got, want))
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for _, chunk := range []int{1, 7 + r.IntN(50), 1000 + r.IntN(1000)} {
		if got, parts := encodeInPieces(tb, tok, text, r, chunk); !slices.Equal(got, want) {
			tb.Errorf("%s, chunks of %d, %d parts: %s", name, chunk, parts, difference(tok, text, got, want))
		}
	}
	return cuts
}

func difference(tok *Tokenizer, text []byte, got, want []uint32) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	show := func(ids []uint32) string {
		var b strings.Builder
		for _, id := range ids[max(0, i-3):min(len(ids), i+5)] {
			token, _ := tok.TokenString(id)
			b.WriteString(token + "|")
		}
		return b.String()
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return "ids differ from position " + string(rune('0'+i%10)) + ": " + show(got) + " want " + show(want) + " of " + string(text)
}

// TestPiecesGolden: the real tokenizers on the shared texts. All of them can be cut at most spaces between words.
func TestPiecesGolden(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.name, func(t *testing.T) {
			tok := c.load(t)
			for i, name := range []string{"wikitext2-valid", "stories", "stress"} {
				text := readShared(t, "texts", name+".txt")
				if testing.Short() {
					text = text[:min(len(text), 200_000)]
				}
				cuts := checkPieces(t, name, tok, text, uint64(i))
				if words := bytes.Count(text, []byte(" ")); name != "stress" && cuts < words/3 {
					t.Errorf("%s: %d places to cut with %d spaces", name, cuts, words)
				}
			}
			text := readShared(t, "texts", "stress.txt")
			for i, line := range bytes.Split(text, []byte("\n")) {
				if !testing.Short() || i%10 == 0 {
					checkPieces(t, "a stress line", tok, line, uint64(i))
				}
			}
		})
	}
}

// pieceTexts joins texts of the oracle's cases at random, so that there is something to cut.
func pieceTexts(r *rand.Rand, texts []string) []string {
	list := slices.Clone(texts)
	for range 12 {
		var b strings.Builder
		for range 2 + r.IntN(6) {
			b.WriteString(texts[r.IntN(len(texts))])
			b.WriteString([]string{"", " ", "\n", "  ", " \n", "a b", "\n\n", "'s ", ". ", "é c", "<s> "}[r.IntN(11)])
		}
		list = append(list, b.String())
	}
	return list
}

// TestPiecesPipelines: the random pipelines of TestPipelines.
func TestPiecesPipelines(t *testing.T) {
	var f struct {
		Models     map[string]json.RawMessage
		Tokenizers []struct {
			Tokenizer map[string]json.RawMessage
			Cases     []struct{ Text string }
		}
	}
	readTestdata(t, "pipelines.json", &f)
	r := rand.New(rand.NewPCG(4, 4))
	able, all, cuts := 0, 0, 0
	for i, x := range f.Tokenizers {
		var name string
		if err := json.Unmarshal(x.Tokenizer["model"], &name); err != nil {
			t.Fatal(err)
		}
		description, _ := json.Marshal(x.Tokenizer)
		x.Tokenizer["model"] = f.Models[name]
		file, err := json.Marshal(x.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := New(Files{fileJSON: file})
		if err != nil {
			continue
		}
		var texts []string
		for _, c := range x.Cases {
			texts = append(texts, c.Text)
		}
		n := 0
		for k, text := range pieceTexts(r, texts) {
			n += checkPieces(t, string(description), tok, []byte(text), uint64(100*i+k))
		}
		all++
		cuts += n
		if n > 0 {
			able++
		}
	}
	t.Logf("%d of %d tokenizers were cut, in %d places", able, all, cuts)
	if able < all/4 {
		t.Errorf("%d of %d tokenizers were cut: the test says little", able, all)
	}
}

func TestPiecesSentencePiece(t *testing.T) {
	var f struct {
		Models []struct {
			Options string
			Model   []byte
			Cases   []struct{ Text string }
		}
	}
	readTestdata(t, "sentencepiece.json", &f)
	r := rand.New(rand.NewPCG(5, 5))
	for _, m := range f.Models {
		t.Run(m.Options, func(t *testing.T) {
			for _, config := range []string{``, `{"legacy": false}`, `{"added_tokens_decoder": {"0": {"content": "<unk>"}, "1": {"content": "<s>"}}}`} {
				files := Files{fileModel: m.Model}
				if config != "" {
					files[fileConfig] = []byte(config)
				}
				tok, err := New(files)
				if err != nil {
					t.Fatal(err)
				}
				var texts []string
				for _, c := range m.Cases {
					texts = append(texts, c.Text)
				}
				n := 0
				for k, text := range pieceTexts(r, texts) {
					n += checkPieces(t, m.Options+config, tok, []byte(text), uint64(k))
				}
				t.Logf("%s: %d cuts", config, n)
			}
		})
	}
}

// publishedExpressions are those of tokenizers in use: of Llama 3, Qwen 2, GPT-4o and Llama 4, DeepSeek V3's three, Falcon's, and GPT-2's.
var publishedExpressions = map[string]string{
	"gpt2":      exprGPT2,
	"llama3":    exprLlama3,
	"qwen2":     exprQwen2,
	"cl100k":    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`,
	"o200k":     `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"deepseek3": "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
}

// TestCutExpressions says for each published expression where it may be cut.
func TestCutExpressions(t *testing.T) {
	for name, source := range publishedExpressions {
		x, err := compileExpression(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			before, behind rune
			want           bool
		}{{'a', ' ', true}, {'a', '\n', true}, {'7', ' ', true}, {'世', '\n', true}, {'.', ' ', true}, {'.', '\n', name == "gpt2"}, {' ', '\n', false}, {'a', 'b', false}} {
			covered, ok := x.cut(c.before, c.behind)
			if covered && ok != c.want {
				t.Errorf("%s between %q and %q: %v, want %v", name, c.before, c.behind, covered && ok, c.want)
			}
		}
	}
	for _, source := range []string{`\w+(?=\s)|\s+`, `\b\w+|\s+`, `(?<=a) |\s+`, `\p{L}*`, `a$|\s+`, `^a|\s+`, `\w+(?!a)|\s+`} {
		if x, err := compileExpression(source); err == nil {
			if _, ok := x.cut('b', ' '); ok {
				t.Errorf("%s may be cut", source)
			}
		}
	}
	if x, err := compileExpression(`\p{L}+`); err != nil {
		t.Fatal(err)
	} else if covered, ok := x.cut('b', ' '); covered || !ok {
		t.Errorf("letters alone: covered %v, neutral %v; want neutral without a bound", covered, ok)
	}
}

// TestPiecesExpressions: byte-level tokenizers with published expressions, and what is around them, on text of all kinds.
func TestPiecesExpressions(t *testing.T) {
	level := object{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}
	prefixed := object{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false}
	split := func(pattern object, behavior string, invert bool) object {
		return object{"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
	}
	text := []byte(strings.Repeat("The thing's in the \"Haus\".\nIt'll be 12345 (or 7)…  世界。\n\n\tint main() { return 0; }\r\n  — naïve CAFÉ'S 1/2 <s> aaaa ½ e\u0301 \u00a0x \u3000y'D\n.\n. \n", 30))
	for name, source := range publishedExpressions {
		for k, stages := range [][]object{
			{split(object{"Regex": source}, "Isolated", false), level},
			{split(object{"Regex": source}, "Removed", true), level},
			{split(object{"Regex": `\p{N}{1,3}`}, "Isolated", false), split(object{"Regex": source}, "Isolated", false), level},
			{split(object{"Regex": source}, "MergedWithNext", false), level},
			{split(object{"Regex": source}, "Isolated", false), prefixed},
			{{"type": "Digits", "individual_digits": true}, split(object{"Regex": source}, "Isolated", false), level},
			{{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"}, split(object{"Regex": source}, "Isolated", false), level},
		} {
			tok := mustNew(t, Files{fileJSON: smallJSON(t, func(root, _ object) {
				root["pre_tokenizer"] = object{"type": "Sequence", "pretokenizers": stages}
				root["normalizer"] = object{"type": "NFC"}
				root["added_tokens"] = []object{{"id": 263, "content": "<s>", "special": true, "lstrip": k%2 == 0, "rstrip": k%3 == 0}}
			})})
			cuts := checkPieces(t, name, tok, text, uint64(k))
			if k < 3 && cuts < 300 {
				t.Errorf("%s, stages %d: %d places to cut", name, k, cuts)
			}
		}
	}
}

func TestPiecesEmbedded(t *testing.T) {
	root := moduleRoot(t)
	text, err := os.ReadFile(filepath.Join(root, "testdata", "text", "valid.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nibble-gpt2", "nibble-llama"} {
		files, err := CollectFiles(os.DirFS(filepath.Join(root, "testdata", "models", name)))
		if err != nil {
			t.Fatal(err)
		}
		if cuts := checkPieces(t, name, mustNew(t, files), text, 1); cuts < bytes.Count(text, []byte(" "))/2 {
			t.Errorf("%s: %d places to cut", name, cuts)
		}
	}
}

func TestEncoder(t *testing.T) {
	tok := mustNew(t, Files{fileJSON: smallJSON(t, nil)})
	stop := errors.New("full")
	e := tok.newEncoder(EncodeOptions{}, 8, func([]uint32) error { return stop })
	if _, err := e.Write([]byte("the thing in the thing")); !errors.Is(err, stop) {
		t.Errorf("Write: %v", err)
	}
	if _, err := e.Write([]byte("x")); !errors.Is(err, stop) {
		t.Errorf("Write after an error: %v", err)
	}
	if err := e.End(); !errors.Is(err, stop) {
		t.Errorf("End: %v", err)
	}
	// A text without a place to cut is held; the next text starts afresh.
	var ids []uint32
	parts := 0
	e = tok.newEncoder(EncodeOptions{NoSpecial: true}, 8, func(part []uint32) error {
		ids, parts = append(ids, part...), parts+1
		return nil
	})
	for range 2 {
		ids, parts = nil, 0
		if _, err := e.Write(bytes.Repeat([]byte("a"), 1000)); err != nil || parts != 0 {
			t.Errorf("%d parts, %v", parts, err)
		}
		if err := e.End(); err != nil || parts != 1 || len(ids) != 250 {
			t.Errorf("%d ids in %d parts, %v", len(ids), parts, err)
		}
	}
	// Nothing written is an empty text.
	ids, parts = nil, 0
	if err := e.End(); err != nil || parts != 0 {
		t.Errorf("%d parts, %v", parts, err)
	}
}

func FuzzPieces(f *testing.F) {
	plain := mustNew(f, Files{fileJSON: smallJSON(f, func(root, _ object) {
		root["normalizer"] = object{"type": "NFKC"}
		root["added_tokens"] = []object{{"id": 263, "content": "<s>", "special": true, "rstrip": true}, {"id": 264, "content": "x y", "lstrip": true, "normalized": true}}
	})})
	sp := mustNew(f, Files{fileModel: smallModel(nil, protoPiece(nil, "b ", 0, byte(pieceUserDefined)))})
	f.Add([]byte(fuzzText), uint64(1))
	f.Add([]byte("the x yin <s>  a\n b a ab\xff a"), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		checkPieces(t, "byte level", plain, text, seed)
		checkPieces(t, "sentencepiece", sp, text, seed)
	})
}
