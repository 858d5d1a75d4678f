package convert

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"nibble/format"
	"nibble/quant"
)

// Options say how a checkpoint is converted.
type Options struct {
	Type  string // codec of the layers' matrices; needed
	Embed string // codec of the embeddings; empty: int8-g32 where Type has integer codes, otherwise Type
	// Head is the codec of the head; empty: that of the embeddings. A tied head with another codec than the embeddings is
	// written as a tensor of its own, and the container's spec says so.
	Head      string
	Tokenizer map[string][]byte // the tokenizer's files by name; nil: none
	Force     bool              // replace an existing file
	Threads   int               // 0: all there are
	Tool      string            // name and version of the program, for the metadata
	// Progress is called after each slab, never by two goroutines at once, with the bytes of the checkpoint that are done. They
	// start over in the rare case that [format.Writer.SetSources] names: for large models less than one conversion in a thousand.
	Progress func(done, total int64, tensor string)
}

// Stats say what a conversion did.
type Stats struct {
	Tensors     int
	Parameters  int64
	SourceBytes int64 // read from the checkpoint
	Bytes       int64 // of the container
	Elapsed     time.Duration
}

// recipe fills in the defaults and checks the names.
func (o Options) recipe() (format.Recipe, error) {
	r := format.Recipe{Type: o.Type, Embed: o.Embed, Head: o.Head, Method: "rtn"}
	if r.Type == "" {
		return r, fmt.Errorf("no type given; known are %s", strings.Join(quant.MatrixNames(), ", "))
	}
	if r.Embed == "" {
		r.Embed = r.Type
		if c, err := quant.Lookup(r.Type); err == nil && c.Integer() {
			r.Embed = "int8-g32"
		}
	}
	if r.Head == "" {
		r.Head = r.Embed
	}
	for _, choice := range []struct{ what, name string }{{"type", r.Type}, {"embed", r.Embed}, {"head", r.Head}} {
		if !slices.Contains(quant.MatrixNames(), choice.name) {
			return r, fmt.Errorf("%s: unknown type %q; known are %s", choice.what, choice.name, strings.Join(quant.MatrixNames(), ", "))
		}
	}
	return r, nil
}

// threads returns the number of workers.
func (o Options) threads() int {
	if o.Threads > 0 {
		return min(o.Threads, 256)
	}
	return runtime.GOMAXPROCS(0)
}
