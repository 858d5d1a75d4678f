package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Files holds a tokenizer's own files by base name, as a container keeps them.
type Files map[string][]byte

// ErrNoTokenizer is what errors.Is finds where a checkpoint has no tokenizer files, or only half of a pair.
var ErrNoTokenizer = errors.New("no tokenizer")

// The files that tokenizers are made of.
const (
	fileJSON    = "tokenizer.json"
	fileVocab   = "vocab.json"
	fileMerges  = "merges.txt"
	fileModel   = "tokenizer.model"
	fileConfig  = "tokenizer_config.json"
	fileSpecial = "special_tokens_map.json"
	fileAdded   = "added_tokens.json"
)

// FileNames lists every file that may belong to a tokenizer.
func FileNames() []string {
	return []string{fileJSON, fileVocab, fileMerges, fileModel, fileConfig, fileSpecial, fileAdded}
}

// maxFileBytes bounds each file that is read; the largest published tokenizer.json files have about 35 MB.
const maxFileBytes = 256 << 20

// CollectFiles reads the files of a checkpoint folder that belong to its tokenizer: tokenizer.json, else vocab.json with merges.txt, else
// tokenizer.model; and beside them tokenizer_config.json, special_tokens_map.json and added_tokens.json where they are present. Where
// there is no tokenizer, the error satisfies errors.Is(err, ErrNoTokenizer).
func CollectFiles(fsys fs.FS) (Files, error) {
	has := map[string]bool{}
	for _, name := range FileNames() {
		info, err := fs.Stat(fsys, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("tokenizer: look for %s: %w", name, err)
		case info.IsDir():
			return nil, fmt.Errorf("tokenizer: %s is a folder, want a file", name)
		default:
			has[name] = true
		}
	}
	wanted, err := mainFiles(has)
	if err != nil {
		return nil, err
	}
	files := Files{}
	for _, name := range append(wanted, fileConfig, fileSpecial, fileAdded) {
		if !has[name] {
			continue
		}
		if files[name], err = readFile(fsys, name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// mainFiles chooses which files define the tokenizer.
func mainFiles(has map[string]bool) ([]string, error) {
	switch {
	case has[fileJSON]:
		return []string{fileJSON}, nil
	case has[fileVocab] && has[fileMerges]:
		return []string{fileVocab, fileMerges}, nil
	case has[fileModel]:
		return []string{fileModel}, nil
	case has[fileVocab]:
		return nil, fmt.Errorf("tokenizer: %s is there without %s: add the missing file, or a %s: %w", fileVocab, fileMerges, fileJSON, ErrNoTokenizer)
	case has[fileMerges]:
		return nil, fmt.Errorf("tokenizer: %s is there without %s: add the missing file, or a %s: %w", fileMerges, fileVocab, fileJSON, ErrNoTokenizer)
	}
	return nil, fmt.Errorf("tokenizer: looked for %s, for %s with %s, and for %s, found none: %w", fileJSON, fileVocab, fileMerges, fileModel, ErrNoTokenizer)
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: open %s: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("tokenizer: read %s: %w", name, err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("tokenizer: %s has more than %d MB, the most that is read", name, maxFileBytes>>20)
	}
	return data, nil
}

// fingerprint is the SHA-256 over all files sorted by name: each name and content with its length before it (64 bits, little-endian).
func fingerprint(files Files) string {
	h := sha256.New()
	part := func(b []byte) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part([]byte(name))
		part(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fileList names what is there, for messages.
func (f Files) fileList() string {
	if len(f) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(f)), ", ")
}
