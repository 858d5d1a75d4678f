package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "nibble"

// importGraph returns what each package of the module imports, by paths below the module ("convert/safetensors"), without its
// tests. Files for every system and every tag are read, so a rule cannot be broken on another machine.
func importGraph(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	graph := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != root && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(dir)
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !slices.Contains(graph[pkg], p) {
				graph[pkg] = append(graph[pkg], p)
			}
		}
		if graph[pkg] == nil {
			graph[pkg] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return graph
}

// reachable returns every package of the module that pkg depends on.
func reachable(graph map[string][]string, pkg string) []string {
	var seen []string
	var visit func(string)
	visit = func(p string) {
		for _, imported := range graph[p] {
			own, ok := strings.CutPrefix(imported, module+"/")
			if ok && !slices.Contains(seen, own) {
				seen = append(seen, own)
				visit(own)
			}
		}
	}
	visit(pkg)
	slices.Sort(seen)
	return seen
}

// house is the room at the top level that a package belongs to.
func house(pkg string) string {
	room, _, _ := strings.Cut(pkg, "/")
	return room
}

// TestArchitecture keeps the imports as docs/architecture.md describes them: downwards only.
func TestArchitecture(t *testing.T) {
	// What packages of each room may depend on outside their own, directly or through others.
	allowed := map[string][]string{
		"format":   {},
		"kernels":  {},
		"reports":  {},
		"quant":    {"format", "kernels"},
		"convert":  {"quant", "format", "kernels"},
		"evalppl":  {"quant", "format", "kernels"},
		"testdata": {},
		"cmd":      {"convert", "evalppl", "reports", "quant", "format", "kernels", "testdata"},
	}
	graph := importGraph(t)
	for room := range allowed {
		if room != "testdata" && !slices.ContainsFunc(keys(graph), func(pkg string) bool { return house(pkg) == room }) {
			t.Errorf("no package in %s: is the test looking in the right place?", room)
		}
	}
	for pkg, imports := range graph {
		may, known := allowed[house(pkg)]
		if !known {
			t.Errorf("package %s: the architecture has no room of that name", pkg)
			continue
		}
		for _, p := range reachable(graph, pkg) {
			if house(p) == "cmd" {
				t.Errorf("%s depends on %s: nothing may import the command", pkg, p)
			} else if house(p) != house(pkg) && !slices.Contains(may, house(p)) {
				t.Errorf("%s depends on %s: %s may depend on %v only", pkg, p, house(pkg), may)
			}
		}
		for _, p := range imports {
			if strings.HasPrefix(p, "gonum.org/v1/plot") && house(pkg) != "reports" {
				t.Errorf("%s imports %s: plots are drawn in reports only", pkg, p)
			}
			if strings.HasPrefix(p, "github.com/spf13/cobra") && house(pkg) != "cmd" {
				t.Errorf("%s imports %s: command lines are parsed in cmd only", pkg, p)
			}
		}
		if name := path.Base(pkg); slices.Contains([]string{"util", "utils", "common", "helpers", "misc"}, name) {
			t.Errorf("%s: a package is named after what it is about", pkg)
		}
	}
}

func keys(m map[string][]string) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}
