package format

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits on the tokenizer's files.
const (
	maxTokenizerFiles = 256
	maxTokenizerName  = 128
)

// packTokenizer lays the files one after the other, sorted by name: u32 length of the name, u32 reserved, u64 length of the
// file, name, file.
func packTokenizer(files map[string][]byte) ([]byte, error) {
	if len(files) > maxTokenizerFiles {
		return nil, fmt.Errorf("%d files, at most %d", len(files), maxTokenizerFiles)
	}
	names := slices.Sorted(maps.Keys(files))
	size := uint64(0)
	for _, name := range names {
		if err := checkFileName(name); err != nil {
			return nil, err
		}
		size += 16 + uint64(len(name)) + uint64(len(files[name]))
	}
	if err := checkFolded(names); err != nil {
		return nil, err
	}
	if size > maxTokenizer {
		return nil, fmt.Errorf("%d bytes of files, at most %d", size, maxTokenizer)
	}
	b := make([]byte, 0, size)
	for _, name := range names {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint64(b, uint64(len(files[name])))
		b = append(b, name...)
		b = append(b, files[name]...)
	}
	return b, nil
}

// unpackTokenizer is the inverse of packTokenizer. The files are parts of b, not copies.
func unpackTokenizer(b []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	var names []string
	for at := 0; at < len(b); {
		rest := b[at:]
		if len(rest) < 16 {
			return nil, fmt.Errorf("file %d at %d: %d bytes left, its entry has 16", len(names), at, len(rest))
		}
		nameLen, reserved, size := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint32(rest[4:]), binary.LittleEndian.Uint64(rest[8:])
		rest = rest[16:]
		switch {
		case len(names) == maxTokenizerFiles:
			return nil, fmt.Errorf("more than %d files", maxTokenizerFiles)
		case reserved != 0:
			return nil, fmt.Errorf("file %d at %d: reserved bytes are %#x, must be 0", len(names), at, reserved)
		case nameLen > maxTokenizerName || int(nameLen) > len(rest):
			return nil, fmt.Errorf("file %d at %d: name of %d bytes, at most %d and %d are left", len(names), at, nameLen, maxTokenizerName, len(rest))
		}
		name := string(rest[:nameLen])
		rest = rest[nameLen:]
		if err := checkFileName(name); err != nil {
			return nil, err
		}
		if size > uint64(len(rest)) {
			return nil, fmt.Errorf("file %q: %d bytes, only %d are left", name, size, len(rest))
		}
		if n := len(names); n > 0 && names[n-1] >= name {
			return nil, fmt.Errorf("file %q follows %q: names must be in ascending order and differ", name, names[n-1])
		}
		names = append(names, name)
		files[name] = rest[:size:size]
		at = len(b) - len(rest) + int(size)
	}
	return files, checkFolded(names)
}

// checkFileName admits names that are a plain file in any folder of any system, so that a program that writes them out
// cannot be led elsewhere.
func checkFileName(name string) error {
	if name == "" || len(name) > maxTokenizerName {
		return fmt.Errorf("file name %q of %d bytes, must have 1 to %d", name, len(name), maxTokenizerName)
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("._-+", rune(c)) {
			return fmt.Errorf("file name %q: byte %#x, allowed are letters, digits and . _ - +", name, c)
		}
	}
	if name[0] == '.' || name[0] == '-' || name[len(name)-1] == '.' {
		return fmt.Errorf("file name %q: a dot or - at its beginning, a dot at its end are not allowed", name)
	}
	if stem, _, _ := strings.Cut(strings.ToLower(name), "."); deviceName(stem) {
		return fmt.Errorf("file name %q: %q is a device on Windows", name, stem)
	}
	return nil
}

// deviceName reports names that Windows takes for devices, whatever follows the first dot.
func deviceName(stem string) bool {
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && '0' <= stem[3] && stem[3] <= '9'
}

// checkFolded refuses names that are one file where case does not count.
func checkFolded(names []string) error {
	seen := map[string]string{}
	for _, name := range names {
		low := strings.ToLower(name)
		if other, ok := seen[low]; ok {
			return fmt.Errorf("file names %q and %q differ in case only", other, name)
		}
		seen[low] = name
	}
	return nil
}
