package safetensors

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const indexAB = `{"metadata":{"total_size":24},"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"}}`

func TestShards(t *testing.T) {
	set, err := OpenSet(files(IndexFile, indexAB, "1.safetensors", build(floats("a", 2)), "2.safetensors", build(floats("b", 3), floats("c", 1))))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if got, want := set.Names(), []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if got, want := set.Files(), []string{"1.safetensors", "2.safetensors", IndexFile}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if b, _ := set.Info("b"); b.File != "2.safetensors" || b.Bytes != 12 {
		t.Errorf("b is %+v", b)
	}
}

func TestSetErrors(t *testing.T) {
	a, bc := build(floats("a", 2)), build(floats("b", 3), floats("c", 1))
	index := func(shard string) string { return fmt.Sprintf(`{"weight_map":{"a":%q}}`, shard) }
	cases := []struct {
		name  string
		files []any
		want  []string
	}{
		{"nothing", nil, []string{"no model.safetensors", "found nothing"}},
		{"other files", []any{"x.txt", "", "y.txt", ""}, []string{"found x.txt, y.txt"}},
		{"pytorch only", []any{"pytorch_model.bin", "x"}, []string{"only pytorch_model.bin", "pickle", "safe_serialization"}},
		{"shard without index", []any{"model-00001-of-00002.safetensors", a}, []string{"only model-00001-of-00002.safetensors", "needs its index"}},
		{"shard missing", []any{IndexFile, indexAB, "1.safetensors", a}, []string{"1 of 2 shards are missing", "2.safetensors (2 tensors)"}},
		{"tensor not in its shard", []any{IndexFile, indexAB, "1.safetensors", a, "2.safetensors", build(floats("b", 3))}, []string{`tensor "c"`, "2.safetensors, which has no such tensor"}},
		{"tensor in the other shard", []any{IndexFile, indexAB, "1.safetensors", build(floats("a", 2), floats("b", 3)), "2.safetensors", build(floats("c", 3))}, []string{`tensor "b"`, "puts it into 2.safetensors", "lies in 1.safetensors"}},
		{"tensor in two shards", []any{IndexFile, indexAB, "1.safetensors", a, "2.safetensors", build(floats("a", 2), floats("b", 3), floats("c", 1))}, []string{`tensor "a" lies in two shards, 1.safetensors and 2.safetensors`}},
		{"shard in another folder", []any{IndexFile, index("../secret.safetensors")}, []string{`"../secret.safetensors"`, "plain name"}},
		{"shard with an absolute path", []any{IndexFile, index("/etc/passwd")}, []string{`"/etc/passwd"`, "plain name"}},
		{"shard with a backslash", []any{IndexFile, index(`..\secret`)}, []string{"plain name"}},
		{"shard is the folder", []any{IndexFile, index(".")}, []string{"plain name"}},
		{"shard without a name", []any{IndexFile, index("")}, []string{"plain name"}},
		{"broken shard", []any{IndexFile, indexAB, "1.safetensors", a, "2.safetensors", bc[:len(bc)-1]}, []string{"2.safetensors", "truncated"}},
		{"index without weight_map", []any{IndexFile, `{"metadata":{}}`}, []string{IndexFile, "weight_map"}},
		{"index with a duplicate", []any{IndexFile, `{"weight_map":{"a":"1","a":"2"}}`}, []string{`duplicate key "a"`}},
		{"index with a number", []any{IndexFile, `{"weight_map":{"a":1}}`}, []string{"the number 1", "expected a string"}},
		{"index is no JSON", []any{IndexFile, `{"weight_map":`}, []string{IndexFile, "JSON ends"}},
		{"index is a pointer", []any{IndexFile, "version https://git-lfs.github.com/spec/v1"}, []string{"Git LFS pointer"}},
		{"model.safetensors is a folder", []any{SingleFile + "/x", ""}, []string{SingleFile, "is a folder"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenSet(files(c.files...))
			if err == nil {
				t.Fatal("opened, expected an error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
		})
	}
}

// TestMapped reads a file of the operating system, and one that is cut short after it was mapped.
func TestMapped(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, SingleFile)
	spec := floats("a", 100_000)
	spec.data[4*99_999+3], spec.data[4*99_999+2] = 0x3f, 0x80
	if err := os.WriteFile(path, build(spec), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := OpenSet(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	v := make([]float32, 2)
	if err := set.ReadFloat32("a", v, 99_998); err != nil || v[0] != 0 || v[1] != 1 {
		t.Fatalf("read %v, %v", v, err)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Skip("a mapped file cannot be cut short here: ", err)
	}
	if err := set.ReadFloat32("a", v, 99_998); err == nil || !strings.Contains(err.Error(), "did the file change") {
		t.Errorf("reading beyond the file's new end: %v", err)
	}
	if _, err := set.CopyFile(t.Context(), io.Discard, SingleFile); err != nil {
		t.Errorf("copying to a writer that reads nothing: %v", err)
	}
	if n, err := set.CopyFile(t.Context(), sha256.New(), SingleFile); err == nil || !strings.Contains(err.Error(), "did the file change") {
		t.Errorf("hashing beyond the file's new end: %d bytes, %v", n, err)
	}
}

// TestRelease: what has been released reads as before, whatever was said of it.
func TestRelease(t *testing.T) {
	spec := floats("a", 1_300_000) // 5.2 MB
	for i := range spec.data {
		spec.data[i] = byte(i >> 8)
	}
	data := build(spec)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, SingleFile), data, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]fs.FS{"memory": files(SingleFile, data), "disk": os.DirFS(dir)} {
		set, err := OpenSet(fsys)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{0, 4096, 3 << 20, int64(len(data)), 1 << 40} {
			set.Release(SingleFile, n)
			set.Release("absent", n)
			var got bytes.Buffer
			if _, err := set.CopyFile(t.Context(), &got, SingleFile); err != nil || !bytes.Equal(got.Bytes(), data) {
				t.Errorf("%s: after the release of %d bytes, the file reads differently: %v", name, n, err)
			}
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
		set.Release(SingleFile, 4<<20) // as after Close
	}
}

// FuzzIndex: no index panics.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(indexAB))
	f.Add([]byte(`{"weight_map":{"a":"../x"},"metadata":[[[1]]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := files(IndexFile, data, "1.safetensors", build(floats("a", 2)))
		set, err := OpenSet(fsys)
		if err != nil {
			return
		}
		if !slices.Equal(set.Names(), []string{"a"}) {
			t.Fatalf("names %q from the only shard there is", set.Names())
		}
	})
}
