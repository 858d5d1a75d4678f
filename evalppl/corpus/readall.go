package corpus

import "fmt"

// ReadAll reads a whole corpus as one text: a plain file is itself, byte for byte; several documents are joined with
// Options.Separator, each after Options.Each. docs counts the documents. Documents without a byte in any of them are an error that wraps ErrEmpty, a text above the limit one
// that wraps ErrTooLarge.
func ReadAll(path string, o Options) (text []byte, docs int, err error) {
	c, err := Open(path, o)
	if err != nil {
		return nil, 0, err
	}
	return c.ReadAll()
}

// ReadAll is the function of the same name for an open corpus; Fingerprint is there afterwards.
func (c *Corpus) ReadAll() (text []byte, docs int, err error) {
	separator, limit := c.options.separator(), c.options.limit()
	empty := true
	for doc, err := range c.Documents() {
		if err != nil {
			return nil, 0, err
		}
		if docs++; c.options.Each != nil {
			doc.Text = c.options.Each(doc.Text)
		}
		empty = empty && len(doc.Text) == 0
		if docs == 1 {
			text = doc.Text
			continue
		}
		if int64(len(text)+len(separator)+len(doc.Text)) > limit {
			return nil, 0, fmt.Errorf("reading text %s as one: %w: document %d (%s) takes it over %d bytes: use a part of it, or score document by document", display(c.path), ErrTooLarge, docs, doc.ID, limit)
		}
		text = append(text, separator...)
		text = append(text, doc.Text...)
	}
	if err := c.notEmpty(empty, docs); err != nil {
		return nil, 0, err
	}
	return text, docs, nil
}
