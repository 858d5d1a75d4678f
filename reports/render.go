package reports

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Options changes what Render writes. The zero value is the usual report.
type Options struct {
	NoPNG bool // leave out the PNG files, which take most of the time
}

// outputFile is a file that is ready to be written.
type outputFile struct {
	name string
	data []byte
}

// Render writes the report of s into dir, which it creates, and returns the paths
// of the files, the page first: report.html, report.md, results.json, results.csv,
// the plots, and [Manifest]. A study of one model has kl-size, kl-speed, ppl-size
// and ppl-speed, each as SVG and PNG; with several models their names begin with
// the model's, and the plain names are the overview of all models, where one can
// be drawn. Files that an earlier report wrote and this one does not are removed,
// but for those that were changed since.
//
// Everything is made in memory first, so that nothing is written where anything
// is wrong: a record that cannot be reported (the error names it and the field),
// or records that are not [Comparable]. Each file is written beside its place and
// then renamed. The same study gives the same bytes.
func Render(dir string, s Study, opts Options) ([]string, error) {
	s = s.normalized()
	if err := s.checkRecords(); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	// That two records are alike says less than that they were scored on different texts.
	if err := cmp.Or(Comparable(s.Records), s.checkDuplicates()); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	files, err := renderFiles(s, opts)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("report: make folder: %w", err)
	}
	paths, err := writeFiles(dir, files)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return paths, nil
}

// writeFiles writes the files and the manifest into dir, and removes what an earlier manifest lists beyond them.
func writeFiles(dir string, files []outputFile) ([]string, error) {
	m := newManifest(files)
	earlier := readManifest(dir)
	stale := m.stale(earlier)
	// Until all is done the manifest lists both, so that a run that ends in the middle leaves no file that nobody knows.
	both := m
	both.Files = slices.Concat(m.Files, stale)
	if err := both.write(dir); err != nil {
		return nil, err
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := writeFile(path, f.data); err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
			if len(paths) == 0 { // nothing has changed yet
				err = errors.Join(err, earlier.restore(dir))
			}
			return nil, err
		}
		paths = append(paths, path)
	}
	if err := removeStale(dir, stale); err != nil {
		return nil, err
	}
	if len(stale) > 0 {
		if err := m.write(dir); err != nil {
			return nil, err
		}
	}
	return append(paths, filepath.Join(dir, Manifest)), nil
}

// renderFiles makes the bytes of every file.
func renderFiles(s Study, opts Options) ([]outputFile, error) {
	p := buildPage(s)
	page, err := writeHTML(p)
	if err != nil {
		return nil, err
	}
	results, err := encode(s)
	if err != nil {
		return nil, err
	}
	table, err := writeCSV(s)
	if err != nil {
		return nil, err
	}
	files := []outputFile{
		{"report.html", page}, {"report.md", writeMarkdown(p)}, {"results.json", results}, {"results.csv", table},
	}
	figures := p.Overview
	for _, sec := range p.Sections {
		figures = append(figures, sec.Figures...)
	}
	for _, f := range figures {
		svg, _, err := f.chart.svg(f.chart.fileLayout())
		if err != nil {
			return nil, err
		}
		files = append(files, outputFile{f.SVG, svg})
		if opts.NoPNG {
			continue
		}
		png, err := f.chart.png(f.chart.fileLayout())
		if err != nil {
			return nil, err
		}
		files = append(files, outputFile{f.PNG, png})
	}
	return files, nil
}

// writeFile leaves either the old file or the complete new one.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		f.Close() // twice at worst; the first error is the one to report
		if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, rm)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	// CreateTemp makes the file private; a report is for reading.
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
