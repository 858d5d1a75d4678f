package corpus

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// findInFolder lists the files of known kinds below root that want selects, sorted by their path inside root.
func findInFolder(root string, want layout) ([]source, error) {
	type file struct {
		name string // path inside root with slashes: the same order on every system
		source
	}
	var files []file
	var empty, other int
	real, err := filepath.EvalSymlinks(root) // WalkDir does not follow a link, not even at the root
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != real && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := os.Stat(path) // follows links: a hub cache holds nothing else
		if err != nil {
			return err
		}
		l, ok := layoutOf(path)
		switch {
		case !info.Mode().IsRegular():
		case !ok || !want.selects(l):
			other++
		case info.Size() == 0:
			empty++
		default:
			name, err := filepath.Rel(real, path)
			if err != nil {
				return err
			}
			files = append(files, file{filepath.ToSlash(name), source{path: filepath.Join(root, name), layout: l.override(want), size: info.Size()}})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: the folder holds no file to read (%d empty, %d of other kinds): known are %s", ErrEmpty, empty, other, knownExtensions)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	sources := make([]source, len(files))
	for i, f := range files {
		sources[i] = f.source
	}
	return sources, nil
}
