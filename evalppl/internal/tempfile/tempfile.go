package tempfile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Create makes an empty file to write and read in the folder for temporary files. The caller closes it; nothing else is to be removed. what
// says in the error what the file is for.
func Create(what string) (*os.File, error) {
	f, err := create()
	if err != nil {
		return nil, fmt.Errorf("make a temporary file for %s: %w", what, Explain(err))
	}
	return f, nil
}

// Explain adds to an error of a temporary file where it lies and what can be done. A full disk is the common one.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	variable := "TMPDIR"
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err // the file has no name that would say anything
	}
	return fmt.Errorf("the folder for temporary files, %s: %w; set %s to a folder with room", os.TempDir(), err, variable)
}
