package tokenizer

import (
	"fmt"
	"strings"
)

// loadJSON reads tokenizer.json. The vocabulary and the merges are read straight from the text, everything else through a tree. Truncation
// and padding, which are meant for batches of short texts, are not applied.
func (t *Tokenizer) loadJSON(data []byte) error {
	r, err := newJSONReader(data)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileJSON, err)
	}
	parts := map[string]any{}
	var m *jsonModel
	err = r.object(func(key string) error {
		if _, twice := parts[key]; twice || key == "model" && m != nil {
			return r.errorf("key %q comes twice", key)
		}
		if key == "model" && r.peek() == '{' {
			m = &jsonModel{settings: map[string]any{}}
			return m.read(r)
		}
		v, err := r.value()
		parts[key] = v
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileJSON, err)
	}
	root := node{path: fileJSON + ":", v: parts}
	if m == nil {
		return root.get("model").errorf("found %s, want an object", root.get("model").kind())
	}
	if t.model, err = m.build(node{path: fileJSON + ": model", v: m.settings}); err != nil {
		return err
	}
	return t.loadPipeline(root)
}

// loadPipeline reads everything around the model.
func (t *Tokenizer) loadPipeline(root node) error {
	var err error
	if t.normalizer, err = readNormalizer(root.get("normalizer")); err != nil {
		return err
	}
	if t.stages, err = readPreTokenizers(root.get("pre_tokenizer")); err != nil {
		return err
	}
	t.takeRawBytes()
	if t.decoder, err = readDecoder(root.get("decoder")); err != nil {
		return err
	}
	if err := t.loadAddedTokens(root.get("added_tokens")); err != nil {
		return err
	}
	if err := t.checkPrependFirst(root.get("pre_tokenizer")); err != nil {
		return err
	}
	if t.template, err = readTemplate(root.get("post_processor")); err != nil {
		return err
	}
	for _, id := range append(append([]uint32(nil), t.template.before...), t.template.after...) {
		if _, ok := t.TokenString(id); !ok {
			return root.get("post_processor").errorf("special token id %d is not in the vocabulary", id)
		}
	}
	return nil
}

// takeRawBytes lets the model take bytes as they are where mapping them to characters is the last step before it.
func (t *Tokenizer) takeRawBytes() {
	if len(t.stages) == 0 {
		return
	}
	if last, ok := t.stages[len(t.stages)-1].(*byteLevelSplit); ok {
		last.mapped = false
		t.model.(*bpe).raw = true
	}
}

// loadAddedTokens reads added_tokens. The reference does not take the ids from the file: a token that the model knows has the model's id, another
// gets the next free one. A file that says otherwise is refused, for one of the two must be wrong.
func (t *Tokenizer) loadAddedTokens(n node) error {
	if n.null() {
		return nil
	}
	items, err := n.items()
	if err != nil {
		return err
	}
	var list []*addedToken
	seen := map[string]bool{}
	next := uint32(t.model.size())
	for _, item := range items {
		if err := item.only("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"); err != nil {
			return err
		}
		a, err := readAddedToken(item)
		if err != nil {
			return err
		}
		if a.id, err = item.get("id").uint32(); err != nil {
			return err
		}
		if a.content == "" || seen[a.content] {
			return item.errorf("token %q is empty or comes twice", a.content)
		}
		seen[a.content] = true
		want, known := t.model.id(a.content)
		if !known {
			want = next
		}
		if a.id != want {
			return item.errorf("token %q has id %d, but the reference tokenizer gives it %d", a.content, a.id, want)
		}
		next = max(next, a.id+1)
		list = append(list, a)
	}
	return t.addTokens(list)
}

// addTokens registers added tokens and builds what looks for them in texts.
func (t *Tokenizer) addTokens(list []*addedToken) error {
	var plain, normalized []*addedToken
	var plainText, normalizedText []string
	s := &session{t: t}
	for _, a := range list {
		if a.id >= maxTokens {
			return fmt.Errorf("tokenizer: %s: added token %q has id %d, ids below %d are read", t.source, a.content, a.id, maxTokens)
		}
		if other, ok := t.added[a.id]; ok {
			return fmt.Errorf("tokenizer: %s: added tokens %q and %q both have id %d", t.source, other.content, a.content, a.id)
		}
		t.added[a.id] = a
		if a.special {
			t.special[a.content] = true
		}
		a.shown = a.content
		if !a.normalized {
			plain, plainText = append(plain, a), append(plainText, a.content)
			continue
		}
		if t.normalizer != nil {
			p, err := t.normalizer.normalize(s, piece{text: a.content})
			if err != nil {
				return err
			}
			a.shown = p.text
		}
		normalized, normalizedText = append(normalized, a), append(normalizedText, a.shown)
	}
	var err error
	if t.plain, err = newTokenMatcher(plain, plainText); err == nil {
		t.normalized, err = newTokenMatcher(normalized, normalizedText)
	}
	if err != nil {
		return fmt.Errorf("tokenizer: %s: added_tokens: %w", t.source, err)
	}
	return nil
}

