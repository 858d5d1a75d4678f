package reports

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// names lists a folder.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	on, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range on {
		out = append(out, e.Name())
	}
	return out
}

func render(t *testing.T, dir string, s Study) {
	t.Helper()
	if _, err := Render(dir, s, Options{NoPNG: true}); err != nil {
		t.Fatal(err)
	}
}

// two models, and then one: the plots of the first report go, and nothing else does.
func TestRenderRemovesItsOwnStaleFiles(t *testing.T) {
	two := study("a", smol[:2]...)
	two.Records = append(two.Records, study("b", smol[0], smol[2]).Records...)
	one := study("a", smol[:2]...)
	fresh := t.TempDir()
	render(t, fresh, one)

	dir := t.TempDir()
	render(t, dir, two)
	if !slices.Contains(names(t, dir), "b-kl-size.svg") {
		t.Fatalf("the first report is %v", names(t, dir))
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.svg", "not in any report")
	write("c-ppl-size.svg", "named like one")
	write("a-kl-size.svg", "was nibble's, and somebody drew on it")
	if err := os.Remove(filepath.Join(dir, "b-kl-speed.svg")); err != nil {
		t.Fatal(err)
	}
	render(t, dir, one)
	want := append(names(t, fresh), "mine.svg", "c-ppl-size.svg", "a-kl-size.svg")
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder holds\n%v, want\n%v", got, want)
	}
	for _, name := range []string{"report.html", Manifest} {
		a, errA := os.ReadFile(filepath.Join(dir, name))
		b, errB := os.ReadFile(filepath.Join(fresh, name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s differs from that of a report in a fresh folder (%v, %v)", name, errA, errB)
		}
	}
	// Once more: what was let be stays.
	render(t, dir, one)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("after another report the folder holds\n%v, want\n%v", got, want)
	}
}

// A manifest that was not written by nibble, or that names files elsewhere, removes nothing.
func TestManifestOfOthers(t *testing.T) {
	const victim = "victim.svg"
	sum := newManifest([]outputFile{{victim, []byte("precious")}}).Files[0].SHA256
	list := func(schema, name string) string {
		b, err := json.Marshal(manifest{schema, []manifestFile{{name, sum}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for what, c := range map[string]struct {
		manifest string
		kept     bool
	}{
		"nibble's own":        {list(manifestSchema, victim), false},
		"another schema":      {list("files/1", victim), true},
		"no JSON":             {"files: " + victim, true},
		"unknown field":       {strings.Replace(list(manifestSchema, victim), `"files"`, `"x":1,"files"`, 1), true},
		"a path upwards":      {list(manifestSchema, "../report/"+victim), true},
		"a path in a folder":  {list(manifestSchema, "./"+victim), true},
		"an absolute path":    {list(manifestSchema, "/"+victim), true},
		"the folder":          {list(manifestSchema, "."), true},
		"the folder above":    {list(manifestSchema, ".."), true},
		"an empty name":       {list(manifestSchema, ""), true},
		"the manifest itself": {list(manifestSchema, Manifest), true},
		"another content":     {strings.Replace(list(manifestSchema, victim), sum, strings.Repeat("0", 64), 1), true},
	} {
		t.Run(what, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "report")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{victim: "precious", Manifest: c.manifest} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			render(t, dir, study("m", smol[0]))
			if _, err := os.Stat(filepath.Join(dir, victim)); (err == nil) != c.kept {
				t.Errorf("kept: %v, want %v", err == nil, c.kept)
			}
		})
	}
	// Links are let be: what they lead to is not nibble's.
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, victim)); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.WriteFile(filepath.Join(dir, Manifest), []byte(list(manifestSchema, victim)), 0o644); err != nil {
		t.Fatal(err)
	}
	render(t, dir, study("m", smol[0]))
	if _, err := os.Lstat(filepath.Join(dir, victim)); err != nil {
		t.Error("a link was removed")
	}
}

// FuzzManifest: whatever the file says, only plain names come out of it.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schema":"nibble-files/1","files":[{"name":"kl-size.svg","sha256":"00"}]}`))
	f.Add([]byte(`{"schema":"nibble-files/1","files":[{"name":"../x","sha256":"00"},{"name":"a/b"},{"name":"."},{"name":""}]}`))
	f.Add([]byte(`[]`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, Manifest), data, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, file := range readManifest(dir).Files {
			if filepath.Dir(filepath.Join(dir, file.Name)) != dir || file.Name == ".." || file.Name == Manifest {
				t.Fatalf("%q leads elsewhere", file.Name)
			}
		}
	})
}
