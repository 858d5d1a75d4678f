package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	b, err := await(cmd.Context(), func() ([]byte, error) {
		if path == "-" {
			return io.ReadAll(cmd.InOrStdin())
		}
		return os.ReadFile(path)
	})
	if err != nil && cmd.Context().Err() == nil {
		return nil, inputError(inputName(path), err)
	}
	return b, err
}

// inputName is how messages and results call an input: a file's base name would say too little in a message, "-" says nothing.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readIDs reads token ids: little-endian uint32.
func readIDs(cmd *cobra.Command, path string) ([]uint32, error) {
	b, err := readInput(cmd, path)
	if err != nil {
		return nil, err
	}
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("read %s: %d bytes, want a multiple of 4: token ids are little-endian uint32", inputName(path), len(b))
	}
	ids := make([]uint32, len(b)/4)
	for i := range ids {
		ids[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return ids, nil
}

// output is a file that appears whole or not at all, or standard output for "-".
type output struct {
	*bufio.Writer
	file   *os.File // nil for standard output
	path   string
	direct bool // a device or a pipe: written where it is
}

// createOutput refuses an existing file unless force is set.
func createOutput(cmd *cobra.Command, path string, force bool) (*output, error) {
	if path == "-" {
		return &output{Writer: bufio.NewWriter(cmd.OutOrStdout())}, nil
	}
	if err := checkAbsent(path, force); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, withoutPath(err))
		}
		return &output{Writer: bufio.NewWriterSize(f, 1<<16), file: f, path: path, direct: true}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("write %s: the folder %s does not exist; make it first", path, filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: no file can be made in %s: %w", path, filepath.Dir(path), withoutPath(err))
	}
	return &output{Writer: bufio.NewWriterSize(f, 1<<16), file: f, path: path}, nil
}

// commit puts the file in its place.
func (o *output) commit() error {
	err := o.Flush()
	if o.file == nil {
		return err
	}
	if err == nil && !o.direct {
		err = o.file.Chmod(0o644)
	}
	err = errors.Join(err, o.file.Close())
	if err == nil && !o.direct {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil && !o.direct {
		os.Remove(o.file.Name())
	}
	o.file = nil
	if err != nil {
		return fmt.Errorf("write %s: %w", o.path, err)
	}
	return nil
}

// abort removes what was written; after commit it does nothing.
func (o *output) abort() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if !o.direct {
		os.Remove(o.file.Name())
	}
	o.file = nil
}

// float32s writes little-endian float32 values.
func (o *output) float32s(values []float32) error {
	var b [4]byte
	for _, x := range values {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(x))
		if _, err := o.Write(b[:]); err != nil {
			return err
		}
	}
	return nil
}

// checkAbsent refuses a folder, and an existing file unless force is set. Devices and pipes are there to be written.
func checkAbsent(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write %s: %w", path, withoutPath(err))
	case info.IsDir():
		return fmt.Errorf("write %s: is a folder, want a file's name", path)
	case !force && info.Mode().IsRegular():
		return fmt.Errorf("write %s: file already exists; use --force to replace it, or give another name", path)
	}
	return nil
}

// bytes writes b and commits.
func (o *output) bytes(b []byte) error {
	if _, err := o.Write(b); err != nil {
		return err
	}
	return o.commit()
}

// plotFormat chooses between two ways of drawing by the ending of a plot's name.
func plotFormat[T any](path string, svg, png func(T) ([]byte, error)) (func(T) ([]byte, error), error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".svg":
		return svg, nil
	case ".png":
		return png, nil
	}
	return nil, usagef("--plot %s: want a name that ends in .svg or .png", path)
}

// json writes v, indented, and commits.
func (o *output) json(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", inputName(o.path), err)
	}
	return o.bytes(append(b, '\n'))
}

// outputs are the files that a command writes at its end. They are made before its work, so that a name that cannot be written
// is known at once.
type outputs []*output

// create adds an output and returns it; nil for an empty path.
func (l *outputs) create(cmd *cobra.Command, path string, force bool) (*output, error) {
	if path == "" {
		return nil, nil
	}
	o, err := createOutput(cmd, path, force)
	if err == nil {
		*l = append(*l, o)
	}
	return o, err
}

// abort removes what has not been committed.
func (l *outputs) abort() {
	for _, o := range *l {
		o.abort()
	}
}

// hashInput returns the SHA-256 of a file, in hex. Of standard input, which can be read once, it returns the content too.
func hashInput(cmd *cobra.Command, path string) (sum string, stdin io.Reader, err error) {
	h := sha256.New()
	if path == "-" {
		b, err := readInput(cmd, path)
		if err != nil {
			return "", nil, err
		}
		h.Write(b)
		return hex.EncodeToString(h.Sum(nil)), bytes.NewReader(b), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil, inputError(path, err)
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", nil, inputError(path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil, nil
}
