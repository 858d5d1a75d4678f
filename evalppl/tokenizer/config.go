package tokenizer

import (
	"maps"
	"slices"
	"strconv"
)

// config is what tokenizer_config.json, special_tokens_map.json and added_tokens.json say. Of two files that name the same special token
// tokenizer_config.json counts.
type config struct {
	class       string
	specials    map[string]string // "bos_token" -> "<s>"
	more        []string          // additional special tokens
	addBOS      *bool
	addEOS      *bool
	legacy      *bool
	prefixSpace *bool
	added       []*addedToken
}

var specialNames = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

func readConfig(files Files) (*config, error) {
	c := &config{specials: map[string]string{}}
	for _, name := range []string{fileConfig, fileSpecial} {
		data, ok := files[name]
		if !ok {
			continue
		}
		n, err := parseNode(name, data)
		if err != nil {
			return nil, err
		}
		if err := c.readSpecials(n); err != nil {
			return nil, err
		}
		if name == fileConfig {
			if err := c.readSettings(n); err != nil {
				return nil, err
			}
		}
	}
	return c, c.readAddedFile(files)
}

// readSpecials reads tokens that are given as a string or as an object with content.
func (c *config) readSpecials(n node) error {
	if _, ok := n.v.(map[string]any); !ok {
		return n.errorf("found %s, want an object", n.kind())
	}
	for _, name := range specialNames {
		v := n.get(name)
		if v.null() || v.v == false {
			continue
		}
		text, err := tokenContent(v)
		if err != nil {
			return err
		}
		if c.specials[name] == "" {
			c.specials[name] = text
		}
	}
	more := n.get("additional_special_tokens")
	if _, ok := more.v.([]any); !ok {
		return nil
	}
	items, err := more.items()
	if err != nil {
		return err
	}
	for _, item := range items {
		text, err := tokenContent(item)
		if err != nil {
			return err
		}
		if !slices.Contains(c.more, text) {
			c.more = append(c.more, text)
		}
	}
	return nil
}

func tokenContent(n node) (string, error) {
	if _, ok := n.v.(map[string]any); ok {
		n = n.get("content")
	}
	return n.str()
}

func (c *config) readSettings(n node) error {
	var err error
	if c.class, err = n.get("tokenizer_class").strOr(""); err != nil {
		return err
	}
	for name, to := range map[string]**bool{"add_bos_token": &c.addBOS, "add_eos_token": &c.addEOS, "legacy": &c.legacy, "add_prefix_space": &c.prefixSpace} {
		v := n.get(name)
		if v.null() {
			continue
		}
		b, err := v.boolean()
		if err != nil {
			return err
		}
		*to = &b
	}
	decoder := n.get("added_tokens_decoder")
	m, _ := decoder.v.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		v := decoder.get(key)
		id, err := strconv.ParseUint(key, 10, 32)
		if err != nil {
			return v.errorf("%q is no id", key)
		}
		a, err := readAddedToken(v)
		if err != nil {
			return err
		}
		a.id = uint32(id)
		c.added = append(c.added, a)
	}
	return nil
}

// readAddedToken reads all but the id.
func readAddedToken(n node) (*addedToken, error) {
	a := &addedToken{}
	var err error
	if a.content, err = n.get("content").str(); err != nil {
		return nil, err
	}
	for name, to := range map[string]*bool{"single_word": &a.singleWord, "lstrip": &a.lstrip, "rstrip": &a.rstrip, "normalized": &a.normalized, "special": &a.special} {
		if *to, err = n.get(name).boolOr(false); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// readAddedFile reads added_tokens.json, an older list of content -> id; tokenizer_config.json knows more of those it lists too.
func (c *config) readAddedFile(files Files) error {
	data, ok := files[fileAdded]
	if !ok {
		return nil
	}
	n, err := parseNode(fileAdded, data)
	if err != nil {
		return err
	}
	m, ok := n.v.(map[string]any)
	if !ok {
		return n.errorf("found %s, want an object", n.kind())
	}
	for _, content := range slices.Sorted(maps.Keys(m)) {
		id, err := n.get(content).uint32()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(c.added, func(a *addedToken) bool { return a.content == content })
		switch {
		case at < 0:
			c.added = append(c.added, &addedToken{id: id, content: content})
		case c.added[at].id != id:
			return n.get(content).errorf("id %d, but %s gives it id %d", id, fileConfig, c.added[at].id)
		}
	}
	return nil
}

// nameSpecials notes which ids are BOS and EOS.
func (t *Tokenizer) nameSpecials(c *config) {
	if token := c.specials["bos_token"]; token != "" {
		t.bos, t.hasBOS = t.tokenID(token)
	}
	if token := c.specials["eos_token"]; token != "" {
		t.eos, t.hasEOS = t.tokenID(token)
	}
}

// isTrue reports whether a setting is there and true.
func isTrue(b *bool) bool { return b != nil && *b }
