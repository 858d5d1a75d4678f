package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"nibble/evalppl"
	"nibble/evalppl/baselogits"
)

// openSaved takes saved logits as the base, and their settings for those that the command line leaves open.
func (c *comparison) openSaved(path, savePath string) error {
	if savePath != "" {
		return usagef("--save-base: BASE %s is saved logits already; give the model that they are of", path)
	}
	var err error
	if c.saved, err = baselogits.Open(path); err != nil {
		return err
	}
	h := c.saved.Header()
	given := c.cmd.Flags().Changed
	if given("tokens") && c.stream.text == "" && c.stream.ids == "" {
		return usagef("--tokens: %s is compared on the tokens that it was saved with, unless a text is given", path)
	}
	for _, f := range []struct {
		flag, saved, here string
	}{
		{"protocol", h.Protocol, c.eo.Protocol},
		{"ctx", strconv.Itoa(h.Ctx), strconv.Itoa(c.eo.Ctx)},
		{"stride", strconv.Itoa(h.Stride), strconv.Itoa(c.eo.Stride)},
	} {
		if given(f.flag) && f.saved != f.here {
			return c.differs(f.flag, f.saved, f.here, "; leave --"+f.flag+" out to take that of the base")
		}
	}
	c.eo.Protocol, c.eo.Ctx, c.eo.Stride = h.Protocol, h.Ctx, h.Stride
	return nil
}

// printSaved says where a base was kept.
func printSaved(w io.Writer, path string) {
	if info, err := os.Stat(path); path != "" && err == nil {
		fmt.Fprintf(w, "  base logits    kept in %s, %s\n", path, formatBytes(float64(info.Size())))
	}
}

// differs refuses to compare with a base that was saved under other conditions.
func (c *comparison) differs(field, saved, here, advice string) error {
	return fmt.Errorf("cannot be compared with the saved base: field %q is %q in %s and %q here%s", field, saved, c.cmd.Flags().Arg(0), here, advice)
}

// savedText returns the text that the base was saved on. A text that is given must be the same.
func (c *comparison) savedText() (stream, error) {
	h := c.saved.Header()
	path := c.entrants[0].path
	s := stream{TextInfo: h.Base.TextInfo, path: path, fingerprint: h.Base.TokenizerSHA256, text: c.saved.Text(), bos: h.BOSID()}
	if c.stream.text == "" && c.stream.ids == "" {
		if c.stream.bos == "auto" {
			return s, nil
		}
		return s, c.sameBOS(s.bos)
	}
	var files map[string][]byte
	from := path
	for _, e := range c.others() {
		if files = e.f.Tokenizer(); files != nil {
			from = e.path
			break
		}
	}
	given, err := c.stream.read(c.cmd, from, files, c.eo.Protocol)
	if err != nil {
		return s, err
	}
	defer given.close()
	got, err := evalppl.TextSHA256(given.text)
	if err != nil {
		return s, err
	}
	if got != h.TokenStreamSHA256 {
		advice := fmt.Sprintf(": %s in %s, %s in %s; leave the text out to compare on the base's own tokens",
			count(h.Tokens, "token"), path, count(given.kept, "token"), given.path)
		return s, c.differs("token_stream_sha256", h.TokenStreamSHA256, got, advice)
	}
	return s, c.sameBOS(given.bos)
}

// sameBOS refuses another token in front of the windows.
func (c *comparison) sameBOS(bos *uint32) error {
	h := c.saved.Header()
	here := "none"
	if c.stream.bos != "auto" && c.stream.bos != "none" {
		here = c.stream.bos
	} else if bos != nil && c.stream.bos != "none" {
		here = strconv.FormatUint(uint64(*bos), 10)
	}
	if h.Protocol != evalppl.LlamaCpp && h.Protocol != evalppl.LMEval {
		return nil // no window begins with it
	}
	if here != h.BOS {
		return c.differs("bos", h.BOS, here, "; leave --bos out to take that of the base")
	}
	return nil
}
