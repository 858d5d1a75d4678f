package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nibble/convert"
	"nibble/evalppl/tokenizer"
	"nibble/format"
)

// modelFile is an open container, and what has to be cleaned up after it.
type modelFile struct {
	*format.Reader
	temporary string // folder of a container made for this command only
}

func (m *modelFile) Close() error {
	err := m.Reader.Close()
	if m.temporary != "" {
		err = errors.Join(err, os.RemoveAll(m.temporary))
	}
	return err
}

// openModel opens a container, or converts the checkpoint in a folder to a temporary one of type typ (empty: the checkpoint's
// own precision). All of a container's checksums are compared first: a damaged weight would give a wrong number with no sign of it,
// and the file has to be read anyway.
func openModel(cmd *cobra.Command, path, typ string, threads int, needTokenizer bool) (*modelFile, error) {
	info, err := statModel(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if typ != "" {
			return nil, usagef("--type says how a folder is converted; %s is a container already", path)
		}
		r, err := format.Open(path)
		if err != nil {
			return nil, err
		}
		p := newProgress(cmd.ErrOrStderr(), "verify "+path, "B")
		err = r.Verify(cmd.Context(), func(done, total int64) { p.update(done, total, "") })
		p.clear()
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		return &modelFile{Reader: r}, nil
	}
	c, err := convert.OpenDir(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	advice := ""
	if needTokenizer {
		advice = onTokenIDs
	}
	files, err := checkpointTokenizer(os.DirFS(path), advice)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	tmp, err := os.MkdirTemp("", "nibble-")
	if err != nil {
		return nil, err
	}
	if typ == "" {
		typ = ownType(c.SourceDType)
	}
	out := filepath.Join(tmp, c.Model+"-"+typ+".nbl")
	p := newProgress(cmd.ErrOrStderr(), "convert "+c.Model+" to "+typ, "B")
	_, err = c.Convert(cmd.Context(), out, convert.Options{Type: typ, Tokenizer: files, Tool: tool, Threads: threads, Progress: func(done, total int64, _ string) { p.update(done, total, "") }})
	p.clear()
	if err == nil {
		var r *format.Reader
		if r, err = format.Open(out); err == nil {
			return &modelFile{Reader: r, temporary: tmp}, nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(tmp))
}

// ownType returns the type that keeps a checkpoint's weights as they are: dtypes are joined by "+", the commonest first.
func ownType(dtype string) string {
	if first, _, several := strings.Cut(dtype, "+"); !several {
		switch first {
		case "f16", "bf16":
			return first
		}
	}
	return "f32"
}

// What a user can do about a checkpoint whose tokenizer is missing or cannot be used.
const (
	withoutTokenizer = "convert with --no-tokenizer to evaluate on token ids"
	onTokenIDs       = "or give token ids (--token-ids) instead of a text"
)

// checkpointTokenizer collects the tokenizer's files and makes sure they can be used; its errors end in advice. Where there are
// none and advice is empty it returns nil: the tokenizer is not needed.
func checkpointTokenizer(fsys fs.FS, advice string) (tokenizer.Files, error) {
	files, err := tokenizer.CollectFiles(fsys)
	if errors.Is(err, tokenizer.ErrNoTokenizer) && advice == "" {
		return nil, nil
	}
	if err == nil {
		_, err = tokenizer.New(files)
	}
	if err == nil {
		return files, nil
	}
	if advice == "" {
		advice = withoutTokenizer
	}
	return nil, fmt.Errorf("%w; %s", err, advice)
}

// statModel looks what is at a model's path.
func statModel(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open model %q: %w; want a checkpoint's folder or a container", path, withoutPath(err))
	}
	return info, nil
}

// loadTokenizer returns the tokenizer of a checkpoint's folder or of a container, without reading any weights.
func loadTokenizer(path string) (*tokenizer.Tokenizer, error) {
	info, err := statModel(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		files, err := tokenizer.CollectFiles(os.DirFS(path))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return newTokenizer(path, files)
	}
	r, err := format.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return newTokenizer(path, r.Tokenizer())
}

func newTokenizer(path string, files map[string][]byte) (*tokenizer.Tokenizer, error) {
	if files == nil {
		return nil, fmt.Errorf("%s was converted without a tokenizer: give token ids (--token-ids), or convert again with the tokenizer's files in the folder", path)
	}
	t, err := tokenizer.New(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}
