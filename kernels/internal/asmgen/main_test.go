package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted compares what the generator writes with the files in the repository.
func TestCommitted(t *testing.T) {
	generated := files()
	for name, want := range generated {
		got, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != want {
			t.Errorf("%s differs from the generator's output: run go generate in the folder kernels", name)
		}
	}
	// No file may be left over from an earlier generator.
	root := os.DirFS(filepath.Join("..", ".."))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err == nil && strings.HasPrefix(string(text), header) {
			if _, ok := generated[path]; !ok {
				t.Errorf("%s says it was generated, but the generator does not write it", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
