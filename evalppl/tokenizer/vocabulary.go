package tokenizer

import "fmt"

// maxTokens bounds ids; the largest published vocabularies have about a million tokens.
const maxTokens = 1 << 22

// vocabulary is a two-way table of tokens. Ids may have holes.
type vocabulary struct {
	ids    map[string]uint32
	tokens []string
	used   []bool
}

// token returns the token of an id.
func (v *vocabulary) token(id uint32) (string, bool) {
	if uint64(id) >= uint64(len(v.tokens)) || !v.used[id] {
		return "", false
	}
	return v.tokens[id], true
}

// add puts a token in. A token or id that is there already is an error.
func (v *vocabulary) add(token string, id uint32) error {
	if id >= maxTokens {
		return fmt.Errorf("token %q has id %d, ids below %d are read", token, id, maxTokens)
	}
	if old, twice := v.ids[token]; twice {
		return fmt.Errorf("token %q comes twice, with ids %d and %d", token, old, id)
	}
	// Holes may not make a small file large: the table is at most a constant plus 64 places for each token.
	if int(id) > 64*len(v.ids)+1<<17 {
		return fmt.Errorf("token %q has id %d, far beyond the %d tokens before it", token, id, len(v.ids))
	}
	if int(id) >= len(v.tokens) {
		more := int(id) + 1 - len(v.tokens)
		v.tokens = append(v.tokens, make([]string, more)...)
		v.used = append(v.used, make([]bool, more)...)
	}
	if v.used[id] {
		return fmt.Errorf("tokens %q and %q both have id %d", v.tokens[id], token, id)
	}
	v.ids[token], v.tokens[id], v.used[id] = id, token, true
	return nil
}
