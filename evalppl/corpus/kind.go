package corpus

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	kindPlain   = "plain"
	kindLines   = "lines"
	kindJSONL   = "jsonl"
	kindParquet = "parquet"

	compressionGzip = "gzip"
	compressionZstd = "zstd"
)

// knownExtensions is what error messages offer.
const knownExtensions = ".txt .text .raw .md or none (plain), .jsonl .ndjson .json-lines (jsonl), .parquet, each also with .gz .zst .zstd behind it"

// layout is how the bytes of a file are to be read. An empty compression means none.
type layout struct {
	kind, compression string
}

// parseKind reads Options.Kind. The empty string gives an empty layout.
func parseKind(s string) (layout, error) {
	if s == "" {
		return layout{}, nil
	}
	var l layout
	base, ext, packed := strings.Cut(s, ".")
	switch {
	case ext == "gz":
		l.compression = compressionGzip
	case ext == "zst":
		l.compression = compressionZstd
	case packed:
		return l, unknownKind(s)
	}
	switch base {
	case kindPlain, kindLines, kindJSONL, kindParquet:
		l.kind = base
		return l, nil
	}
	return l, unknownKind(s)
}

func unknownKind(s string) error {
	return fmt.Errorf("kind of text %q is not known: want plain, lines, jsonl or parquet, each alone or with .gz or .zst behind it", s)
}

// notText are the ends of names that promise data with a structure of its own, or a compression that is not read here: as plain text
// they would give a number of something else than the text in them.
var notText = []string{".json", ".csv", ".tsv", ".arrow", ".feather", ".orc", ".avro", ".zip", ".tar", ".tgz", ".bz2", ".xz", ".lz4", ".br", ".7z"}

// layoutOf reads the end of a file name. ok is false where the extension is not known: the kind is then plain unless the name
// promises something else; the compression is set all the same.
func layoutOf(name string) (l layout, ok bool) {
	name = strings.ToLower(filepath.Base(name))
	switch ext := filepath.Ext(name); ext {
	case ".gz":
		l.compression, name = compressionGzip, strings.TrimSuffix(name, ext)
	case ".zst", ".zstd":
		l.compression, name = compressionZstd, strings.TrimSuffix(name, ext)
	}
	switch ext := filepath.Ext(name); ext {
	case "", ".txt", ".text", ".raw", ".md":
		l.kind = kindPlain
	case ".jsonl", ".ndjson", ".json-lines":
		l.kind = kindJSONL
	case ".parquet":
		l.kind = kindParquet
	default:
		if !slices.Contains(notText, ext) {
			l.kind = kindPlain
		}
		return l, false
	}
	return l, true
}

// override applies Options.Kind to the layout a name gives.
func (l layout) override(want layout) layout {
	if want.kind != "" {
		l.kind = want.kind
	}
	if want.compression != "" {
		l.compression = want.compression
	}
	return l
}

// selects reports whether want, from Options.Kind, takes a file of a folder that has the layout l.
func (want layout) selects(l layout) bool {
	kind := want.kind
	if kind == kindLines {
		kind = kindPlain
	}
	return (kind == "" || kind == l.kind) && (want.compression == "" || want.compression == l.compression)
}
