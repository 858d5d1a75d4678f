package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted compares what the generator writes with the files in the repository.
func TestCommitted(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != want {
			t.Errorf("%s differs from the generator's output: run go generate in the folder kernels", name)
		}
	}
	// No file may be left over from an earlier generator.
	committed, err := filepath.Glob(filepath.Join("..", "..", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range committed {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		if strings.HasPrefix(string(text), header) {
			if _, ok := files()[filepath.Base(path)]; !ok {
				t.Errorf("%s says it was generated, but the generator does not write it", path)
			}
		}
	}
}