// jsonModel is the model part of tokenizer.json as it is read, before the type is known.
type jsonModel struct {
	vocab     *vocabulary
	vocabKind byte
	merges    []mergeRule
	hasMerges bool
	settings  map[string]any
}

func (m *jsonModel) read(r *jsonReader) error {
	return r.object(func(key string) error {
		if _, twice := m.settings[key]; twice || key == "vocab" && m.vocabKind != 0 || key == "merges" && m.hasMerges {
			return r.errorf("key %q comes twice", key)
		}
		switch key {
		case "vocab":
			if m.vocabKind = r.peek(); m.vocabKind == '{' {
				var err error
				m.vocab, err = readVocabulary(r)
				return err
			}
			_, err := r.value() // a Unigram model's list, refused later by its type
			return err
		case "merges":
			m.hasMerges = true
			return r.array(func(i int) error {
				rule, skip, err := readMerge(r)
				if err != nil {
					return r.errorf("merges[%d]: %v", i, err)
				}
				if !skip {
					m.merges = append(m.merges, rule)
				}
				return nil
			})
		}
		v, err := r.value()
		m.settings[key] = v
		return err
	})
}

// readVocabulary reads an object of token -> id.
func readVocabulary(r *jsonReader) (*vocabulary, error) {
	// A token takes at least six bytes of JSON.
	v := &vocabulary{ids: make(map[string]uint32, min((len(r.s)-r.i)/24, 1<<18))}
	type entry struct {
		token string
		id    uint32
	}
	var entries []entry
	err := r.object(func(token string) error {
		id, err := r.uint32()
		entries = append(entries, entry{token, id})
		return err
	})
	if err != nil {
		return nil, err
	}
	limit := 64*len(entries) + 1<<17
	for _, e := range entries {
		if int64(e.id) > int64(limit) {
			return nil, fmt.Errorf("vocabulary: token %q has id %d, far beyond the %d tokens there are", e.token, e.id, len(entries))
		}
		if err := v.add(strings.Clone(e.token), e.id); err != nil {
			return nil, fmt.Errorf("vocabulary: %w", err)
		}
	}
	return v, nil
}

// readMerge reads "a b" or ["a", "b"]. A line "#version ..." is no merge.
func readMerge(r *jsonReader) (rule mergeRule, skip bool, err error) {
	if r.peek() == '"' {
		line, err := r.str()
		if err != nil || strings.HasPrefix(line, "#version") {
			return rule, true, err
		}
		rule, err = splitMerge(line)
		return rule, false, err
	}
	n := 0
	err = r.array(func(i int) error {
		s, err := r.str()
		if i == 0 {
			rule.left = s
		} else {
			rule.right = s
		}
		n = i + 1
		return err
	})
	if err == nil && n != 2 {
		err = fmt.Errorf("%d tokens, want two", n)
	}
	return rule, false, err
}

// build makes the model that the settings ask for.
func (m *jsonModel) build(n node) (model, error) {
	typ := "BPE"
	if t := n.get("type"); !t.null() {
		var err error
		if typ, err = t.str(); err != nil {
			return nil, err
		}
	} else if !m.hasMerges {
		return nil, n.errorf("a model without type and merges is not built (built: BPE)")
	}
	if typ != "BPE" {
		return nil, n.notBuilt("a model", typ, []string{"BPE"})
	}
	if err := n.only("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges"); err != nil {
		return nil, err
	}
	if d := n.get("dropout"); !d.null() && d.v != jsonNumber("0") && d.v != jsonNumber("0.0") {
		return nil, n.get("dropout").errorf("found %s: random merges give no one answer; set it to null", d.kind())
	}
	if m.vocab == nil || len(m.vocab.ids) == 0 || !m.hasMerges {
		return nil, n.errorf("a BPE model needs vocab (an object that is not empty) and merges (a list)")
	}
	var set bpeSettings
	set.hasUnk = !n.get("unk_token").null()
	var err error
	for name, to := range map[string]*string{"unk_token": &set.unk, "continuing_subword_prefix": &set.prefix, "end_of_word_suffix": &set.suffix} {
		if *to, err = n.get(name).strOr(""); err != nil {
			return nil, err
		}
	}
	for name, to := range map[string]*bool{"fuse_unk": &set.fuseUnk, "byte_fallback": &set.byteFallback, "ignore_merges": &set.ignoreMerges} {
		if *to, err = n.get(name).boolOr(false); err != nil {
			return nil, err
		}
	}
	b, err := newBPE(set, m.vocab, m.merges)
	if err != nil {
		return nil, n.errorf("%v", err)
	}
	return b, nil
}
