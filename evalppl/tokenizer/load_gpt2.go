package tokenizer

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// pairClass is what a tokenizer class adds to vocab.json + merges.txt, which say nothing but the model. These are the defaults of the classes
// in transformers; tokenizer_config.json and special_tokens_map.json count before them.
type pairClass struct {
	expr     string // "" for ByteLevel's own
	nfc      bool
	specials map[string]string
	around   bool // BOS before and EOS behind every text
}

var gpt2Specials = map[string]string{"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
var robertaSpecials = map[string]string{
	"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "cls_token": "<s>", "pad_token": "<pad>", "mask_token": "<mask>",
}

// pairClasses are the tokenizer classes that are built, without the ending Fast.
var pairClasses = map[string]pairClass{
	"":                    {specials: gpt2Specials},
	"GPT2Tokenizer":       {specials: gpt2Specials},
	"CodeGenTokenizer":    {specials: gpt2Specials},
	"Qwen2Tokenizer":      {specials: map[string]string{"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, expr: exprQwen2, nfc: true},
	"RobertaTokenizer":    {specials: robertaSpecials, around: true},
	"BartTokenizer":       {specials: robertaSpecials, around: true},
	"LongformerTokenizer": {specials: robertaSpecials, around: true},
}

// loadVocabMerges reads GPT-2's pair of files.
func (t *Tokenizer) loadVocabMerges(vocabData, mergesData []byte, cfg *config) error {
	class, ok := pairClasses[strings.TrimSuffix(cfg.class, "Fast")]
	if !ok {
		return fmt.Errorf("tokenizer: %s: tokenizer_class %q with %s and %s is not built (built: GPT2Tokenizer, CodeGenTokenizer, Qwen2Tokenizer, RobertaTokenizer, BartTokenizer, LongformerTokenizer); save it as %s", fileConfig, cfg.class, fileVocab, fileMerges, fileJSON)
	}
	r, err := newJSONReader(vocabData)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileVocab, err)
	}
	vocab, err := readVocabulary(r)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileVocab, err)
	}
	if len(vocab.ids) == 0 {
		return fmt.Errorf("tokenizer: %s: the vocabulary is empty", fileVocab)
	}
	merges, err := readMergesFile(string(mergesData))
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileMerges, err)
	}
	m, err := newBPE(bpeSettings{}, vocab, merges)
	if err != nil {
		return fmt.Errorf("tokenizer: %s: %w", fileMerges, err)
	}
	m.raw = true
	t.model = m
	t.decoder = byteLevelDecoder{}
	if class.nfc {
		t.normalizer = normalForm{norm.NFC, norm.NFD, true}
	}
	level := &byteLevelSplit{prefixSpace: isTrue(cfg.prefixSpace), expr: class.expr == ""}
	if class.expr != "" {
		expr, err := compileExpression(class.expr)
		if err != nil {
			return err
		}
		t.stages = append(t.stages, &patternSplit{expr: expr})
	}
	t.stages = append(t.stages, level)
	return t.finishVocabMerges(class, cfg)
}

// finishVocabMerges adds the special and added tokens.
func (t *Tokenizer) finishVocabMerges(class pairClass, cfg *config) error {
	for name, token := range class.specials {
		if cfg.specials[name] == "" {
			cfg.specials[name] = token
		}
	}
	list, err := t.configTokens(cfg)
	if err != nil {
		return err
	}
	// Special tokens that the vocabulary knows are looked for in texts as well.
	known := map[string]bool{}
	for _, a := range list {
		known[a.content] = true
	}
	add := func(token string, lstrip bool) {
		id, ok := t.model.id(token)
		if token == "" || known[token] || !ok {
			return
		}
		known[token] = true
		list = append(list, &addedToken{id: id, content: token, special: true, lstrip: lstrip})
	}
	for _, name := range specialNames {
		add(cfg.specials[name], class.around && name == "mask_token")
	}
	for _, token := range cfg.more {
		add(token, false)
	}
	if err := t.addTokens(list); err != nil {
		return err
	}
	return t.templateFromConfig(cfg, class.around || isTrue(cfg.addBOS), class.around || isTrue(cfg.addEOS))
}

// configTokens checks the added tokens of tokenizer_config.json and added_tokens.json against the model.
func (t *Tokenizer) configTokens(cfg *config) ([]*addedToken, error) {
	specials := map[string]bool{}
	for _, token := range cfg.specials {
		specials[token] = true
	}
	for _, token := range cfg.more {
		specials[token] = true
	}
	seen := map[string]bool{}
	for _, a := range cfg.added {
		if a.content == "" || seen[a.content] {
			return nil, fmt.Errorf("tokenizer: added token %q (id %d) is empty or comes twice in %s or %s", a.content, a.id, fileConfig, fileAdded)
		}
		seen[a.content] = true
		if id, ok := t.model.id(a.content); ok && id != a.id {
			return nil, fmt.Errorf("tokenizer: added token %q has id %d in %s or %s, but id %d in %s", a.content, a.id, fileConfig, fileAdded, id, t.source)
		}
		if token, ok := t.model.token(a.id); ok && token != a.content {
			return nil, fmt.Errorf("tokenizer: added token %q has id %d in %s or %s, which is %q in %s", a.content, a.id, fileConfig, fileAdded, token, t.source)
		}
		a.special = a.special || specials[a.content]
	}
	return append([]*addedToken(nil), cfg.added...), nil
}

// templateFromConfig puts BOS and EOS around texts.
func (t *Tokenizer) templateFromConfig(cfg *config, bos, eos bool) error {
	for _, side := range []struct {
		name string
		on   bool
		to   *[]uint32
	}{{"bos_token", bos, &t.template.before}, {"eos_token", eos, &t.template.after}} {
		if !side.on {
			continue
		}
		id, ok := t.tokenID(cfg.specials[side.name])
		if !ok {
			return fmt.Errorf("tokenizer: %s: %s %q is to be added to every text, but the vocabulary in %s does not have it", fileConfig, side.name, cfg.specials[side.name], t.source)
		}
		*side.to = []uint32{id}
	}
	return nil
}

// readMergesFile reads merges.txt: a merge in each line, after an optional line "#version".
func readMergesFile(text string) ([]mergeRule, error) {
	var merges []mergeRule
	number := 0
	for line := range strings.Lines(strings.TrimRight(text, "\r\n")) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if strings.HasPrefix(line, "#version") {
			continue
		}
		rule, err := splitMerge(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		merges = append(merges, rule)
	}
	return merges, nil
}
