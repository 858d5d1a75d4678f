package tokenizer

// template is what goes around the ids of a text when special tokens are asked for.
type template struct{ before, after []uint32 }

func (t template) empty() bool { return len(t.before)+len(t.after) == 0 }

var postProcessorsBuilt = []string{"Sequence", "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing"}

// readTemplate reads a post-processor. ByteLevel only corrects offsets, which are not kept here.
func readTemplate(n node) (template, error) {
	if n.null() {
		return template{}, nil
	}
	typ, err := n.typed()
	if err != nil {
		return template{}, err
	}
	switch typ {
	case "ByteLevel":
		return template{}, n.only("add_prefix_space", "trim_offsets", "use_regex")
	case "Sequence":
		return readTemplateSequence(n)
	case "TemplateProcessing":
		return readTemplateProcessing(n)
	case "RobertaProcessing", "BertProcessing":
		if err := n.only("sep", "cls", "trim_offsets", "add_prefix_space"); err != nil {
			return template{}, err
		}
		cls, err := tokenPair(n.get("cls"))
		if err != nil {
			return template{}, err
		}
		sep, err := tokenPair(n.get("sep"))
		return template{[]uint32{cls}, []uint32{sep}}, err
	}
	return template{}, n.notBuilt("a post-processor", typ, postProcessorsBuilt)
}

// tokenPair reads ["</s>", 2].
func tokenPair(n node) (uint32, error) {
	items, err := n.items()
	if err != nil {
		return 0, err
	}
	if len(items) != 2 {
		return 0, n.errorf("found %d values, want a token and its id", len(items))
	}
	return items[1].uint32()
}

func readTemplateSequence(n node) (template, error) {
	if err := n.only("processors"); err != nil {
		return template{}, err
	}
	items, err := n.get("processors").items()
	if err != nil {
		return template{}, err
	}
	var all template
	for _, item := range items {
		one, err := readTemplate(item)
		if err != nil {
			return template{}, err
		}
		if !one.empty() && !all.empty() {
			return template{}, item.errorf("a second post-processor that adds special tokens is not built")
		}
		if !one.empty() {
			all = one
		}
	}
	return all, nil
}

func readTemplateProcessing(n node) (template, error) {
	if err := n.only("single", "pair", "special_tokens"); err != nil {
		return template{}, err
	}
	pieces, err := n.get("single").items()
	if err != nil {
		return template{}, err
	}
	var t template
	texts := 0
	for _, p := range pieces {
		seq, special := p.get("Sequence"), p.get("SpecialToken")
		switch {
		case !seq.null():
			id, err := seq.get("id").str()
			if err != nil {
				return t, err
			}
			if texts++; id != "A" || texts > 1 {
				return t, p.errorf("the text must come once, as sequence A")
			}
		case !special.null():
			name, err := special.get("id").str()
			if err != nil {
				return t, err
			}
			ids, err := templateIDs(n.get("special_tokens").get(name))
			if err != nil {
				return t, err
			}
			if texts == 0 {
				t.before = append(t.before, ids...)
			} else {
				t.after = append(t.after, ids...)
			}
		default:
			return t, p.errorf("found %s, want a Sequence or a SpecialToken", p.kind())
		}
	}
	if texts != 1 {
		return t, n.get("single").errorf("the text must come once, as sequence A")
	}
	return t, nil
}

func templateIDs(n node) ([]uint32, error) {
	items, err := n.get("ids").items()
	if err != nil {
		return nil, err
	}
	ids := make([]uint32, len(items))
	for i, item := range items {
		if ids[i], err = item.uint32(); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
