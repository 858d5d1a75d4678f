package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(path)
}

// readIDs reads token ids: little-endian uint32.
func readIDs(cmd *cobra.Command, path string) ([]uint32, error) {
	b, err := readInput(cmd, path)
	if err != nil {
		return nil, err
	}
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("%s: %d bytes, want a multiple of 4: token ids are little-endian uint32", path, len(b))
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
	file *os.File // nil for standard output
	path string
}

// createOutput refuses an existing file unless force is set.
func createOutput(cmd *cobra.Command, path string, force bool) (*output, error) {
	if path == "-" {
		return &output{Writer: bufio.NewWriter(cmd.OutOrStdout())}, nil
	}
	if err := checkAbsent(path, force); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return nil, err
	}
	return &output{Writer: bufio.NewWriterSize(f, 1<<16), file: f, path: path}, nil
}

// commit puts the file in its place.
func (o *output) commit() error {
	err := o.Flush()
	if o.file == nil {
		return err
	}
	if err == nil {
		err = o.file.Chmod(0o644)
	}
	err = errors.Join(err, o.file.Close())
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.file.Name())
	}
	o.file = nil
	return err
}

// abort removes what was written; after commit it does nothing.
func (o *output) abort() {
	if o.file != nil {
		o.file.Close()
		os.Remove(o.file.Name())
		o.file = nil
	}
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

// checkAbsent refuses an existing path unless force is set.
func checkAbsent(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder, want a file's name", path)
	case !force:
		return fmt.Errorf("%s exists; use --force to replace it", path)
	}
	return nil
}

// writeJSON writes v, indented, to a file or to standard output for "-".
func writeJSON(cmd *cobra.Command, path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	o, err := createOutput(cmd, path, true)
	if err != nil {
		return err
	}
	defer o.abort()
	if _, err := o.Write(append(b, '\n')); err != nil {
		return err
	}
	return o.commit()
}
