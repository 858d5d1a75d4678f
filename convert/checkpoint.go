package convert

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nibble/convert/safetensors"
	"nibble/format"
)

// Checkpoint is a published model, opened, understood and planned. Close it after use.
type Checkpoint struct {
	Spec    format.Spec
	Model   string   // name of the model, usually its folder's
	Tensors []Tensor // in the container's order
	Ignored []format.IgnoredTensor
	// SourceDType is the number type of the weights, "bf16"; of several, the one that most weights have comes first: "bf16+f32".
	SourceDType string
	Parameters  int64 // weights the model uses

	fsys   fs.FS
	set    *safetensors.Set
	hashes hashes
}

// IsCheckpoint reports whether path is a folder with a config.json: what [OpenDir] takes.
func IsCheckpoint(path string) bool {
	info, err := os.Stat(filepath.Join(path, ConfigFile))
	return err == nil && info.Mode().IsRegular()
}

// OpenDir opens the checkpoint in a folder. The model is named after the folder; a snapshot in the hub's cache after the model.
func OpenDir(dir string) (*Checkpoint, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("convert: %w; expected a checkpoint's folder", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("convert %s: is a file, not a folder; expected a checkpoint's folder with %s and %s", dir, ConfigFile, safetensors.SingleFile)
	}
	c, err := open(os.DirFS(dir), modelName(dir))
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", dir, err)
	}
	return c, nil
}

// modelName derives a name from a folder: its base name, or ORG/NAME's NAME for models--ORG--NAME/snapshots/COMMIT.
func modelName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if parent := filepath.Dir(dir); filepath.Base(parent) == "snapshots" {
		if repo, ok := strings.CutPrefix(filepath.Base(filepath.Dir(parent)), "models--"); ok {
			if _, name, ok := strings.Cut(repo, "--"); ok {
				return name
			}
			return repo
		}
	}
	return filepath.Base(dir)
}

// Open reads config.json and the tensors' headers and plans the conversion. It reads weights only where a tied head is stored
// twice, to compare the copies. Errors name the file, and the key or tensor: what was found and what was expected.
func Open(fsys fs.FS, name string) (*Checkpoint, error) {
	c, err := open(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", name, err)
	}
	return c, nil
}

func open(fsys fs.FS, name string) (*Checkpoint, error) {
	config, err := readConfig(fsys)
	if err != nil {
		return nil, err
	}
	arch, err := findArch(config)
	if err != nil {
		return nil, err
	}
	spec, err := arch.Parse(config)
	if err != nil {
		return nil, err
	}
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("%s describes a model that cannot be: %w", ConfigFile, err)
	}
	set, err := safetensors.OpenSet(fsys)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Spec: spec, Model: name, fsys: fsys, set: set}
	if err := c.plan(arch.Table); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return c, nil
}

func (c *Checkpoint) plan(table Table) error {
	ignored, err := settleTie(&c.Spec, &table, c.set)
	if err != nil {
		return err
	}
	if c.Tensors, c.Ignored, err = plan(c.Spec, table, c.set, ignored); err != nil {
		return err
	}
	elements := map[string]int64{}
	for name := range c.sources() {
		t, _ := c.set.Info(name)
		elements[strings.ToLower(string(t.DType))] += t.Elements()
		c.Parameters += t.Elements()
	}
	c.SourceDType = byCount(elements)
	return nil
}

// sources yields each tensor of the checkpoint that is used, once.
func (c *Checkpoint) sources() map[string]bool {
	names := map[string]bool{}
	for _, t := range c.Tensors {
		for _, p := range t.Pieces {
			names[p.Source] = true
		}
	}
	return names
}

// byCount joins names, the largest count first.
func byCount(counts map[string]int64) string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			if counts[a] > counts[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return strings.Join(names, "+")
}

// Close closes the checkpoint's files.
func (c *Checkpoint) Close() error { return c.set.Close() }

// readConfig reads config.json; where there is none, the error says what is there.
func readConfig(fsys fs.FS) (Config, error) {
	f, err := fsys.Open(ConfigFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("no %s in it (found: %s); expected a checkpoint as the Hugging Face hub lays it out", ConfigFile, contents(fsys))
	}
	if err != nil {
		return Config{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return Config{}, fmt.Errorf("%s: %w", ConfigFile, err)
	}
	if len(data) > maxConfig {
		return Config{}, fmt.Errorf("%s: more than %d bytes, expected a few thousand", ConfigFile, maxConfig)
	}
	return parseConfig(data)
}

// contents lists a few of a folder's files.
func contents(fsys fs.FS) string {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, e := range entries {
		if len(names) == 8 {
			names = append(names, fmt.Sprintf("and %d more", len(entries)-8))
			break
		}
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
