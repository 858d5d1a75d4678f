//go:build !windows

package tempfile

import (
	"errors"
	"os"
)

func create() (*os.File, error) {
	f, err := os.CreateTemp("", "nibble-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
