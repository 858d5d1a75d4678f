package format

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSetSources: the file is the one that Create would have made with these sources, or the error says that it would lie differently.
func TestSetSources(t *testing.T) {
	dir := t.TempDir()
	const digits = "0123456789abcdef"
	digest := func(seed int) string {
		b := make([]byte, 64)
		for i := range b {
			seed = seed*1103515245 + 12345
			b[i] = digits[seed>>16&15]
		}
		return string(b)
	}
	write := func(name string, with, then []Source) (string, error) {
		t.Helper()
		path := filepath.Join(dir, name)
		meta := metaFor(tinySpec())
		meta.Sources = with
		w, err := Create(path, meta, map[string][]byte{"tokenizer.json": []byte("{}")}, plansFor(tinySpec(), tileCodec), CreateOptions{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		writeAll(t, w, plansFor(tinySpec(), tileCodec))
		if then != nil {
			if err := w.SetSources(then); err != nil {
				return path, err
			}
		}
		return path, w.Commit()
	}
	var same, moved int
	for seed := range 40 {
		with := []Source{{Name: "model.safetensors", Bytes: 1000, SHA256: digest(1)}}
		then := []Source{{Name: "model.safetensors", Bytes: 1000, SHA256: digest(seed)}}
		if seed%8 == 7 {
			then = append(then, Source{Name: strings.Repeat("long", 20+seed), Bytes: 1, SHA256: digest(-seed)})
		}
		later, err := write("later", with, then)
		if errors.Is(err, ErrLayout) {
			moved++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		same++
		before, err := write("before", then, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := os.ReadFile(later)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(before)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a, b) {
			t.Fatalf("seed %d: the files differ", seed)
		}
		r, err := Open(later)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Verify(t.Context(), nil), r.Close()); err != nil {
			t.Error(err)
		}
		if got := r.Metadata().Sources; !slices.Equal(got, then) {
			t.Errorf("sources %v, want %v", got, then)
		}
	}
	if same == 0 || moved == 0 {
		t.Errorf("%d files kept their layout and %d did not: the test wants some of both", same, moved)
	}
	if _, err := write("bad", []Source{{Name: "a", SHA256: digest(1)}}, []Source{{Name: "a", SHA256: "short"}}); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("a bad hash: %v", err)
	}
	w, err := Create(filepath.Join(dir, "closed"), metaFor(tinySpec()), nil, plansFor(tinySpec(), tileCodec), CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := w.SetSources(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Abort: %v", err)
	}
}
