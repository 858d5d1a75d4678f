package reports

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Manifest is the file in which a report's folder says what nibble wrote into it, so that a later report takes away what it does not write
// again, and nothing else.
const Manifest = "nibble-files.json"

const (
	manifestSchema   = "nibble-files/1"
	maxManifestBytes = 16 << 20
)

// manifest lists files of one folder.
type manifest struct {
	Schema string         `json:"schema"`
	Files  []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

func newManifest(files []outputFile) manifest {
	m := manifest{Schema: manifestSchema}
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		m.Files = append(m.Files, manifestFile{f.name, hex.EncodeToString(sum[:])})
	}
	return m
}

// stale returns the files of an earlier manifest that are not in m.
func (m manifest) stale(earlier manifest) []manifestFile {
	return slices.DeleteFunc(slices.Clone(earlier.Files), func(f manifestFile) bool {
		return slices.ContainsFunc(m.Files, func(n manifestFile) bool { return n.Name == f.Name })
	})
}

func (m manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, Manifest)
	if err := writeFile(path, append(data, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// restore puts m back, or no manifest where m is that of a folder without one.
func (m manifest) restore(dir string) error {
	if m.Schema == "" {
		return os.Remove(filepath.Join(dir, Manifest))
	}
	return m.write(dir)
}

// readManifest returns the manifest of a folder. Where there is none, or a file of that name that nibble did not write, it is empty:
// nothing is known to be nibble's.
func readManifest(dir string) (m manifest) {
	path := filepath.Join(dir, Manifest)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxManifestBytes {
		return manifest{}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return manifest{}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil || m.Schema != manifestSchema {
		return manifest{} // m may be half filled
	}
	// A name that leads out of the folder was not written by nibble.
	m.Files = slices.DeleteFunc(m.Files, func(f manifestFile) bool {
		return f.Name == Manifest || f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Name == "."
	})
	return m
}

// removeStale removes files that an earlier report wrote, where they are still what it wrote.
func removeStale(dir string, files []manifestFile) error {
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("remove what an earlier report left: %w", err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("remove what an earlier report left: %w", err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
			continue // somebody has changed it since
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove what an earlier report left: %w", err)
		}
	}
	return nil
}
