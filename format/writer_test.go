package format

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files lists a folder.
func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func refuses(t *testing.T, err error, says string, kinds ...error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Fatalf("%v\nwant %s", err, says)
	}
	for _, kind := range kinds {
		if !errors.Is(err, kind) {
			t.Fatalf("%v is no %v", err, kind)
		}
	}
}

// tinyArgs is what the tests of Create start from.
func tinyArgs() (Metadata, map[string][]byte, []TensorPlan) {
	s := tinySpec()
	return metaFor(s), tinyTokenizer(), plansFor(s, tileCodec)
}

func create(path string, force bool) (*Writer, error) {
	meta, tok, plans := tinyArgs()
	return Create(path, meta, tok, plans, CreateOptions{Force: force})
}

func finish(t *testing.T, w *Writer) {
	t.Helper()
	_, _, plans := tinyArgs()
	writeAll(t, w, plans)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestExistingFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.nbl")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := create(path, false)
	refuses(t, err, "use --force", fs.ErrExist)

	w, err := create(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(read(t, path)); got != "old" {
		t.Fatalf("%q before Commit", got)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if got := string(read(t, path)); got != "old" || files(t, dir) != "m.nbl" {
		t.Fatalf("%q after Abort, files %s", got, files(t, dir))
	}
	if w, err = create(path, true); err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	if !bytes.Equal(read(t, path), tiny(t)) || files(t, dir) != "m.nbl" {
		t.Fatalf("files %s", files(t, dir))
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	refuses(t, w.Commit(), "commit", fs.ErrClosed)
	if files(t, dir) != "m.nbl" {
		t.Fatalf("Abort after Commit left %s", files(t, dir))
	}
}

func TestFileThatAppearsMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	w, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := os.WriteFile(path, []byte("new"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, plans := tinyArgs()
	writeAll(t, w, plans)
	refuses(t, w.Commit(), "use --force", fs.ErrExist)
	if got := string(read(t, path)); got != "new" {
		t.Fatalf("%q", got)
	}
}

func TestPathsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	_, err := create("", false)
	refuses(t, err, "the path is empty")
	_, err = create(dir, true)
	refuses(t, err, "is a folder", fs.ErrExist)
	_, err = create(filepath.Join(dir, "no", "m.nbl"), false)
	refuses(t, err, "the folder "+filepath.Join(dir, "no")+" does not exist, make it first", fs.ErrNotExist)
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err = create(filepath.Join(dir, "file", "m.nbl"), false); err == nil {
		t.Error("a file served as a folder")
	}
	if err := os.Mkdir(filepath.Join(dir, "a.nbl.part"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = create(filepath.Join(dir, "a.nbl"), false)
	refuses(t, err, "a.nbl.part is in the way and is no regular file")
	refuses(t, explainCreate("a/m.nbl", fs.ErrPermission), "the folder a cannot be written to", fs.ErrPermission)
	_, err = Open(dir)
	refuses(t, err, "is a folder, not a container")
	_, err = Open(filepath.Join(dir, "none.nbl"))
	refuses(t, err, "none.nbl", fs.ErrNotExist)
	_, err = Open(filepath.Join(dir, "file"))
	refuses(t, err, "the file is empty", ErrNotContainer)
	if files(t, dir) != "a.nbl.part file" {
		t.Error(files(t, dir))
	}
}

func TestUnfinishedFileOfACrashedRun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.nbl")
	if err := os.WriteFile(path+".part", bytes.Repeat([]byte("junk"), 50000), 0o666); err != nil {
		t.Fatal(err)
	}
	w, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	if !bytes.Equal(read(t, path), tiny(t)) || files(t, dir) != "m.nbl" {
		t.Fatalf("other bytes than without a crash, or files left: %s", files(t, dir))
	}
}

func TestTwoConversionsToOneName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	first, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = create(path, false)
	refuses(t, err, "another conversion is writing "+path+".part")
	finish(t, first)
	if !bytes.Equal(read(t, path), tiny(t)) {
		t.Fatal("the second conversion changed the first one's file")
	}
	if w, err := create(path, true); err != nil {
		t.Fatal(err)
	} else if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
}

func TestPlansThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		says   string
		change func([]TensorPlan) []TensorPlan
	}{
		{`tensor "embed.tokens" is missing, the model's spec asks for shape [5 4]`, func(p []TensorPlan) []TensorPlan { return p[1:] }},
		{`tensor "head" is planned twice`, func(p []TensorPlan) []TensorPlan { return append(p, p[len(p)-1]) }},
		{`tensor "head.bias": the model's spec does not ask for it`, func(p []TensorPlan) []TensorPlan {
			return append(p, TensorPlan{"head.bias", RawF32, 1, 5})
		}},
		{`tensor name "Head": byte 0x48`, func(p []TensorPlan) []TensorPlan { return append(p, TensorPlan{"Head", "f32", 1, 5}) }},
		{`tensor "embed.tokens": shape [4 5], the model's spec asks for [5 4]`, func(p []TensorPlan) []TensorPlan { p[0].Rows, p[0].Cols = 4, 5; return p }},
		{`unknown codec "q4"`, func(p []TensorPlan) []TensorPlan { p[0].Codec = "q4"; return p }},
		{"65537 tensors, at most 65536", func([]TensorPlan) []TensorPlan { return make([]TensorPlan, 65537) }},
	} {
		dir := t.TempDir()
		meta, tok, plans := tinyArgs()
		_, err := Create(filepath.Join(dir, "m.nbl"), meta, tok, c.change(plans), CreateOptions{})
		refuses(t, err, c.says)
		if files(t, dir) != "" {
			t.Errorf("%s: left %s", c.says, files(t, dir))
		}
	}
}

func TestMetadataAndTokenizerThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		says   string
		change func(*Metadata, map[string][]byte)
	}{
		{"vocab: 0", func(m *Metadata, _ map[string][]byte) { m.Spec.Vocab = 0 }},
		{"is not UTF-8", func(m *Metadata, _ map[string][]byte) { m.Model = "\xff" }},
		{"sources[0].sha256", func(m *Metadata, _ map[string][]byte) { m.Sources[0].SHA256 = "" }},
		{"sources: 65537 entries", func(m *Metadata, _ map[string][]byte) { m.Sources = make([]Source, 65537) }},
		{"ignored: 65537 entries", func(m *Metadata, _ map[string][]byte) { m.Ignored = make([]IgnoredTensor, 65537) }},
		{"bytes of JSON, at most 4194304", func(m *Metadata, _ map[string][]byte) {
			for range 2000 {
				m.Ignored = append(m.Ignored, IgnoredTensor{strings.Repeat("x", 4000), "y"})
			}
		}},
		{`tokenizer: file name "../x"`, func(_ *Metadata, f map[string][]byte) { f["../x"] = nil }},
		{"differ in case only", func(_ *Metadata, f map[string][]byte) { f["VOCAB.json"] = nil }},
		{"bytes of files, at most 134217728", func(_ *Metadata, f map[string][]byte) { f["x"] = make([]byte, maxTokenizer) }},
		{"more than 1024-fold: readers refuse that", func(_ *Metadata, f map[string][]byte) { f["x"] = make([]byte, 4<<20) }},
		{"257 files, at most 256", func(_ *Metadata, f map[string][]byte) {
			for i := range 254 {
				f["x"+strings.Repeat("y", 1+i%100)+strings.Repeat("z", i/100)] = nil
			}
		}},
	} {
		dir := t.TempDir()
		meta, tok, plans := tinyArgs()
		c.change(&meta, tok)
		_, err := Create(filepath.Join(dir, "m.nbl"), meta, tok, plans, CreateOptions{})
		refuses(t, err, c.says)
		if files(t, dir) != "" {
			t.Errorf("%s: left %s", c.says, files(t, dir))
		}
	}
}

func TestReaderErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	w, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, w)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Tensors()[1]
	for _, bad := range []TensorInfo{
		{},
		{TensorPlan: TensorPlan{Name: "none"}, Bytes: 4},
		{TensorPlan: x.TensorPlan, Offset: x.Offset + 64, Bytes: x.Bytes},
		{TensorPlan: x.TensorPlan, Offset: x.Offset, Bytes: 1 << 40},
		{TensorPlan: x.TensorPlan, Offset: -64, Bytes: x.Bytes},
	} {
		if b, err := r.Bytes(bad); err == nil {
			t.Errorf("%+v gave %d bytes", bad, len(b))
		}
	}
	if _, ok := r.Lookup("none"); ok {
		t.Error(`there is a tensor "none"`)
	}
	if r.Path() != path || r.Size() != int64(len(tiny(t))) {
		t.Error(r.Path(), r.Size())
	}
	r.Tensors()[0].Offset = 0 // a copy
	r.Tokenizer()["vocab.json"][0] = 'x'
	if r.Tensors()[0].Offset == 0 || r.Tokenizer()["vocab.json"][0] == 'x' {
		t.Error("a caller can change the reader")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = r.Bytes(x)
	refuses(t, err, "embed.positions", fs.ErrClosed)
	refuses(t, r.Verify(t.Context(), nil), "verify", fs.ErrClosed)
	if len(r.Tokenizer()) != 3 || r.Metadata().Model == "" {
		t.Error("metadata and tokenizer do not outlive Close")
	}
}
