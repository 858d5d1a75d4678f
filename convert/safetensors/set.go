package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// File names by the hub's convention.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// Set is the tensors of a checkpoint: those of one file, or of all shards of a sharded set. It is safe for concurrent reads.
type Set struct {
	tensors map[string]Tensor
	files   map[string]*source
	indexed bool
}

// OpenSet opens model.safetensors, or where there is none the shards that model.safetensors.index.json names, and checks all
// headers. A folder with neither is an error that names what it has instead.
func OpenSet(fsys fs.FS) (*Set, error) {
	set := &Set{tensors: map[string]Tensor{}, files: map[string]*source{}}
	err := set.open(fsys)
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return set, nil
}

func (s *Set) open(fsys fs.FS) error {
	_, err := fs.Stat(fsys, SingleFile)
	switch {
	case err == nil:
		return s.add(fsys, SingleFile)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("safetensors: %w", err)
	}
	index, err := fsys.Open(IndexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return noWeights(fsys)
	}
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	weightMap, err := readIndex(index)
	if err := errors.Join(err, index.Close()); err != nil {
		return fmt.Errorf("safetensors: %s: %w", IndexFile, err)
	}
	s.indexed = true
	return s.openShards(fsys, weightMap)
}

// openShards opens every shard and compares its tensors with the index.
func (s *Set) openShards(fsys fs.FS, weightMap map[string]string) error {
	shards := map[string]int{} // tensors the index puts there
	for _, shard := range weightMap {
		shards[shard]++
	}
	names := slices.Sorted(maps.Keys(shards))
	var missing []string
	for _, name := range names {
		if strings.ContainsAny(name, `/\`) || !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("safetensors: %s: weight_map names the shard %q, expected the plain name of a file beside it", IndexFile, name)
		}
		if _, err := fs.Stat(fsys, name); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, fmt.Sprintf("%s (%d tensors)", name, shards[name]))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("safetensors: %s: %d of %d shards are missing: %s; download them into the same folder",
			IndexFile, len(missing), len(names), list(missing))
	}
	for _, name := range names {
		if err := s.add(fsys, name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weightMap)) {
		t, ok := s.tensors[name]
		if !ok {
			return fmt.Errorf("safetensors: %s: tensor %q: weight_map puts it into %s, which has no such tensor; the shard is of another version: download both again", IndexFile, name, weightMap[name])
		}
		if t.File != weightMap[name] {
			return fmt.Errorf("safetensors: %s: tensor %q: weight_map puts it into %s, it lies in %s; the shards are of different versions: download them again", IndexFile, name, weightMap[name], t.File)
		}
	}
	return nil
}

// add opens one file and adds its tensors.
func (s *Set) add(fsys fs.FS, name string) error {
	src, err := openSource(fsys, name)
	if err != nil {
		return err
	}
	s.files[name] = src
	tensors, err := src.tensors()
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if other, ok := s.tensors[t.Name]; ok {
			return fmt.Errorf("safetensors: tensor %q lies in two shards, %s and %s; expected one", t.Name, other.File, name)
		}
		s.tensors[t.Name] = t
	}
	return nil
}

// readIndex returns the weight_map of an index: the shard of each tensor.
func readIndex(f io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(io.LimitReader(f, MaxHeader+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxHeader {
		return nil, fmt.Errorf("more than %d bytes, expected at most that", MaxHeader)
	}
	if what := notSafetensors(data[:min(len(data), 512)]); what != "" {
		return nil, errors.New(what)
	}
	return parseIndex(data)
}

func parseIndex(data []byte) (map[string]string, error) {
	r := newReader(data)
	if err := r.open('{', "the index"); err != nil {
		return nil, err
	}
	var weightMap map[string]string
	seen := map[string]bool{}
	for r.more() {
		key, err := r.key(seen)
		if err != nil {
			return nil, err
		}
		if key == "weight_map" {
			if weightMap, err = r.strings("weight_map"); err != nil {
				return nil, fmt.Errorf("weight_map: %w", err)
			}
			continue
		}
		var skip any // "metadata" and whatever else: not needed
		if err := r.dec.Decode(&skip); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := r.close('}'); err != nil {
		return nil, err
	}
	if len(weightMap) == 0 {
		return nil, fmt.Errorf("key \"weight_map\" is missing or empty, expected an object of tensor names and shards")
	}
	return weightMap, nil
}

// noWeights says what a folder has in place of safetensors files, and what to do.
func noWeights(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	var names, safetensors []string
	pytorch := ""
	for _, e := range entries {
		name := e.Name()
		names = append(names, name)
		switch {
		case strings.HasSuffix(name, ".safetensors"):
			safetensors = append(safetensors, name)
		case strings.HasSuffix(name, ".bin") && strings.HasPrefix(name, "pytorch_model"):
			pytorch = name
		}
	}
	switch {
	case len(safetensors) > 0:
		return fmt.Errorf("safetensors: no %s and no %s, only %s; a sharded set needs its index, a single file the name %s",
			SingleFile, IndexFile, list(safetensors), SingleFile)
	case pytorch != "":
		return fmt.Errorf("safetensors: no %s, only %s, which is a pickle and not read; write safetensors with transformers (model.save_pretrained(dir, safe_serialization=True)) or take the checkpoint's safetensors revision", SingleFile, pytorch)
	}
	return fmt.Errorf("safetensors: no %s and no %s; found %s", SingleFile, IndexFile, list(names))
}

// list joins at most five names.
func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// Close closes all files. Nothing of the set may be used after it.
func (s *Set) Close() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		errs = append(errs, s.files[name].stop())
	}
	clear(s.files)
	return errors.Join(errs...)
}

// Names returns the names of all tensors, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.tensors)) }

// Len returns the number of tensors.
func (s *Set) Len() int { return len(s.tensors) }

// Info describes a tensor; false if there is none of that name.
func (s *Set) Info(name string) (Tensor, bool) {
	t, ok := s.tensors[name]
	return t, ok
}

// Files returns the names of the files that make up the set, sorted: the index, where there is one, and the data files.
func (s *Set) Files() []string {
	names := slices.Collect(maps.Keys(s.files))
	if s.indexed {
		names = append(names, IndexFile)
	}
	slices.Sort(names)
	return names
}
