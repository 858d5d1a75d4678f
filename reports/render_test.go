package reports

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// golden are the studies whose output is kept in testdata/NAME.
func golden() map[string]Study {
	one := withTensors(study("smollm2-135m-instruct", smol...), 3)
	two := study("model/A & <B>", smol[:2]...)
	other := study("stories", smol[0], smol[2])
	for i := range other.Records {
		r := &other.Records[i]
		r.TokenStreamSHA256, r.Text, r.Generation, r.KL, r.DeltaLogPPL, r.Verdict, r.Intervals = "c3", "stories.txt", Speed{}, nil, nil, nil, nil
	}
	two.Records = append(two.Records, other.Records...)
	two.Title = `<script>alert("x")</script>`
	return map[string]Study{"one-model": one, "two-models": two, "both-modes": bothModes()}
}

// The files are compared byte for byte. Only where a CPU fuses multiplications
// and additions may a coordinate differ in its last digit, so drawings are
// compared on amd64 alone.
func TestGolden(t *testing.T) {
	for name, s := range golden() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			paths, err := Render(dir, s, Options{NoPNG: true})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]byte{"table.txt": []byte(Table(s) + "\n" + Answer(s) + "\n")}
			for _, p := range paths {
				if filepath.Base(p) == Manifest {
					continue // holds hashes of the rest
				}
				if got[filepath.Base(p)], err = os.ReadFile(p); err != nil {
					t.Fatal(err)
				}
			}
			home := filepath.Join("testdata", name)
			if *update {
				if err := os.RemoveAll(home); err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(home, 0o755); err != nil {
					t.Fatal(err)
				}
				for f, data := range got {
					if err := os.WriteFile(filepath.Join(home, f), data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			kept, err := os.ReadDir(home)
			if err != nil {
				t.Fatal(err)
			}
			if len(kept) != len(got) {
				t.Errorf("%d files were written, %d are kept", len(got), len(kept))
			}
			for f, data := range got {
				want, err := os.ReadFile(filepath.Join(home, f))
				if err != nil {
					t.Error(err)
					continue
				}
				// A checkout may turn line ends.
				want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
				if runtime.GOARCH != "amd64" {
					if filepath.Ext(f) == ".svg" {
						continue
					}
					data, want = svgElement.ReplaceAll(data, nil), svgElement.ReplaceAll(want, nil)
				}
				if d := cmp.Diff(string(want), string(data)); d != "" {
					t.Errorf("%s differs; go test -run TestGolden -update rewrites it (-want +got):\n%.4000s", f, d)
				}
			}
		})
	}
}

var svgElement = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func TestRenderIsDeterministic(t *testing.T) {
	s := withTensors(study("m", crowd[:6]...), 2)
	read := func() map[string]string {
		dir := t.TempDir()
		paths, err := Render(dir, s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := make(map[string]string)
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(p)] = string(data)
		}
		return out
	}
	first, second := read(), read()
	if len(first) != 13 {
		t.Errorf("%d files, want 13", len(first))
	}
	for f, data := range first {
		if second[f] != data {
			t.Errorf("%s differs between two runs", f)
		}
	}
	// What was written reads back to the same report.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "results.json"), []byte(first["results.json"]), 0o644); err != nil {
		t.Fatal(err)
	}
	back, err := Read(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	s = back
	if third := read(); third["report.html"] != first["report.html"] {
		t.Error("the report of the results file differs from the report of the study")
	}
}

func TestRenderFiles(t *testing.T) {
	names := func(s Study) []string {
		dir := filepath.Join(t.TempDir(), "a", "b")
		paths, err := Render(dir, s, Options{NoPNG: true})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range paths {
			out = append(out, filepath.Base(p))
		}
		on, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if out = slices.DeleteFunc(out, func(name string) bool { return name == Manifest }); len(out) != len(paths)-1 {
			t.Error("the manifest is not among the files")
		}
		if len(on) != len(paths) {
			t.Errorf("%d files in the folder, %d returned: a temporary one is left", len(on), len(paths))
		}
		return out
	}
	fixed := []string{"report.html", "report.md", "results.json", "results.csv"}
	if got, want := names(study("m", smol...)), append(slices.Clone(fixed), "kl-size.svg", "kl-speed.svg", "ppl-size.svg", "ppl-speed.svg"); !slices.Equal(got, want) {
		t.Errorf("one model: %v, want %v", got, want)
	}
	s := study("../A b", smol...)
	s.Records = append(s.Records, study("..-a-b", smol...).Records...)
	want := append(slices.Clone(fixed), "kl-size.svg", "kl-speed.svg", "ppl-size.svg", "ppl-speed.svg")
	for _, model := range []string{"a-b-", "a-b-2-"} {
		want = append(want, model+"kl-size.svg", model+"kl-speed.svg", model+"ppl-size.svg", model+"ppl-speed.svg")
	}
	if got := names(s); !slices.Equal(got, want) {
		t.Errorf("two models: %v, want %v", got, want)
	}
}

func TestRenderFailsCleanly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(filepath.Join(file, "out"), study("m", smol...), Options{NoPNG: true}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder under a file: got %v, want an error that names it", err)
	}
	// A folder in a file's place cannot be replaced; the temporary file goes.
	if err := os.MkdirAll(filepath.Join(dir, "out", "report.html", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Render(filepath.Join(dir, "out"), study("m", smol...), Options{NoPNG: true}); err == nil || !strings.Contains(err.Error(), "report.html") {
		t.Errorf("a folder in the place of a file: got %v", err)
	}
	on, err := os.ReadDir(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if len(on) != 1 {
		t.Errorf("%d entries are left, want the folder alone", len(on))
	}
	if _, err := Render(dir, Study{}, Options{}); err == nil || !strings.Contains(err.Error(), "no records") {
		t.Errorf("an empty study: got %v", err)
	}
}
