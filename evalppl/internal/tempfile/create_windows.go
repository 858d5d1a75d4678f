package tempfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// deleteOnClose is FILE_FLAG_DELETE_ON_CLOSE of CreateFile, which os.OpenFile hands on: an open file cannot be removed here, but
// goes with its last handle.
const deleteOnClose = 0x04000000

func create() (*os.File, error) {
	for range 1000 {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("nibble-%016x", rand.Uint64()))
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|deleteOnClose, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, errors.New("no free name")
}
