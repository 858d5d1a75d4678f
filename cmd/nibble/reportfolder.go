package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nibble/reports"
)

// reportFolder makes sure, before hours of work, that a report can be written into dir: a folder that is new, empty, or holds
// the report of an earlier run, which is replaced. Any other folder is refused unless force is set, for a report is a dozen
// files. The function it returns takes the folder away again where it was made here and is still empty.
func reportFolder(dir string, force bool) (undo func(), err error) {
	if err := checkReportFolder(dir, force); err != nil {
		return nil, err
	}
	return makeFolder(dir)
}

func checkReportFolder(dir string, force bool) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("output folder %s: is a file, not a folder; choose another with -o", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	if len(entries) == 0 || force {
		return nil
	}
	if _, err := reports.Read(filepath.Join(dir, "results.json")); err == nil {
		return nil
	}
	var names []string
	for _, e := range entries[:min(4, len(entries))] {
		names = append(names, e.Name())
	}
	if len(entries) > len(names) {
		names = append(names, fmt.Sprintf("and %d more", len(entries)-len(names)))
	}
	return fmt.Errorf("output folder %s: holds other files (%s) and no report of nibble; choose another with -o, or use --force to write among them",
		dir, strings.Join(names, ", "))
}

// makeFolder makes a folder, tries that files can be made in it, and returns what takes it away again while it is empty.
func makeFolder(dir string) (undo func(), err error) {
	var made []string // from the inside out
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	undo = func() {
		for _, d := range made {
			if os.Remove(d) != nil { // a folder with something in it stays
				return
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		undo()
		return nil, fmt.Errorf("make folder %s: %w", dir, withoutPath(err))
	}
	f, err := os.CreateTemp(dir, ".nibble-*.part")
	if err != nil {
		undo()
		return nil, fmt.Errorf("folder %s: no file can be made in it: %w; choose another folder", dir, withoutPath(err))
	}
	return undo, errors.Join(f.Close(), os.Remove(f.Name()))
}

// withoutPath takes the operation and the path off an error that will be told with a path of its own.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
