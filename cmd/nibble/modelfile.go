package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
// own precision).
func openModel(ctx context.Context, path, typ string, stderr io.Writer) (*modelFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: want a checkpoint's folder or a container", err)
	}
	if !info.IsDir() {
		if typ != "" {
			return nil, usagef("--type says how a folder is converted; %s is a container already", path)
		}
		r, err := format.Open(path)
		if err != nil {
			return nil, err
		}
		return &modelFile{Reader: r}, nil
	}
	c, err := convert.OpenDir(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	files, err := checkpointTokenizer(os.DirFS(path), true)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "nibble-")
	if err != nil {
		return nil, err
	}
	if typ == "" {
		typ = ownType(c.SourceDType)
	}
	out := filepath.Join(tmp, c.Model+"-"+typ+".nbl")
	p := newProgress(stderr, "convert "+c.Model+" to "+typ, "B")
	_, err = c.Convert(ctx, out, convert.Options{Type: typ, Tokenizer: files, Tool: tool, Progress: func(done, total int64, _ string) { p.update(done, total, "") }})
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

// checkpointTokenizer collects the tokenizer's files and makes sure they can be used. Where there are none it returns nil if
// that is allowed.
func checkpointTokenizer(fsys fs.FS, optional bool) (tokenizer.Files, error) {
	files, err := tokenizer.CollectFiles(fsys)
	if errors.Is(err, tokenizer.ErrNoTokenizer) {
		if optional {
			return nil, nil
		}
		return nil, fmt.Errorf("%w; convert with --no-tokenizer to evaluate on token ids", err)
	}
	if err != nil {
		return nil, err
	}
	if _, err := tokenizer.New(files); err != nil {
		return nil, fmt.Errorf("%w; convert with --no-tokenizer to evaluate on token ids", err)
	}
	return files, nil
}

// loadTokenizer returns the tokenizer of a checkpoint's folder or of a container, without reading any weights.
func loadTokenizer(path string) (*tokenizer.Tokenizer, error) {
	info, err := os.Stat(path)
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
